# SPDX-License-Identifier: GPL-3.0-or-later
"""Test cases in the order they stand in, reported as TAP to a file that the host reads as it grows."""

import functools
import sys
import time
import traceback

cases = []
notes = []


def case(title, needs=()):
    """Marks a function as a test case; one whose `needs` failed fails too, with that as its reason."""

    def mark(function):
        cases.append((title, function, tuple(needs)))
        return functools.wraps(function)(function)

    return mark


def note(text):
    """Something to read beside the results."""
    for line in text.rstrip().splitlines():
        notes.append("# " + line)


def run(path, on_failure):
    """Runs all cases; `on_failure(number)` keeps what helps to understand one. Returns success."""
    failed = set()
    with open(path, "w", encoding="utf-8") as results:

        def say(line):
            results.write(line + "\n")
            results.flush()
            print(line, flush=True)

        for number, (title, function, needs) in enumerate(cases, 1):
            start = time.monotonic()
            broken = [need.__name__ for need in needs if need in failed]
            try:
                if broken:
                    raise AssertionError("needs " + ", ".join(broken) + ", which failed")
                function()
                say(f"ok {number} {title}")
            except Exception:
                failed.add(function)
                say(f"not ok {number} {title}")
                for line in traceback.format_exc().rstrip().splitlines():
                    say("# " + line)
                try:
                    on_failure(number)
                except Exception as error:
                    say(f"# and its traces could not be kept: {error}")
            for line in notes:
                say(line)
            notes.clear()
            say(f"# {time.monotonic() - start:.1f} s")
        say(f"1..{len(cases)}")
    sys.stdout.flush()
    return not failed
