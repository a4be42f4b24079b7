#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a screen reader gets of the real prompt, and that a person who uses one can answer it."""

import os
import socket
import struct
import subprocess

from screen_reader import PATIENCE, PROGRAM_ENVIRONMENT, Atspi, GLib, run, wait_for, widgets_of

QUESTION, SHOWN, ANSWER, SECRET = 1, 16, 17, 18


def text(value):
    return GLib.Variant("s", value)


class Prompt:
    """The program, asked one question, and this test as the agent at the other end."""

    def __init__(self, question):
        ours, theirs = socket.socketpair()
        payload = GLib.Variant("a{sv}", question).get_data_as_bytes().get_data()
        ours.sendall(struct.pack("<IB", len(payload), QUESTION) + payload)
        ours.settimeout(PATIENCE)
        self.socket = ours
        self.process = subprocess.Popen(
            [os.environ["MORTISE_TEST_PROMPT"], f"--fd={theirs.fileno()}"],
            pass_fds=[theirs.fileno()],
            env=PROGRAM_ENVIRONMENT,
        )
        theirs.close()
        assert self.frame()[0] == SHOWN

    def frame(self):
        size, kind = struct.unpack("<IB", self.read(5))
        return kind, self.read(size)

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "the prompt closed"
            data += part
        return data

    def answer(self):
        kind, payload = self.frame()
        assert kind == ANSWER, kind
        answer = GLib.Variant.new_from_bytes(
            GLib.VariantType("a{sv}"), GLib.Bytes.new(payload), False
        )
        return answer.unpack()

    def find(self, role, name):
        for widget in self.widgets():
            if widget.get_role_name() == role and widget.get_name() == name:
                return widget
        return None

    def widgets(self):
        return widgets_of(self.process.pid)

    def wait_for(self, role, name, condition=lambda widget: True):
        def find():
            widget = self.find(role, name)
            return widget if widget is not None and condition(widget) else None

        return wait_for(
            find, lambda: f"no {role} “{name}” as it should be; there is: {self.describe()}"
        )

    def each(self, what):
        """A list of what `what` says of each widget, read in one walk."""
        return wait_for(lambda: [what(widget) for widget in self.widgets()], lambda: "no widgets")

    def describe(self):
        return self.each(lambda widget: (widget.get_role_name(), widget.get_name()))

    def end(self):
        self.socket.close()
        assert self.process.wait(PATIENCE) == 0


def has(widget, state):
    return widget.get_state_set().contains(state)


def is_sensitive(widget):
    return has(widget, Atspi.StateType.SENSITIVE)


def is_marked_invalid(widget):
    # GTK 4.8 says INVALID where later versions say INVALID_ENTRY.
    return has(widget, Atspi.StateType.INVALID) or has(widget, Atspi.StateType.INVALID_ENTRY)


def press(widget):
    assert Atspi.Action.do_action(widget, 0)


def test_is_read_as_a_question():
    prompt = Prompt(
        {
            "kind": text("sign-in"),
            "rp-id": text("example.org"),
            "needs-pin": GLib.Variant("b", True),
            "retries": GLib.Variant("u", 8),
            "accounts": GLib.Variant("aa{sv}", [{"user-name": text("alice")}]),
            "host": text("walnut"),
        }
    )
    prompt.wait_for(
        "dialog",
        "Sign in to this site? example.org",
        lambda dialog: "signing in" in dialog.get_description(),
    )
    prompt.wait_for("password text", "PIN", lambda entry: has(entry, Atspi.StateType.FOCUSABLE))
    names = [name for role, name in prompt.describe() if role == "push button"]
    assert names == ["Close", "Cancel", "Sign In"], names
    # Nothing that takes the focus is called after its type.
    focusable = prompt.each(
        lambda widget: widget.get_name() if has(widget, Atspi.StateType.FOCUSABLE) else ""
    )
    assert not [name for name in focusable if name.startswith(("Gtk", "Adw", "Mortise"))], focusable
    prompt.end()


def test_can_be_refused():
    prompt = Prompt({"kind": text("select"), "host": text("walnut")})
    press(prompt.wait_for("push button", "Cancel"))
    assert prompt.answer()["approved"] is False
    prompt.end()


def test_can_be_approved_after_a_moment():
    prompt = Prompt({"kind": text("select"), "host": text("walnut")})
    press(prompt.wait_for("push button", "Use Them", is_sensitive))
    assert prompt.answer()["approved"] is True
    prompt.end()


def test_chooses_an_account():
    accounts = [{"user-name": text("alice")}, {"user-name": text("bob"), "label": text("work")}]
    prompt = Prompt(
        {
            "kind": text("sign-in"),
            "rp-id": text("example.org"),
            "accounts": GLib.Variant("aa{sv}", accounts),
            "host": text("walnut"),
        }
    )
    prompt.wait_for("check box", "alice", lambda box: has(box, Atspi.StateType.CHECKED))
    prompt.wait_for("check box", "bob, work")
    prompt.end()


def test_says_what_went_wrong():
    prompt = Prompt(
        {
            "kind": text("unlock"),
            "needs-pin": GLib.Variant("b", True),
            "retries": GLib.Variant("u", 8),
            "host": text("walnut"),
        }
    )
    update = GLib.Variant(
        "a{sv}",
        {
            "pin-wrong": GLib.Variant("b", True),
            "retries": GLib.Variant("u", 7),
            "message": text("Wrong PIN."),
        },
    )
    payload = update.get_data_as_bytes().get_data()
    prompt.socket.sendall(struct.pack("<IB", len(payload), 2) + payload)
    prompt.wait_for("alert", "Wrong PIN.")
    prompt.wait_for("label", "7 tries left.")
    prompt.wait_for("password text", "PIN", is_marked_invalid)
    prompt.end()


run(
    [
        (name.removeprefix("test_").replace("_", "-"), function)
        for name, function in sorted(globals().items())
        if name.startswith("test_")
    ]
)
