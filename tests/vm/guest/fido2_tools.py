# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's fido2-tools as a client: make a credential, get an assertion, and have both verified."""

import base64
import hashlib


def encode(data):
    return base64.b64encode(data).decode()


def _hash(text):
    return encode(hashlib.sha256(text.encode()).digest())


class Fido2Tools:
    """`rp_id` and account of one passkey; what the tools need later stays in the person's home."""

    def __init__(self, person, rp_id, user, key_type="es256"):
        self.person = person
        self.rp_id = rp_id
        self.user = user
        self.key_type = key_type
        self.folder = person.home / "fido2" / f"{rp_id}-{user}"
        person.run("mkdir", "-p", str(self.folder))

    def run(self, tool, *options, question, pin=None, check=True):
        """Runs a tool with its question in a file, as it reads PINs from its standard input."""
        path = self.folder / "question"
        self.person.write(path, question)
        return self.person.run(
            tool, *options[:1], "-i", str(path), *options[1:],
            stdin=None if pin is None else pin + "\n", check=check,
        )

    @property
    def credential_id(self):
        return (self.folder / "credential-id").read_text().strip()

    @property
    def public_key(self):
        return (self.folder / "key.pem").read_text()

    def register(self, node, *options, pin=None):
        """fido2-cred -M, verified by fido2-cred -V, which writes credential id and public key.

        Options: -r for a discoverable credential, -v for user verification, or any other.
        """
        question = "\n".join(
            [_hash("register"), self.rp_id, self.user, encode(self.user.encode()), ""]
        )
        made = self.run(
            "fido2-cred", "-M", *options, node, self.key_type, question=question, pin=pin
        ).stdout
        self.verify_credential(made, *options)
        return made

    def verify_credential(self, made, *options):
        """fido2-cred -V on what -M wrote; keeps credential id and public key."""
        asked = list(options)
        # Where and how it is kept is not signed.
        for option in ("-r", "-b", "-u"):
            if option in asked:
                asked.remove(option)
        # Of what was made a large-blob key comes last, where the verifier takes it for a certificate.
        lines = made.splitlines()
        if "-b" in options:
            lines.pop()
        verified = self.run(
            "fido2-cred", "-V", *asked, self.key_type, question="\n".join(lines) + "\n"
        )
        identifier, *key = verified.stdout.splitlines()
        self.person.write(self.folder / "credential-id", identifier + "\n")
        self.person.write(self.folder / "key.pem", "\n".join(key) + "\n")

    def ask(self, node, *options, salt=None, pin=None, check=True):
        """fido2-assert -G with these options; names the credential unless -r is one of them."""
        lines = [_hash("sign in"), self.rp_id]
        if "-r" not in options:
            lines.append(self.credential_id)
        if salt is not None:
            lines.append(encode(salt))
        return self.run(
            "fido2-assert", "-G", *options, node, question="\n".join(lines) + "\n", pin=pin,
            check=check,
        )

    def verify(self, got, *options):
        """fido2-assert -V on one assertion of what -G wrote."""
        # Without a name the answer ends with the user's id, which the verifier does not read.
        self.run(
            "fido2-assert", "-V", *options, str(self.folder / "key.pem"), self.key_type,
            question="\n".join(got.splitlines()[:4]) + "\n",
        )

    def sign_in(self, node, named=True, verified=True):
        """fido2-assert -G, checked by fido2-assert -V; `named`: with the credential's id."""
        options = ["-p"]
        if not named:
            options.append("-r")
        if verified:
            # Its own -v would read a PIN from the terminal and leave our prompt out.
            options += ["-t", "uv=true"]
        got = self.ask(node, *options).stdout
        self.verify(got, "-p", *(["-v"] if verified else []))
        return got
