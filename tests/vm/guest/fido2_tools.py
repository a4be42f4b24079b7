# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's fido2-tools as a client: make a credential, get an assertion, and have both verified."""

import base64
import hashlib


def _hash(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Fido2Tools:
    """`rp_id` and account of one passkey; what the tools need later stays in the person's home."""

    def __init__(self, person, rp_id, user):
        self.person = person
        self.rp_id = rp_id
        self.user = user
        self.folder = person.home / "fido2" / rp_id
        person.run("mkdir", "-p", str(self.folder))

    def register(self, node, *options):
        """fido2-cred -M, verified by fido2-cred -V, which writes credential id and public key.

        Options: -r for a discoverable credential, -v for user verification.
        """
        question = "\n".join(
            [_hash("register"), self.rp_id, self.user, base64.b64encode(self.user.encode()).decode()]
        )
        made = self.person.run("fido2-cred", "-M", *options, node, stdin=question + "\n").stdout
        verified = self.person.run("fido2-cred", "-V", *[o for o in options if o == "-v"], stdin=made)
        self.person.write(self.folder / "credential", verified.stdout)
        identifier, *key = verified.stdout.splitlines()
        self.person.write(self.folder / "credential-id", identifier + "\n")
        self.person.write(self.folder / "key.pem", "\n".join(key) + "\n")
        return made

    def sign_in(self, node, named=True, verified=True):
        """fido2-assert -G, checked by fido2-assert -V; `named`: with the credential's id."""
        lines = [_hash("sign in"), self.rp_id]
        if named:
            lines.append((self.folder / "credential-id").read_text().strip())
        options = ["-p"]
        if not named:
            options.append("-r")
        if verified:
            # Its own -v would read a PIN from the terminal and leave our prompt out.
            options += ["-t", "uv=true"]
        got = self.person.run(
            "fido2-assert", "-G", *options, node, stdin="\n".join(lines) + "\n"
        ).stdout
        # Without a name the answer ends with the user's id, which the verifier does not read.
        self.person.run(
            "fido2-assert", "-V", "-p", *(["-v"] if verified else []),
            str(self.folder / "key.pem"), "es256", stdin="\n".join(got.splitlines()[:4]) + "\n",
        )
        return got
