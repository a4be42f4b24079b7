# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-cryptenroll: a disk that opens with the device's hmac secret."""

import os
import pathlib

import tap
from agent import PIN, run

APPROVE = f"approve pin={PIN}"


def add(person, agent, needs):
    folder = pathlib.Path("/var/tmp/mortise-disk")
    key, image = folder / "key", folder / "image"
    mapped = pathlib.Path("/dev/mapper/mortise-disk")
    holder = []

    @tap.case("systemd-cryptenroll --fido2-device: a disk is enrolled", needs)
    def enroll():
        run("modprobe", "-a", "loop", "dm_crypt")
        folder.mkdir(parents=True)
        key.write_bytes(os.urandom(32))
        image.touch()
        os.truncate(image, 32 << 20)
        device = run("losetup", "--find", "--show", str(image)).stdout.strip()
        holder.append(device)
        run(
            "cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--pbkdf", "pbkdf2",
            "--pbkdf-force-iterations", "1000", "--key-file", str(key), device,
        )
        agent.answers(default=APPROVE)
        run(
            "systemd-cryptenroll", f"--unlock-key-file={key}", "--fido2-device=auto",
            "--fido2-with-client-pin=no", "--fido2-with-user-verification=yes", device,
        )
        (row,) = [row for row in agent.passkeys() if row["rp-id"] == "io.systemd.cryptsetup"]
        assert row["class"] == "device-only", row
        shown = run("cryptsetup", "luksDump", device).stdout
        assert "systemd-fido2" in shown, shown

    def open_disk():
        return run("cryptsetup", "open", "--token-only", holder[0], mapped.name, check=False)

    @tap.case("cryptsetup opens it when the person says yes, and not when she says no", [enroll])
    def unlock():
        agent.answers()
        refused = open_disk()
        assert refused.returncode != 0 and not mapped.exists(), refused
        agent.answers(default=APPROVE)
        done = open_disk()
        assert done.returncode == 0, done
        try:
            assert "io.systemd.cryptsetup" in agent.prompt_log(), agent.prompt_log()
            mapped.write_bytes(b"written through the key" * 100)
        finally:
            run("cryptsetup", "close", mapped.name)
        assert b"written through the key" not in image.read_bytes()
        run("losetup", "--detach", holder[0])
