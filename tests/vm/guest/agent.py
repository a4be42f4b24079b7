# SPDX-License-Identifier: GPL-3.0-or-later
"""Mortise as installed on the test machine: its unit, its bus interface, its device, its prompts."""

import base64
import contextlib
import glob
import json
import os
import pathlib
import re
import subprocess
import urllib.request

import tap
from browsers import PATIENCE, wait_until

EXCHANGE = pathlib.Path("/run/mortise-vm")
BUILD = pathlib.Path(os.environ["MORTISE_VM_BUILD"])
SOURCE = pathlib.Path(os.environ["MORTISE_VM_SOURCE"])
APP_ID = os.environ["MORTISE_VM_APP_ID"]
BUS_NAME = APP_ID + ".Agent"
OBJECT_PATH = "/" + APP_ID.replace(".", "/") + "/Agent"
INTERFACE = APP_ID + ".Agent1"
UNIT = "mortise-agent.service"
SCRIPTED_PROMPTER = BUILD / "tests/support/scripted-prompter"
TRY_IT = BUILD / "tests/vm/try-it"
SETUP = os.environ["MORTISE_VM_PROGRAMS"] + "/mortise-setup"
PIN = "271828"


def run(*command, check=True, timeout=PATIENCE):
    """Runs a command as root."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done


def set_up():
    """What an administrator does once, as root: the build itself is installed already."""
    run(SETUP, "install")
    return run(SETUP, "status").stdout.strip()


def try_it(person):
    """What the window's Try It used and was answered; tests/vm/try-it.c says in what form."""
    done = person.run(TRY_IT)
    return json.loads(done.stdout)


def keep_journal():
    (EXCHANGE / "journal.log").write_text(
        run("journalctl", "--no-pager", "--output=short-monotonic").stdout
    )


class Agent:
    def __init__(self, person):
        self.person = person
        # Where the scripted prompter finds its answers and writes what it was asked.
        self.script = person.scratch("prompter")

    # --- its life ---------------------------------------------------------------------------------

    def use_prompter(self, program, *options):
        """Lets the unit start `program` for questions, or the real one for None; at its next start."""
        folder = pathlib.Path("/etc/systemd/user", UNIT + ".d")
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["[Service]", f"Environment=MORTISE_TEST_PROMPTER_DIR={self.script}",
                 # The unit's own sandbox lets it write to its data and runtime folders only.
                 f"ReadWritePaths=-{self.script}"]
        if program:
            command = " ".join([self.exec_start(), f"--prompter={program}", *options])
            lines += ["ExecStart=", f"ExecStart={command}"]
        (folder / "test.conf").write_text("\n".join(lines) + "\n")
        self.person.systemctl("daemon-reload")

    def exec_start(self):
        """The packaged command line, without our own drop-in."""
        found = self.person.systemctl("show", "-P", "FragmentPath", UNIT).stdout.strip()
        unit = pathlib.Path(found).read_text()
        return re.search(r"^ExecStart=(.+)$", unit, re.M)[1].strip()

    def start(self):
        """Starts it by calling it, as the window does: D-Bus activation brings the unit up."""
        self.get("VaultState")
        return self.pid()

    def restart(self):
        self.person.systemctl("restart", UNIT)
        self.start()

    @contextlib.contextmanager
    def restarted_with(self, prompter, *options):
        """Within the block it runs with this prompter and these options, afterwards with the scripted one."""
        try:
            self.use_prompter(prompter, *options)
            self.restart()
            yield self.wait_for_device()
        finally:
            self.use_prompter(SCRIPTED_PROMPTER)
            self.restart()
            self.wait_for_device()

    def stop(self):
        self.person.systemctl("stop", UNIT)

    def pid(self):
        return int(self.person.systemctl("show", "-P", "MainPID", UNIT).stdout)

    # --- its bus interface ------------------------------------------------------------------------

    def _bus(self, *arguments, check=True, timeout=PATIENCE):
        return self.person.run(
            "busctl", "--user", "--json=short", f"--timeout={timeout}", *arguments,
            check=check, timeout=timeout + 10,
        )

    def get(self, name):
        done = self._bus("get-property", BUS_NAME, OBJECT_PATH, INTERFACE, name)
        return json.loads(done.stdout)["data"]

    def call(self, method, signature="", *arguments):
        """Calls a method; returns its results; fails with the D-Bus error's text."""
        typed = (signature, *map(str, arguments)) if signature else ()
        done = self._bus("call", BUS_NAME, OBJECT_PATH, INTERFACE, method, *typed)
        return json.loads(done.stdout)["data"] if done.stdout.strip() else []

    def call_fails(self, method, signature="", *arguments):
        """Calls a method that must fail; returns the error's text."""
        typed = (signature, *map(str, arguments)) if signature else ()
        done = self._bus("call", BUS_NAME, OBJECT_PATH, INTERFACE, method, *typed, check=False)
        assert done.returncode != 0, f"{method} succeeded: {done.stdout}"
        return done.stderr

    def passkeys(self, deleted=False):
        """Returns the listed passkeys, each as {name: plain value}."""
        rows, damaged = self.call("ListPasskeys", "bxu", str(deleted).lower(), 0, 0)
        assert damaged == 0, f"{damaged} damaged records"
        return [{name: value["data"] for name, value in row.items()} for row in rows]

    def passkey_for(self, user_name):
        found = [row for row in self.passkeys() if row.get("user-name") == user_name]
        assert len(found) == 1, f"{len(found)} passkeys for {user_name}: {self.passkeys()}"
        return found[0]

    # --- its prompts, scripted --------------------------------------------------------------------

    def answers(self, *lines, default=None):
        """Replaces what is left of the script; without a default every further question is denied."""
        for name in ("position", "default", "log", "count"):
            (self.script / name).unlink(missing_ok=True)
        self.person.write(self.script / "answers", "".join(line + "\n" for line in lines))
        if default:
            self.person.write(self.script / "default", default + "\n")

    def prompt_log(self):
        try:
            return (self.script / "log").read_text()
        except FileNotFoundError:
            return ""

    def wait_for_prompt(self, event):
        """Waits for a line such as "question …'sign-in'" or "closed-by-agent" in the prompter's log."""
        return wait_until(
            f"the prompt's {event!r}; log:\n{self.prompt_log()}",
            lambda: re.search(event, self.prompt_log()),
        )

    # --- its device -------------------------------------------------------------------------------

    def hidraw(self):
        """The device nodes whose HID name is ours."""
        nodes = []
        for node in glob.glob("/sys/class/hidraw/hidraw*"):
            uevent = pathlib.Path(node, "device/uevent").read_text()
            if re.search(r"^HID_NAME=.*Mortise", uevent, re.M):
                nodes.append("/dev/" + os.path.basename(node))
        return nodes

    def wait_for_device(self):
        """Returns the node, once it is the only one and udev gave it to the person."""

        def ready():
            nodes = self.hidraw()
            return nodes if len(nodes) == 1 and self.person.may_use(nodes[0]) else None

        (node,) = wait_until("the device node", ready)
        return node


def _base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _cose_of_pem(pem):
    """A P-256 public key, in the form that U2F has no word for (RFC 9053, section 7.1.1)."""
    point = base64.b64decode("".join(pem.splitlines()[1:-1]))[-65:]
    assert point[0] == 4, "not an uncompressed point"
    x, y = point[1:33], point[33:]
    # {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y


class RelyingParty:
    """The test site; its accounts live on the disk that outlives a boot."""

    def __init__(self, person, port=8000, secure_port=8443):
        self.person = person
        self.url = f"http://localhost:{port}/"
        # The same by TLS, with a certificate that nobody else signed.
        self.secure_url = f"https://localhost:{secure_port}/"
        key, certificate = (person.home / name for name in ("site-key.pem", "site-certificate.pem"))
        person.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", str(key), "-out", str(certificate),
        )
        self.process = person.start(
            [os.environ["MORTISE_VM_NODE"], str(SOURCE / "tests/vm/rp/server.mjs"), str(port)]
            + [str(person.home / "site.json"), str(secure_port), str(key), str(certificate)],
            EXCHANGE / "site.log",
        )
        wait_until("the test site", lambda: "listening" in (EXCHANGE / "site.log").read_text())

    def import_u2f(self, account, identifier, key, app_id):
        """Gives an account a key of U2F: base64 credential id, PEM public key, and its AppID."""
        body = {
            "userName": account,
            "id": _base64url(base64.b64decode(identifier)),
            "publicKey": _base64url(_cose_of_pem(key)),
            "appId": app_id,
        }
        request = urllib.request.Request(self.url + "u2f/import", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            assert json.load(response) == {}


def keep_traces(person, agent):
    """Returns what to do about a failed case: a picture of the screen, the prompts, the agent's log."""

    def keep(number):
        if person.has_display():
            person.screenshot(EXCHANGE / f"failed-{number}.png")
        for line in agent.prompt_log().splitlines()[-20:]:
            tap.note("prompt: " + line)
        (EXCHANGE / f"failed-{number}-prompts.log").write_text(agent.prompt_log())
        journal = run("journalctl", "--no-pager", "-q", "-t", "mortise-agent", "-n", "10", check=False)
        tap.note(re.sub(r"^", "agent: ", journal.stdout.strip(), flags=re.M))

    return keep
