# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH with keys on the device: making them, fetching them, and logging in on this machine."""

import pathlib
import subprocess

import tap
from agent import EXCHANGE, PIN
from browsers import wait_until

APPROVE = f"approve pin={PIN}"
PORT, VERIFYING_PORT = 2222, 2223


class Ssh:
    """A server on two ports, one of which wants the person verified; and her client."""

    def __init__(self, person):
        self.person = person
        self.folder = person.scratch("ssh")
        self.folder.chmod(0o755)
        self.keys = self.folder / "authorized_keys"
        person.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "host"))
        # The server is root's, and so is what it reads.
        host_key = (self.folder / "host").read_text()
        root_folder = pathlib.Path("/etc/mortise-sshd")
        root_folder.mkdir(mode=0o755)
        (root_folder / "host").touch(mode=0o600)
        (root_folder / "host").write_text(host_key)
        (root_folder / "config").write_text(
            "\n".join(
                [
                    f"ListenAddress 127.0.0.1:{PORT}",
                    f"ListenAddress 127.0.0.1:{VERIFYING_PORT}",
                    f"HostKey {root_folder}/host",
                    "PidFile none",
                    "UsePAM no",
                    "LogLevel VERBOSE",
                    "AuthenticationMethods publickey",
                    f"AuthorizedKeysFile {self.keys}",
                    "StrictModes no",
                    f"Match LocalPort {VERIFYING_PORT}",
                    "PubkeyAuthOptions verify-required",
                    "",
                ]
            )
        )
        known = (self.folder / "host.pub").read_text().split()
        person.write(
            self.folder / "known_hosts",
            "".join(f"[localhost]:{p} {known[0]} {known[1]}\n" for p in (PORT, VERIFYING_PORT)),
        )
        askpass = self.folder / "askpass"
        person.write(
            askpass,
            f'#!/bin/sh\necho "$SSH_ASKPASS_PROMPT $1" >>{self.folder}/asked\n'
            f'case $1 in *PIN*) echo {PIN} ;; esac\n',
        )
        askpass.chmod(0o755)
        self.askpass = {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        log = open(EXCHANGE / "sshd.log", "wb")
        self.server = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", str(root_folder / "config")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        wait_until("sshd", lambda: (EXCHANGE / "sshd.log").read_text().count("listening on") == 2)

    def make_key(self, name, *options):
        """ssh-keygen -t ecdsa-sk; from then on the server lets the key in, and no other."""
        path = self.folder / name
        self.person.run(
            "ssh-keygen", "-q", "-t", "ecdsa-sk", "-N", "", "-C", name, "-f", str(path),
            *[word for option in options for word in ("-O", option)], **self.askpass,
        )
        self.let_in(path)
        return path

    def let_in(self, path):
        self.keys.write_text(pathlib.Path(f"{path}.pub").read_text())

    def log_in(self, path, port=PORT):
        """Logs in and runs a command on the other side; returns it with status and output."""
        return self.person.run(
            "ssh", "-F", "none", "-p", str(port), "-i", str(path), "-l", self.person.name,
            "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={self.folder}/known_hosts",
            "-o", "StrictHostKeyChecking=yes", "-o", "PreferredAuthentications=publickey",
            "localhost", "echo logged in as $(id -un) from $SSH_CONNECTION",
            check=False, **self.askpass,
        )

    def stop(self):
        self.server.terminate()
        self.server.wait()


def add(person, agent, needs):
    holder = []

    def ssh():
        return holder[0]

    def is_in(done):
        assert done.returncode == 0 and "logged in as tester from 127.0.0.1" in done.stdout, done

    def is_out(done):
        assert done.returncode == 255 and "Permission denied" in done.stderr, done

    @tap.case("sshd is up", needs)
    def server():
        holder.append(Ssh(person))

    @tap.case("ssh-keygen -t ecdsa-sk: a key that logs in when the person says yes", [server])
    def plain():
        agent.answers(default=APPROVE)
        path = ssh().make_key("plain")
        agent.answers(default="approve")
        is_in(ssh().log_in(path))
        assert "'sign-in'" in agent.prompt_log() and "'ssh:'" in agent.prompt_log(), agent.prompt_log()
        agent.answers("deny")
        is_out(ssh().log_in(path))
        agent.answers(default="approve")
        is_in(ssh().log_in(path))

    @tap.case("ssh: a server that wants the person verified refuses a mere touch", [plain])
    def touch_is_not_enough():
        agent.answers(default="approve")
        is_out(ssh().log_in(ssh().folder / "plain", VERIFYING_PORT))

    @tap.case("ssh-keygen -O verify-required: logs in where the person has to be verified", [plain])
    def verified():
        agent.answers(default=APPROVE)
        path = ssh().make_key("verified", "verify-required")
        is_in(ssh().log_in(path, VERIFYING_PORT))
        is_in(ssh().log_in(path))
        agent.answers("deny")
        is_out(ssh().log_in(path, VERIFYING_PORT))

    @tap.case("ssh-keygen -O resident: listed by Mortise, fetched by ssh-keygen -K, logs in", [plain])
    def resident():
        agent.answers(default=APPROVE)
        made = ssh().make_key("resident", "resident", "application=ssh:work", "user=tester")
        public_key = (made.with_suffix(".pub")).read_text().split()[1]
        (row,) = [row for row in agent.passkeys() if row["rp-id"] == "ssh:work"]
        assert row["discoverable"] is True, row
        is_in(ssh().log_in(made))
        fetched = person.scratch("fetched")
        person.run(
            "sh", "-c", f"cd {fetched} && ssh-keygen -K -N ''", **ssh().askpass
        )
        keys = {path.name: path.read_text().split()[1] for path in fetched.glob("*.pub")}
        tap.note(str(sorted(keys)))
        assert public_key in keys.values(), keys
        (name,) = [name for name, key in keys.items() if key == public_key]
        is_in(ssh().log_in(fetched / name.removesuffix(".pub")))

    @tap.case("ssh-keygen -O resident -O verify-required: fetched, and verified at the login", [resident])
    def resident_verified():
        agent.answers(default=APPROVE)
        made = ssh().make_key(
            "both", "resident", "verify-required", "application=ssh:vault", "user=tester"
        )
        is_in(ssh().log_in(made, VERIFYING_PORT))
        ssh().stop()
