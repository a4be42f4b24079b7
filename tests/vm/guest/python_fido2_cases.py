# SPDX-License-Identifier: GPL-3.0-or-later
"""python-fido2 as a client: a second reading of the specification, beside libfido2's."""

import pathlib

import tap
from agent import EXCHANGE, PIN

APPROVE = f"approve pin={PIN}"
PROGRAM = pathlib.Path(__file__).with_name("python-fido2-client")
STEPS = {
    "transport": "PING of every size, WINK, LOCK",
    "pin-protocols": "both PIN protocols, and a wrong PIN",
    "built-in-verification": "a token by verification on our prompt",
    "cred-blob": "credBlob, and one that is too long",
    "min-pin-length": "minPinLength, to sites on the list alone",
    "hmac-secret": "hmac-secret with two salts and both protocols",
    "management": "credential management",
}


def add(person, agent, needs):
    def run(step):
        person.run("/usr/bin/python3", str(PROGRAM), agent.wait_for_device(), PIN, step)

    def add_step(step, what):
        @tap.case(f"python-fido2: {what}", needs)
        def one():
            agent.answers(default=APPROVE)
            run(step)

    for step, what in STEPS.items():
        add_step(step, what)

    @tap.case("python-fido2: a request is withdrawn, and the prompt goes away", needs)
    def cancel():
        agent.answers("hang")
        withdraw = person.scratch("withdraw") / "now"
        process = person.start(
            ["/usr/bin/python3", str(PROGRAM), agent.wait_for_device(), PIN, "cancel"],
            EXCHANGE / "python-fido2.log",
            WITHDRAW_FILE=str(withdraw),
        )
        try:
            agent.wait_for_prompt("shown")
            withdraw.touch()
            agent.wait_for_prompt("closed-by-agent")
            assert process.wait(60) == 0, (EXCHANGE / "python-fido2.log").read_text()
        finally:
            person.stop(process)
