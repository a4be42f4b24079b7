# SPDX-License-Identifier: GPL-3.0-or-later
"""The accessibility bus as a screen reader has it, and the tests that ask there."""

import os
import sys
import time

# Warnings are fatal to the program under test; the reader's library warns of objects that went while
# it read, which is no fault.
PROGRAM_ENVIRONMENT = dict(os.environ)
os.environ.pop("G_DEBUG", None)

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

# What a slow or busy machine may take, in seconds; only a failing test waits this long.
PATIENCE = 240
# By itself the library gives up on a program that is silent for 0.8 s.
Atspi.set_timeout(PATIENCE * 1000, PATIENCE * 1000)


def below(widget):
    """The widget and all in it."""
    yield widget
    for index in range(widget.get_child_count()):
        child = widget.get_child_at_index(index)
        if child is not None:
            yield from below(child)


def widgets_of(pid):
    """All that a process shows. GLib.Error if the tree changes while it is walked."""
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        if application is not None and application.get_process_id() == pid:
            yield from below(application)


def wait_for(condition, describe):
    """What `condition` gives once it is something; else fails with what `describe` says of the screen."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            found = condition()
            if found:
                return found
        except GLib.Error:
            # The tree changed while it was walked.
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s: {describe()}")
        time.sleep(0.05)


def run(tests):
    """Runs (name, function) in turn and prints TAP; ends the program."""
    failed = False
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        verdict = "ok"
        try:
            function()
        except Exception as error:
            verdict, failed = "not ok", True
            print(f"# {type(error).__name__}: {error}")
        print(f"{verdict} {number} {name}", flush=True)
    sys.exit(failed)
