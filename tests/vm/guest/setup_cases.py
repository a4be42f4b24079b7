# SPDX-License-Identifier: GPL-3.0-or-later
"""mortise-setup through the real polkit, as the window runs it: what it writes, and what that changes."""

import os
import pathlib
import shutil

import tap
from agent import APP_ID, SETUP, run
from browsers import wait_until

TPM = "/dev/tpmrm0"
FOLDERS = ["/etc", "/usr/local", "/usr/lib/udev/rules.d", "/usr/lib/modules-load.d", "/var/lib/mortise"]
# An administrator's password in other words: her two actions and no other.
RULE = f"""
polkit.addRule(function (action, subject) {{
  if (subject.user == "tester" && /^{APP_ID}\\.(undo-)?set-up$/.test(action.id))
    return polkit.Result.YES;
}});
"""


def files():
    """All files that could be written: {path: what changes when it is written}."""
    found = {}
    for top in FOLDERS:
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                found[path] = (status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def announced(person):
    """What `show` says: {path: text, or "-> target" for a link}."""
    plan, path = {}, None
    for line in person.run(SETUP, "show").stdout.splitlines():
        if line.startswith("/"):
            path = line
            plan[path] = ""
        elif line.startswith("    "):
            plan[path] += line[4:] + "\n"
    return plan


def pkexec(person, *command):
    # Without a session of its own there is no agent to ask for a password.
    return person.run("pkexec", "--disable-internal-agent", *command, check=False)


def add(person, needs):
    actions = pathlib.Path("/usr/share/polkit-1/actions")
    policy = pathlib.Path(os.environ["MORTISE_VM_PREFIX"], "share/polkit-1/actions", APP_ID + ".policy")
    before = {}

    def is_refused(*command):
        done = pkexec(person, *command)
        assert done.returncode == 127 and "as another user" in done.stderr, done

    @tap.case("set-up through polkit: refused where no administrator allows it", needs)
    def refused():
        # polkit looks nowhere else; packages are installed there anyway.
        if policy.parent != actions:
            shutil.copy(policy, actions)
        before.update(files())
        is_refused(SETUP, "install")
        assert files() == before

    @tap.case("set-up through polkit: writes what it announced, and she may use the TPM", [refused])
    def install():
        rules = pathlib.Path("/etc/polkit-1/rules.d/49-mortise-vm.rules")
        rules.write_text(RULE)
        rules.chmod(0o644)
        before.clear()
        before.update(files())
        assert person.run(SETUP, "status").stdout == "not done\n"
        plan = announced(person)
        tap.note("\n".join(plan))
        wait_until("the rule", lambda: pkexec(person, SETUP, "install").returncode == 0)
        after = files()
        written = {path for path in after if after[path] != before.get(path)}
        assert written == set(plan), written
        assert set(before) <= set(after)
        for path, text in plan.items():
            if os.path.islink(path):
                assert text == f"-> {os.readlink(path)}\n", path
            else:
                assert text == pathlib.Path(path).read_text(), path
        assert person.run(SETUP, "status").stdout == "done\n"
        wait_until("the TPM's access control list", lambda: person.may_use(TPM))
        person.run("test", "-w", TPM)
        assert os.path.isdir("/sys/module/uhid")
        assert run("systemctl", "is-active", "mortise-hid.socket").stdout == "active\n"
        # Neither anything else nor the same program with another argument.
        is_refused("/usr/bin/id")
        is_refused(SETUP, "status")

    @tap.case("set-up through polkit: undone, nothing is left, and it can be done again", [install])
    def undo():
        done = pkexec(person, SETUP, "remove")
        assert done.returncode == 0, done
        assert files() == before
        assert person.run(SETUP, "status").stdout == "not done\n"
        assert not person.may_use(TPM)
        assert person.run("test", "-w", TPM, check=False).returncode != 0
        assert run("systemctl", "is-active", "mortise-hid.socket", check=False).returncode != 0
        done = pkexec(person, SETUP, "install")
        assert done.returncode == 0, done
        wait_until("the TPM's access control list", lambda: person.may_use(TPM))

    return undo
