# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are ours, and how a check reports."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()


def tracked_files():
    """All files of the project, sorted, relative to its root; also outside of a git clone."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
        + ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = []
        for folder, folders, files in os.walk(ROOT):
            here = os.path.relpath(folder, ROOT)
            folders[:] = [
                name
                for name in folders
                if name not in ("node_modules", "__pycache__", ".git")
                and not (here == "." and name.startswith("build"))
            ]
            names += [os.path.normpath(os.path.join(here, name)) for name in files]
    return sorted(pathlib.Path(name) for name in names if (ROOT / name).is_file())


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def c_files():
    return [path for path in tracked_files() if path.suffix in (".c", ".h")]


def is_binary(path):
    return b"\0" in (ROOT / path).read_bytes()[:4096]


def first_line(path):
    with open(ROOT / path, encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\n")


def without_comments(source):
    """C source with comments and the contents of strings blanked; line numbers stay."""

    def blank(match):
        text = match[0]
        if text[0] in "\"'":
            return text[0] * 2
        return re.sub(r"[^\n]", " ", text)

    return re.sub(
        r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, source, flags=re.S
    )


class Report:
    """One TAP line per subject, with what is wrong with it as comments."""

    def __init__(self):
        self.number = 0

    def subject(self, title, problems):
        self.number += 1
        print(f"{'not ok' if problems else 'ok'} {self.number} {title}")
        for problem in problems:
            print(f"# {problem}")

    def end(self):
        print(f"1..{self.number}")
