#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a screen reader gets of the real window's buttons: each with one name, without marks of mnemonics."""

import os
import re
import subprocess
import sys
import time

# Warnings are fatal to the program under test, not to the reader's library.
WINDOW_ENVIRONMENT = dict(os.environ)
os.environ.pop("G_DEBUG", None)

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

PATIENCE = 120
BUTTONS = ("push button", "button", "toggle button")


def below(widget):
    yield widget
    for index in range(widget.get_child_count()):
        child = widget.get_child_at_index(index)
        if child is not None:
            yield from below(child)


def button_names(pid):
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        if application is not None and application.get_process_id() == pid:
            for widget in below(application):
                if widget.get_role_name() in BUTTONS:
                    yield widget.get_name()


def is_well_named(name):
    """Neither “_Lock”, nor “Lock Lock”, nor nothing."""
    return name.strip() and not re.search(r"(^|\W)_\w", name) and not re.fullmatch(r"(.+?)[ .…]* \1[ .…]*", name)


def check(state, arguments, wanted):
    """The buttons of the window in a state; `wanted` is one of them, and the last to come."""
    agent = subprocess.Popen([os.environ["MORTISE_TEST_MOCK_AGENT"], *arguments])
    window = subprocess.Popen([os.environ["MORTISE_TEST_WINDOW"]], env=WINDOW_ENVIRONMENT)
    names = []
    try:
        deadline = time.monotonic() + PATIENCE
        while wanted not in names:
            assert window.poll() is None and time.monotonic() < deadline, f"no “{wanted}” in {names}"
            time.sleep(0.1)
            try:
                names = list(button_names(window.pid))
            except GLib.Error:
                # The tree changed while it was walked.
                continue
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

print(f"1..{len(CASES)}", flush=True)
failed = False
for number, case in enumerate(CASES, 1):
    verdict = "ok"
    try:
        check(*case)
    except (AssertionError, GLib.Error) as error:
        verdict, failed = "not ok", True
        print(f"# {type(error).__name__}: {error}")
    print(f"{verdict} {number} {case[0]}", flush=True)
sys.exit(failed)
