# SPDX-License-Identifier: GPL-3.0-or-later
"""python-fido2 as a client: a second reading of the specification, beside libfido2's."""

import pathlib
import re
import subprocess

import tap
from agent import EXCHANGE, PIN
from browsers import wait_until

APPROVE = f"approve pin={PIN}"
LOG = EXCHANGE / "python-fido2.log"
PROGRAM = pathlib.Path(__file__).with_name("python-fido2-client")
STEPS = {
    "transport": "PING of every size, WINK, LOCK",
    "pin-protocols": "both PIN protocols, and a wrong PIN",
    "built-in-verification": "a token by verification on our prompt",
    "cred-blob": "credBlob, and one that is too long",
    "min-pin-length": "minPinLength, to sites on the list alone",
    "hmac-secret": "hmac-secret with two salts and both protocols",
    "management": "credential management",
    "large-blobs": "large blobs, in one fragment and in three",
}


class Client:
    """The one program that does the steps, as the person."""

    def __init__(self, person, agent):
        self.agent = agent
        self.process = person.start(
            ["/usr/bin/python3", str(PROGRAM), PIN], LOG, stdin=subprocess.PIPE
        )

    def begin(self, *words):
        self.seen = LOG.read_text().count("\n")
        line = " ".join([self.agent.wait_for_device(), *words]) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()

    def end(self, step):
        """Waits until the step is over, and fails with what it said if it failed."""

        def over():
            said = "\n".join(LOG.read_text().split("\n")[self.seen :])
            assert self.process.poll() is None, "the client ended:\n" + said
            return said if re.search(rf"^(done|failed): {step}$", said, re.M) else None

        said = wait_until(f"the end of {step}", over)
        assert f"done: {step}" in said, said


def add(person, agent, needs):
    holder = []

    @tap.case("python-fido2 is loaded", needs)
    def load():
        holder.append(Client(person, agent))
        wait_until("python-fido2", lambda: "ready" in LOG.read_text())

    def add_step(step, what):
        @tap.case(f"python-fido2: {what}", [load])
        def one():
            agent.answers(default=APPROVE)
            holder[0].begin(step)
            holder[0].end(step)

    for step, what in STEPS.items():
        add_step(step, what)

    @tap.case("python-fido2: a request is withdrawn, and the prompt goes away", [load])
    def cancel():
        agent.answers("hang")
        withdraw = person.scratch("withdraw") / "now"
        holder[0].begin("cancel", str(withdraw))
        agent.wait_for_prompt("shown")
        withdraw.touch()
        agent.wait_for_prompt("closed-by-agent")
        holder[0].end("cancel")
        person.stop(holder[0].process)
