#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a screen reader gets of the real window's buttons: each with one name, without marks of mnemonics."""

import functools
import os
import re
import subprocess

from screen_reader import PATIENCE, PROGRAM_ENVIRONMENT, run, wait_for, widgets_of

BUTTONS = ("push button", "button", "toggle button")


def button_names(pid):
    return [widget.get_name() for widget in widgets_of(pid) if widget.get_role_name() in BUTTONS]


def is_well_named(name):
    """Neither “_Lock”, nor “Lock Lock”, nor nothing."""
    return name.strip() and not re.search(r"(^|\W)_\w", name) and not re.fullmatch(r"(.+?)[ .…]* \1[ .…]*", name)


def check(state, arguments, wanted):
    """The buttons of the window in a state; `wanted` is one of them, and the last to come."""
    agent = subprocess.Popen([os.environ["MORTISE_TEST_MOCK_AGENT"], *arguments])
    window = subprocess.Popen([os.environ["MORTISE_TEST_WINDOW"]], env=PROGRAM_ENVIRONMENT)
    names = []

    def has_come():
        assert window.poll() is None, f"the window ended with {window.returncode}"
        names[:] = button_names(window.pid)
        return wanted in names

    try:
        wait_for(has_come, lambda: f"no “{wanted}” in {names}")
        wrong = [name for name in names if not is_well_named(name)]
        assert not wrong, f"{wrong} among {names}"
    finally:
        window.terminate()
        agent.terminate()
        window.wait(PATIENCE)
        agent.wait(PATIENCE)


CASES = [
    ("with passkeys", ["--samples"], "Open alice at github.com"),
    ("without a vault", ["--state=no-vault"], "Choose a PIN…"),
    ("locked", ["--state=locked"], "Unlock…"),
    ("without a TPM", ["--problem=TpmMissing"], "See What Is Wrong"),
]

run([(state, functools.partial(check, state, arguments, wanted)) for state, arguments, wanted in CASES])
