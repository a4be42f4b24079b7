# SPDX-License-Identifier: GPL-3.0-or-later
"""The test person: programs started as her, in her session, with her display, bus and devices."""

import contextlib
import os
import pathlib
import pwd
import re
import signal
import struct
import subprocess
import tempfile

from browsers import PATIENCE, wait_until

# Her session starts an X server if this is there.
DISPLAY_WANTED = pathlib.Path("/run/mortise-vm-display")
SCREEN_READER = str(pathlib.Path(__file__).resolve().parent / "screen-reader")


class Person:
    def __init__(self, name="tester"):
        account = pwd.getpwnam(name)
        self.name, self.uid, self.gid = name, account.pw_uid, account.pw_gid
        self.home = pathlib.Path(account.pw_dir)
        self.runtime_dir = pathlib.Path(f"/run/user/{self.uid}")
        self.groups = os.getgrouplist(name, self.gid)
        self.environment = {
            "HOME": str(self.home),
            "USER": name,
            "LOGNAME": name,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "DISPLAY": ":0",
            "XDG_RUNTIME_DIR": str(self.runtime_dir),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.runtime_dir}/bus",
            "GSK_RENDERER": "cairo",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }

    def log_in(self, display=True):
        """Starts her session at the first seat; without a display where nothing is drawn."""
        if display:
            DISPLAY_WANTED.touch()
        subprocess.run(["systemctl", "start", "--no-block", "mortise-session.service"], check=True)
        wait_until("the session", (self.runtime_dir / "mortise-session-up").exists)

    def has_display(self):
        return DISPLAY_WANTED.exists()

    def may_use(self, node):
        """Whether udev entered her in the access control list of a device's node."""
        entry = struct.pack("<HHI", 0x02, 0o6, self.uid)
        try:
            return entry in os.getxattr(node, "system.posix_acl_access")
        except OSError:
            return False

    def start(self, command, log, stdin=subprocess.DEVNULL, **environment):
        with open(log, "ab") as output:
            return subprocess.Popen(
                command,
                user=self.uid,
                group=self.gid,
                extra_groups=self.groups,
                cwd=self.home,
                env={**self.environment, **environment},
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, process, timeout=20):
        """Ends a program with everything it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(timeout)
                return
            except ProcessLookupError:
                process.wait()
                return
            except subprocess.TimeoutExpired:
                continue

    def run(self, *command, check=True, timeout=PATIENCE, stdin=None, **environment):
        """Runs a command to its end; returns it with `stdout`; standard error is part of a failure."""
        done = subprocess.run(
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
            cwd=self.home,
            env={**self.environment, **environment},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def systemctl(self, *arguments, check=True):
        return self.run("systemctl", "--user", *arguments, check=check)

    def key(self, *keys):
        self.run("xdotool", "key", "--clearmodifiers", *keys)

    def reads(self, program, *texts):
        """Waits until a program's windows show the texts to a screen reader; returns all they show."""
        done = self.run(SCREEN_READER, "find", program, *texts)
        return done.stdout

    @contextlib.contextmanager
    def says_yes(self, pin, log):
        """Answers, by keys, each question of the real prompt that comes within the block."""
        pathlib.Path(log).unlink(missing_ok=True)
        process = self.start([SCREEN_READER, "answer", "mortise", pin], log)
        try:
            # A question waits for a minute only.
            wait_until("the screen reader", lambda: "ready" in pathlib.Path(log).read_text())
            yield
        finally:
            self.stop(process)

    def pixels(self, *colours):
        """How many points of the screen have one of the colours (#RRGGBB)."""
        shown = self.run("import", "-window", "root", "-depth", "8", "-format", "%c", "histogram:info:-").stdout
        return sum(
            int(count)
            for count, colour in re.findall(r"(\d+): \(.*(#[0-9A-F]{6})", shown)
            if colour in colours
        )

    def screenshot(self, path):
        """Keeps the whole screen as it is now."""
        shot = self.run("mktemp", "--suffix=.png").stdout.strip()
        self.run("import", "-window", "root", shot)
        pathlib.Path(path).write_bytes(pathlib.Path(shot).read_bytes())
        os.unlink(shot)

    def scratch(self, name):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-"))
        os.chown(folder, self.uid, self.gid)
        return folder

    def write(self, path, text):
        path = pathlib.Path(path)
        path.write_text(text)
        os.chown(path, self.uid, self.gid)
