# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's fido2-cred and fido2-assert with every option they have, each answer verified."""

import base64
import os

import tap
from agent import PIN, SCRIPTED_PROMPTER
from fido2_tools import Fido2Tools

APPROVE = f"approve pin={PIN}"


def add(person, agent, needs):
    def node():
        return agent.wait_for_device()

    @tap.case("fido2-cred -h, fido2-assert -h: an hmac secret per salt, and another when verified", needs)
    def hmac_secret():
        agent.answers(default=APPROVE)
        client = Fido2Tools(person, "hmac.example", "hmac")
        client.register(node(), "-h")
        salts = [os.urandom(32), os.urandom(64)]
        secrets = []
        for options in (["-p"], ["-p", "-t", "uv=true"]):
            for salt in [*salts, salts[0]]:
                got = client.ask(node(), "-h", *options, salt=salt).stdout
                client.verify(got, "-h", "-p", *(["-v"] if "-t" in options else []))
                secrets.append(got.splitlines()[4])
        plain, long, again, plain_uv, long_uv, again_uv = secrets
        assert plain == again and plain_uv == again_uv, "the secret changes"
        assert len({plain, long, plain_uv, long_uv}) == 4, "secrets of unlike requests are the same"
        assert len(long) > len(plain)

    @tap.case("fido2-cred -b, fido2-assert -b: the same large-blob key both times", needs)
    def large_blob_key():
        agent.answers(default=APPROVE)
        client = Fido2Tools(person, "blobkey.example", "blobkey")
        made = client.register(node(), "-r", "-v", "-b").splitlines()[-1]
        got = client.ask(node(), "-p", "-b", "-t", "uv=true").stdout
        client.verify(got, "-p", "-v")
        assert got.splitlines()[-1] == made and len(made) == 44, (made, got)

    for level in ("1", "2", "3"):
        add_protection(person, agent, node, level, needs)
    for key_type in ("es256", "es384", "rs256"):
        add_key_type(person, agent, node, key_type, needs)

    @tap.case("fido2-cred with eddsa: not what a TPM can do, and said so", needs)
    def unsupported_type():
        agent.answers(default=APPROVE)
        client = Fido2Tools(person, "eddsa.example", "eddsa", "eddsa")
        try:
            client.register(node())
        except AssertionError as refused:
            assert "FIDO_ERR_UNSUPPORTED_ALGORITHM" in str(refused), refused
        else:
            raise AssertionError("made")

    @tap.case("fido2-assert -t up=false: silent, for whoever names the passkey", needs)
    def silent():
        client = Fido2Tools(person, "silent.example", "silent")
        agent.answers(default=APPROVE)
        client.register(node())
        # Nobody is asked: a question would be denied.
        agent.answers()
        got = client.ask(node(), "-t", "up=false").stdout
        client.verify(got)
        assert agent.prompt_log() == "", agent.prompt_log()
        assert client_refuses(client, got, "-p") and client_refuses(client, got, "-v")
        other = Fido2Tools(person, "other.example", "silent")
        person.write(other.folder / "credential-id", client.credential_id + "\n")
        refused = other.ask(node(), "-t", "up=false", check=False)
        assert "FIDO_ERR_NO_CREDENTIALS" in refused.stderr, refused
        assert agent.prompt_log() == "", agent.prompt_log()

    @tap.case("fido2-assert -t uv=false, and without a word about it: presence alone", [silent])
    def unverified():
        client = Fido2Tools(person, "silent.example", "silent")
        agent.answers(default=APPROVE)
        for options in (["-p"], ["-p", "-t", "uv=false"], ["-p", "-t", "pin=false"]):
            got = client.ask(node(), *options).stdout
            client.verify(got, "-p")
            assert client_refuses(client, got, "-v"), options

    @tap.case("the person says no to fido2-cred and to fido2-assert", [silent])
    def denied():
        client = Fido2Tools(person, "silent.example", "silent")
        agent.answers()
        refused = client.ask(node(), "-p", check=False)
        assert "FIDO_ERR_OPERATION_DENIED" in refused.stderr, refused
        before = len(agent.passkeys())
        try:
            Fido2Tools(person, "denied.example", "denied").register(node())
        except AssertionError as error:
            assert "FIDO_ERR_OPERATION_DENIED" in str(error), error
        else:
            raise AssertionError("made")
        assert len(agent.passkeys()) == before

    @tap.case("fido2-assert -r: every account of a site, each answer verified by its own key", needs)
    def accounts():
        agent.answers(default=APPROVE)
        clients = accounts_of(person)
        for client in clients:
            client.register(node(), "-r", "-v")
        for n, client in enumerate(clients):
            # Verification for a token comes first, and then the choice, newest first.
            agent.answers(APPROVE, f"approve account={len(clients) - 1 - n}")
            got = client.ask(node(), "-p", "-r", "-t", "uv=true").stdout
            assert len(got.splitlines()) == 5, got
            client.verify(got, "-p", "-v")

    @tap.case("fido2-cred -u, fido2-assert -u: U2F, and to CTAP2 and back with the same key", needs)
    def u2f():
        agent.answers(default=APPROVE)
        old = Fido2Tools(person, "u2f.example", "u2f")
        made = old.register(node(), "-u")
        assert made.splitlines()[2] == "fido-u2f", made
        new = Fido2Tools(person, "ctap2.example", "ctap2")
        new.register(node())
        for client in (old, new):
            for options in (["-p", "-u"], ["-p"]):
                client.verify(client.ask(node(), *options).stdout, "-p")

    return accounts


def accounts_of(person):
    return [Fido2Tools(person, "many.example", f"many{n}") for n in range(3)]


def add_client_pin(person, agent, token, needs):
    """The same where verification is left to the clients, which ask for the PIN themselves."""

    def node():
        return agent.wait_for_device()

    @tap.case("with --no-builtin-uv: fido2-token -I knows no verification but the PIN", needs)
    def left_to_clients():
        agent.use_prompter(SCRIPTED_PROMPTER, "--no-builtin-uv")
        agent.restart()
        options = token.options()
        assert "uv" not in options and options["clientPin"] is True, options
        told = token.info()
        assert "uv modality" not in told or "pin check" not in told["uv modality"], told

    @tap.case("fido2-cred -v, fido2-assert -v: the PIN typed into the client", [left_to_clients])
    def typed():
        # Our prompt is asked for presence and must not want a PIN.
        agent.answers(default="approve")
        client = Fido2Tools(person, "typed.example", "typed")
        client.register(node(), "-r", "-v", pin=PIN)
        client.verify(client.ask(node(), "-p", "-v", pin=PIN).stdout, "-p", "-v")
        wrong = client.ask(node(), "-p", "-v", pin="000000", check=False)
        assert "FIDO_ERR_PIN_INVALID" in wrong.stderr, wrong
        assert agent.get("PinRetries") == 7, agent.get("PinRetries")
        client.verify(client.ask(node(), "-p", "-v", pin=PIN).stdout, "-p", "-v")
        assert agent.get("PinRetries") == 8, agent.get("PinRetries")
        unverified = client.ask(node(), "-p", "-t", "uv=true", check=False)
        assert unverified.returncode == 1, unverified
        assert "secret" not in agent.prompt_log(), agent.prompt_log()

    @tap.case("fido2-assert -r: all accounts one after the other, for the client to choose", [typed])
    def all_accounts():
        agent.answers(default="approve")
        lines = client_lines(accounts_of(person)[0].ask(node(), "-p", "-r", "-v", pin=PIN).stdout)
        by_user = {base64.b64decode(block[4]).decode(): block for block in lines}
        assert set(by_user) == {"many0", "many1", "many2"}, by_user
        # The newest comes first.
        assert [base64.b64decode(block[4]) for block in lines] == [b"many2", b"many1", b"many0"]
        for client in accounts_of(person):
            client.verify("\n".join(by_user[client.user]), "-p", "-v")

    @tap.case("and without --no-builtin-uv our prompt verifies again", [left_to_clients])
    def back():
        agent.use_prompter(SCRIPTED_PROMPTER)
        agent.restart()
        assert token.options()["uv"] is True


def client_lines(output):
    """Cuts what fido2-assert -r wrote into assertions of five lines."""
    lines = output.splitlines()
    assert lines and len(lines) % 5 == 0, output
    return [lines[n : n + 5] for n in range(0, len(lines), 5)]


def client_refuses(client, got, *options):
    """Whether fido2-assert -V finds a flag missing that these options demand."""
    try:
        client.verify(got, *options)
    except AssertionError:
        return True
    return False


def add_protection(person, agent, node, level, needs):
    @tap.case(f"fido2-cred -c {level}: who may use it without verification", needs)
    def protection():
        agent.answers(default=APPROVE)
        client = Fido2Tools(person, f"protect{level}.example", "protect")
        client.register(node(), "-r", "-v", "-c", level)
        client.sign_in(node())
        named = client.ask(node(), "-p", check=False)
        anonymous = client.ask(node(), "-p", "-r", check=False)
        # Level 2 wants the passkey named or the person verified, level 3 verified in any case.
        for level_from, done in (("3", named), ("2", anonymous)):
            if level < level_from:
                assert done.returncode == 0, done.stderr
                client.verify(done.stdout, "-p")
            else:
                assert "FIDO_ERR_NO_CREDENTIALS" in done.stderr, done


def add_key_type(person, agent, node, key_type, needs):
    @tap.case(f"fido2-cred and fido2-assert with {key_type}", needs)
    def of_type():
        agent.answers(default=APPROVE)
        client = Fido2Tools(person, f"{key_type}.example", key_type, key_type)
        client.register(node(), "-r", "-v")
        client.sign_in(node())
        client.sign_in(node(), named=False)
