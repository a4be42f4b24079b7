# SPDX-License-Identifier: GPL-3.0-or-later
"""pam_u2f: the device as a factor for any service that asks PAM.

Credentials come from fido2-cred and ssh-keygen: Debian 12's own pamu2fcfg (1.1.0) takes credentials
with an attestation certificate only, which a device that tells nobody its make has not.
"""

import base64
import pathlib

import tap
from agent import PIN
from fido2_tools import Fido2Tools

APPROVE = f"approve pin={PIN}"
ORIGIN = "pam://mortise-vm"
FOLDER = pathlib.Path("/etc/mortise-pam")


def raw_point(pem):
    """The coordinates of a P-256 key: what its DER form ends with."""
    return base64.b64decode("".join(pem.splitlines()[1:-1]))[-64:]


def make_service(name, mapping, *options):
    """A service that lets in whom pam_u2f lets in; `mapping` says which credential is whose."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_text(mapping)
    module = ["pam_u2f.so", f"authfile={FOLDER / name}", f"origin={ORIGIN}", f"appid={ORIGIN}"]
    pathlib.Path("/etc/pam.d", f"mortise-{name}").write_text(
        f"auth required {' '.join([*module, *options])}\naccount required pam_permit.so\n"
    )


def add(person, agent, needs):
    def node():
        return agent.wait_for_device()

    def enroll(name, flags):
        client = Fido2Tools(person, ORIGIN, name)
        client.register(node(), "-v")
        key = base64.b64encode(raw_point((client.folder / "key.pem").read_text())).decode()
        make_service(name, f"{person.name}:{client.credential_id},{key},es256,{flags}\n", "cue")

    def authenticate(name, typed=None):
        return person.run(
            "pamtester", f"mortise-{name}", person.name, "authenticate", check=False, stdin=typed
        )

    def may_in(done):
        assert done.returncode == 0 and "successfully authenticated" in done.stdout, done

    def may_not(done):
        assert done.returncode != 0 and "successfully" not in done.stdout, done

    @tap.case("pam_u2f: a service lets the person in when she says yes", needs)
    def presence():
        agent.answers(default=APPROVE)
        enroll("touch", "+presence")
        agent.answers(default="approve")
        may_in(authenticate("touch"))
        assert f"'{ORIGIN}'" in agent.prompt_log(), agent.prompt_log()
        agent.answers()
        may_not(authenticate("touch"))

    @tap.case("pam_u2f: a service that wants the person verified, on our prompt", needs)
    def verified():
        agent.answers(default=APPROVE)
        enroll("verified", "+presence+verification")
        agent.answers(default=APPROVE)
        may_in(authenticate("verified"))
        assert "'verify': <true>" in agent.prompt_log(), agent.prompt_log()
        agent.answers()
        may_not(authenticate("verified"))

    @tap.case("pam_u2f: a service that asks for the PIN itself", needs)
    def pin():
        agent.answers(default=APPROVE)
        enroll("pin", "+presence+pin")
        agent.answers(default="approve")
        may_not(authenticate("pin", "000000\n"))
        may_in(authenticate("pin", PIN + "\n"))
