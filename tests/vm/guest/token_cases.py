# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's fido2-token, from setting the PIN on an empty device to resetting it."""

import os
import re
import time

import tap
from agent import PIN
from browsers import wait_until
from fido2_tools import Fido2Tools, encode

APPROVE = f"approve pin={PIN}"
FIRST_PIN = "161803"
# What getInfo says in the words of fido2-token, with this TPM and a PIN set.
INFO = {
    "proto": "0x02",
    "caps": "0x05 (wink, cbor, msg)",
    "version strings": "U2F_V2, FIDO_2_0, FIDO_2_1",
    "extension strings":
        "credBlob, credProtect, hmac-secret, largeBlobKey, minPinLength, hmac-secret-mc",
    "transport strings": "usb",
    "algorithms": "es256 (public-key), es384 (public-key), rs256 (public-key)",
    "aaguid": "926463d7385f415c928d88194c3c2065",
    "options":
        "rk, up, uv, uvAcfg, noalwaysUv, credMgmt, authnrCfg, clientPin, largeBlobs, perCredMgmtRO, "
        "pinUvAuthToken, setMinPINLength, makeCredUvNotRqd, credentialMgmtPreview",
    "maxmsgsiz": "1650",
    "maxcredcntlst": "8",
    "maxcredlen": "128",
    "maxlargeblob": "32768",
    "maxrpids in minpinlen": "32",
    "remaining rk(s)": "10000",
    "minpinlen": "4",
    "pin protocols": "2, 1",
    "pin retries": "8",
    "pin change required": "false",
    "uv retries": "3",
    "uv modality": "0x4 (pin check)",
}
# What does not get smaller by compression, for several fragments.
BLOB = os.urandom(4000)


class Token:
    """fido2-token on the device there is; it reads PINs from its standard input."""

    def __init__(self, person, agent):
        self.person = person
        self.agent = agent

    def run(self, *options, pins=(), check=True):
        typed = "".join(pin + "\n" for pin in pins) if pins else None
        node = self.agent.wait_for_device()
        return self.person.run("fido2-token", *options, node, stdin=typed, check=check)

    def refused(self, error, *options, pins=()):
        """Runs what must fail with this error."""
        done = self.run(*options, pins=pins, check=False)
        assert done.returncode == 1 and error in done.stderr, done

    def reset_after_replug(self):
        """fido2-token -R soon after power-up; again where this machine was too slow for the ten seconds."""
        for _ in range(5):
            self.agent.call("Replug")
            done = self.run("-R", check=False)
            if "FIDO_ERR_NOT_ALLOWED" not in done.stderr:
                break
        return done

    def info(self):
        """What -I prints, line by line: {"pin retries": "8", …}."""
        lines = self.run("-I").stdout.splitlines()
        return dict(line.split(": ", 1) for line in lines)

    def options(self):
        """The options of getInfo: {"rk": True, …}."""
        words = self.info()["options"].split(", ")
        return {word.removeprefix("no"): not word.startswith("no") for word in words}


def add_pin(person, agent, needs):
    """The PIN, from none to the one the other cases know; returns what they need."""
    token = Token(person, agent)

    @tap.case("fido2-token -I: what an empty device says", needs)
    def empty_info():
        options = token.options()
        assert options["clientPin"] is False and options["uv"] is False, options
        assert options["alwaysUv"] is True and options["makeCredUvNotRqd"] is False, options
        assert token.info()["pin retries"] == "8"

    @tap.case("fido2-token -S: the PIN set by a client is the PIN of a new vault", [empty_info])
    def set_pin():
        assert agent.get("VaultState") == "no-vault", agent.get("VaultState")
        # Four bytes, which the tool lets through, and two code points.
        token.refused("FIDO_ERR_PIN_POLICY_VIOLATION", "-S", pins=["éé", "éé"])
        assert token.options()["clientPin"] is False
        token.run("-S", pins=[FIRST_PIN, FIRST_PIN])
        options = token.options()
        assert options["clientPin"] is True and options["uv"] is True, options
        assert options["alwaysUv"] is False and options["makeCredUvNotRqd"] is True, options
        wait_until("the vault", lambda: agent.get("VaultState") in ("unlocked", "listable"))
        token.refused("FIDO_ERR_PIN_AUTH_INVALID", "-S", pins=[PIN, PIN])
        # On our own prompt too.
        agent.call("Lock")
        agent.answers(f"approve expect=unlock pin={FIRST_PIN}")
        agent.call("Unlock")
        assert agent.get("VaultState") == "unlocked"

    @tap.case("fido2-token -C: a wrong PIN is counted, the right one is changed", [set_pin])
    def change_pin():
        token.refused("FIDO_ERR_PIN_INVALID", "-C", pins=["000000", PIN, PIN])
        assert token.info()["pin retries"] == "7"
        assert agent.get("PinRetries") == 7, agent.get("PinRetries")
        token.refused("FIDO_ERR_PIN_POLICY_VIOLATION", "-C", pins=[FIRST_PIN, "éé", "éé"])
        token.run("-C", pins=[FIRST_PIN, PIN, PIN])
        assert token.info()["pin retries"] == "8"
        agent.call("Lock")
        agent.answers(f"approve expect=unlock pin={FIRST_PIN},{PIN}")
        agent.call("Unlock")
        assert "pin-wrong" in agent.prompt_log(), agent.prompt_log()

    @tap.case("fido2-token -I: every line is what Mortise promises", [change_pin])
    def info():
        told = token.info()
        for line in told.items():
            tap.note(": ".join(line))
        version = [int(told.pop(part), 16) for part in ("major", "minor", "build")]
        major, minor, micro = version
        assert told.pop("fwversion") == f"{major * 10000 + minor * 100 + micro:#x}", version
        unlike = {
            name: (told.get(name), INFO.get(name))
            for name in told.keys() | INFO.keys()
            if told.get(name) != INFO.get(name)
        }
        assert not unlike, unlike

    return token, info


def add_management(token, needs):
    """Listing, renaming and deleting passkeys."""
    person, agent = token.person, token.agent
    ada = Fido2Tools(person, "manage.example", "ada")
    grace = Fido2Tools(person, "manage.example", "grace")
    other = Fido2Tools(person, "elsewhere.example", "ada")

    def listed(rp_id):
        """Credential ids that -L -k lists, each with the rest of its line."""
        lines = token.run("-L", "-k", rp_id).stdout.splitlines()
        return {line.split()[1]: line for line in lines}

    @tap.case("fido2-token -L -r, -L -k: the sites and their passkeys", needs)
    def listing():
        agent.answers(default=APPROVE)
        for client in (ada, grace, other):
            client.register(agent.wait_for_device(), "-r", "-v")
        sites = [line.split()[2] for line in token.run("-L", "-r").stdout.splitlines()]
        assert sites.count("manage.example") == 1 and sites.count("elsewhere.example") == 1, sites
        found = listed("manage.example")
        assert set(found) == {ada.credential_id, grace.credential_id}, found
        for client in (ada, grace):
            line = found[client.credential_id]
            assert encode(client.user.encode()) in line and "es256" in line, line
        token.refused("FIDO_ERR_NO_CREDENTIALS", "-L", "-k", "nowhere.example")

    @tap.case("fido2-token -I -k -i, -I -c: one passkey's key, and how many there are", [listing])
    def one():
        shown = token.run("-I", "-k", "manage.example", "-i", ada.credential_id).stdout
        assert shown.splitlines()[0] == ada.credential_id, shown
        assert (ada.folder / "key.pem").read_text().strip() in shown, shown
        counted = token.run("-I", "-c").stdout
        discoverable = [row for row in agent.passkeys() if row["discoverable"]]
        assert re.search(rf"existing rk\(s\): {len(discoverable)}$", counted, re.M), counted

    @tap.case("fido2-token -S -c: a new name shows in Mortise", [listing])
    def rename():
        name, shown = "ada.lovelace", "Ada Lovelace 🗝"
        token.run("-S", "-c", "-i", ada.credential_id, "-k", encode(b"ada"), "-n", name, "-p", shown)
        row = agent.passkey_for(name)
        assert row["user-display-name"] == shown and row["rp-id"] == "manage.example", row
        assert shown in listed("manage.example")[ada.credential_id]
        wrong = ("-S", "-c", "-i", ada.credential_id, "-k", encode(b"eve"), "-n", "x", "-p", "x")
        token.refused("FIDO_ERR_INVALID_PARAMETER", *wrong)
        assert agent.passkey_for(name)["user-display-name"] == shown

    @tap.case("fido2-token -D -i: deleted is Recently deleted, and can be restored", [rename])
    def delete():
        token.run("-D", "-i", ada.credential_id)
        assert set(listed("manage.example")) == {grace.credential_id}
        refused = ada.ask(agent.wait_for_device(), "-p", check=False)
        assert "FIDO_ERR_NO_CREDENTIALS" in refused.stderr, refused
        (row,) = [r for r in agent.passkeys(deleted=True) if r["user-name"] == "ada.lovelace"]
        token.refused("FIDO_ERR_NO_CREDENTIALS", "-D", "-i", ada.credential_id)
        agent.call("RestorePasskeys", "ax", 1, row["id"])
        assert ada.credential_id in listed("manage.example")
        ada.sign_in(agent.wait_for_device())

    @tap.case("the person says no to a listing", [listing])
    def denied():
        agent.answers("deny")
        done = token.run("-L", "-r", check=False)
        assert done.returncode == 1 and "manage.example" not in done.stdout, done


def add_large_blobs(token, needs):
    """Large blobs by their key."""
    person, agent = token.person, token.agent
    folder = person.scratch("blobs")
    blob, got, key = folder / "blob", folder / "got", folder / "key"

    def list_blobs():
        # A key that a passkey tells opens its entry, too; but fido2-token 1.12 expects zlib's format in it,
        # where libfido2 writes raw deflate, and so lists all as "<unknown>".
        lines = token.run("-L", "-b", pins=[PIN]).stdout.splitlines()
        return [line for line in lines if re.match(r"\d\d: ", line)]

    @tap.case("fido2-token -S -b, -G -b, -D -b: a large blob by its key", needs)
    def by_key():
        agent.answers(default=APPROVE)
        blob.write_bytes(BLOB)
        person.write(key, encode(os.urandom(32)) + "\n")
        os.chmod(blob, 0o644)
        assert list_blobs() == []
        token.run("-S", "-b", "-k", str(key), str(blob))
        assert len(list_blobs()) == 1, list_blobs()
        token.run("-G", "-b", "-k", str(key), str(got))
        assert got.read_bytes() == BLOB
        token.run("-D", "-b", "-k", str(key))
        assert list_blobs() == []
        token.refused("FIDO_ERR_NOTFOUND", "-G", "-b", "-k", str(key), str(folder / "none"))


def add_configuration(token, needs):
    """authenticatorConfig; what cannot be set back goes with the reset that follows."""
    person, agent = token.person, token.agent
    client = Fido2Tools(person, "config.example", "config")

    @tap.case("fido2-token -S -u, -D -u: user verification always, and not any more", needs)
    def always_uv():
        agent.answers(default=APPROVE)
        client.register(agent.wait_for_device())
        token.run("-S", "-u")
        options = token.options()
        assert options["alwaysUv"] is True and options["makeCredUvNotRqd"] is False, options
        # U2F verifies nobody.
        assert token.info()["version strings"] == "FIDO_2_0, FIDO_2_1"
        assert client.ask(agent.wait_for_device(), "-p", "-u", check=False).returncode == 1
        # Nobody asked for verification, and here it is.
        client.verify(client.ask(agent.wait_for_device(), "-p").stdout, "-p", "-v")
        agent.restart()
        assert token.options()["alwaysUv"] is True
        agent.answers(default=APPROVE)
        token.run("-D", "-u")
        assert token.options()["alwaysUv"] is False
        assert "U2F_V2" in token.info()["version strings"]

    @tap.case("fido2-token -S -f: the PIN has to be changed, and to another one", [always_uv])
    def force_change():
        token.run("-S", "-f")
        assert token.info()["pin change required"] == "true"
        token.refused("FIDO_ERR_PIN_POLICY_VIOLATION", "-C", pins=[PIN, PIN, PIN])
        token.run("-C", pins=[PIN, FIRST_PIN, FIRST_PIN])
        assert token.info()["pin change required"] == "false"
        token.run("-C", pins=[FIRST_PIN, PIN, PIN])

    @tap.case("fido2-token -S -l: a longer PIN, and never a shorter one again", [force_change])
    def minimum_length():
        agent.answers(default=APPROVE)
        assert token.info()["minpinlen"] == "4"
        token.run("-S", "-l", "8")
        told = token.info()
        assert told["minpinlen"] == "8" and told["pin change required"] == "true", told
        token.refused("FIDO_ERR_PIN_POLICY_VIOLATION", "-C", pins=[PIN, "7777777", "7777777"])
        token.run("-C", pins=[PIN, "88888888", "88888888"])
        agent.answers(default="approve pin=88888888")
        token.refused("FIDO_ERR_PIN_POLICY_VIOLATION", "-S", "-l", "6")
        assert token.info()["minpinlen"] == "8"

    @tap.case("fido2-token -S -a, -S -e, -L -e: what Mortise has not is said to be missing", needs)
    def absent():
        agent.answers(default=APPROVE)
        assert "ep" not in token.options()
        token.refused("FIDO_ERR", "-S", "-a")
        token.refused("FIDO_ERR", "-S", "-e", pins=[PIN])
        token.refused("FIDO_ERR", "-L", "-e", pins=[PIN])


def add_reset(token, needs):
    person, agent = token.person, token.agent

    @tap.case("fido2-token -R: refused long after power-up, and when the person says no", needs)
    def refused():
        agent.answers(default="approve")
        before = len(agent.passkeys())
        assert before > 0
        # The ten seconds in which a reset is allowed (CTAP 2.1 §6.6) are over, on however fast a machine.
        time.sleep(11)
        token.refused("FIDO_ERR_NOT_ALLOWED", "-R")
        agent.answers("deny")
        done = token.reset_after_replug()
        assert done.returncode == 1 and "FIDO_ERR_OPERATION_DENIED" in done.stderr, done
        assert len(agent.passkeys()) == before

    @tap.case("fido2-token -R: after it the device is as new", [refused])
    def reset():
        agent.answers("approve expect=reset")
        done = token.reset_after_replug()
        assert done.returncode == 0, done
        assert agent.get("VaultState") == "no-vault", agent.get("VaultState")
        told, options = token.info(), token.options()
        assert options["clientPin"] is False and told["minpinlen"] == "4", told
        assert told["pin change required"] == "false" and told["pin retries"] == "8", told
        token.run("-S", pins=[PIN, PIN])
        agent.answers(default=APPROVE)
        assert agent.passkeys() == [] and agent.passkeys(deleted=True) == []
        token.refused("FIDO_ERR_NO_CREDENTIALS", "-L", "-k", "manage.example")
