# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with this computer's own files, the installed Debian kernel and a TPM.

The root file system is the host's, shared read-only through 9p with a layer in memory over it, so
that the build under test is there at its own path. Two things outlive a boot: the TPM's state and a
small disk with the test person's home folder. Results leave through a second, writable share.
"""

import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

GUEST_DIR = pathlib.Path(__file__).resolve().parent / "guest"
# Needed to reach the root file system and the disk; everything else is loaded by udev or on demand.
BOOT_MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_blk", "ext4", "virtio_rng"]


class MachineError(Exception):
    """The machine could not be built, did not start, or did not end by itself."""


def find_kernel():
    """Returns (image, version) of the newest installed kernel that has its modules."""
    images = sorted(
        pathlib.Path("/boot").glob("vmlinuz-*"),
        key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)],
        reverse=True,
    )
    for image in images:
        version = image.name.removeprefix("vmlinuz-")
        if os.access(image, os.R_OK) and pathlib.Path("/lib/modules", version, "kernel").is_dir():
            return image, version
    raise MachineError("no kernel in /boot with modules in /lib/modules: install linux-image-amd64")


# QEMU 7.2 emulates AVX for the first time, and Chromium's drawing dies of SIGSEGV in it.
CPU = {"kvm": "host", "tcg": "max,avx=off,avx2=off,f16c=off,fma=off"}


def find_accelerator():
    """KVM only where the processor really offers it to us; /dev/kvm alone proves nothing."""
    flags = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    if re.search(r"^flags\s*:.*\b(vmx|svm)\b", flags, re.M) and os.access(
        "/dev/kvm", os.R_OK | os.W_OK
    ):
        return "kvm"
    return "tcg"


def build_initramfs(version, target, job):
    """Packs busybox, the boot modules and guest/initramfs-init into the file `target`."""
    with tempfile.TemporaryDirectory(prefix="mortise-initramfs-") as temporary:
        tree = pathlib.Path(temporary)
        for name in ["bin", "modules", "proc", "sys", "dev"]:
            (tree / name).mkdir()
        shutil.copy(shutil.which("busybox") or "/bin/busybox", tree / "bin/busybox")
        applets = "sh mount mkdir insmod switch_root poweroff cat mv rm cp ln chmod sed printf echo"
        for applet in applets.split():
            (tree / "bin" / applet).symlink_to("busybox")
        shutil.copy(GUEST_DIR / "initramfs-init", tree / "init")
        (tree / "init").chmod(0o755)
        (tree / "job").write_text(job)
        order = []
        for module in BOOT_MODULES:
            listing = subprocess.run(
                ["/sbin/modprobe", "--show-depends", "-S", version, module],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for path in re.findall(r"^insmod (\S+)", listing, re.M):
                name = pathlib.Path(path).name
                if name not in order:
                    order.append(name)
                    shutil.copy(path, tree / "modules" / name)
        (tree / "modules/order").write_text("".join(name + "\n" for name in order))
        names = "\n".join(str(p.relative_to(tree)) for p in sorted(tree.rglob("*")))
        with open(target, "wb") as output:
            subprocess.run(
                ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"],
                cwd=tree,
                input=names.encode(),
                stdout=output,
                check=True,
            )


def make_disk(path, size="1G"):
    with open(path, "wb") as disk:
        disk.truncate(1 << 30)
    subprocess.run(
        ["/sbin/mkfs.ext4", "-q", "-F", "-E", "root_owner=6001:6001", str(path), size], check=True
    )


class Machine:
    """One boot. Use as a context manager; leaving it kills whatever still runs."""

    def __init__(self, name, folder, tpm_state, disk, source, build, memory=4096, cpus=2):
        self.name = name
        self.folder = pathlib.Path(folder) / name
        self.tpm_state = pathlib.Path(tpm_state).resolve()
        self.disk = pathlib.Path(disk).resolve()
        self.source = pathlib.Path(source).resolve()
        self.build = pathlib.Path(build).resolve()
        self.memory = memory
        self.cpus = cpus
        self.accelerator = find_accelerator()
        self._processes = []
        # Paths of Unix sockets are short.
        self._sockets = tempfile.TemporaryDirectory(prefix="mortise-vm-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self._sockets.cleanup()

    def _job(self, command, extra):
        variables = {
            "MORTISE_VM_SOURCE": self.source,
            "MORTISE_VM_BUILD": self.build,
            "MORTISE_VM_GUEST": GUEST_DIR,
            "MORTISE_VM_NAME": self.name,
            "MORTISE_VM_ACCELERATOR": self.accelerator,
            "MORTISE_VM_COMMAND": command,
            **extra,
        }
        return "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in variables.items())

    def start(self, command, **extra):
        """Boots and has `command` (shell) run as root; its output is in the journal and on the console.

        Without a command a root shell opens on this terminal.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.tpm_state.mkdir(parents=True, exist_ok=True)
        image, version = find_kernel()
        job = self._job(command, extra)
        (self.folder / "job").write_text(job)
        with tempfile.NamedTemporaryFile(prefix="mortise-initrd-", delete=False) as initramfs:
            self._initramfs = initramfs.name
        build_initramfs(version, self._initramfs, job)
        tpm_socket = f"{self._sockets.name}/tpm"
        log = open(self.folder / "swtpm.log", "wb")
        self._processes.append(
            subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.tpm_state}"]
                + ["--ctrl", f"type=unixio,path={tpm_socket}", "--terminate"],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        deadline = time.monotonic() + 10
        while not os.path.exists(tpm_socket):
            if time.monotonic() > deadline:
                raise MachineError("swtpm did not start, see swtpm.log")
            time.sleep(0.02)
        share = "local,security_model=none,multidevs=remap"
        arguments = [
            "qemu-system-x86_64",
            *("-machine", "q35", "-accel", self.accelerator, "-cpu", CPU[self.accelerator]),
            *("-smp", str(self.cpus), "-m", str(self.memory), "-nodefaults", "-no-reboot"),
            *("-display", "none", "-vga", "none"),
            *("-serial", f"file:{self.folder}/console.log" if command else "mon:stdio"),
            *("-kernel", str(image), "-initrd", self._initramfs),
            *("-append", " ".join(self._command_line())),
            *("-virtfs", f"{share},path=/,mount_tag=host-root,readonly=on"),
            *("-virtfs", f"{share},path={self.folder},mount_tag=exchange"),
            *("-drive", f"file={self.disk},format=raw,if=virtio,cache=writethrough"),
            *("-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci"),
            *("-chardev", f"socket,id=tpm,path={tpm_socket}"),
            *("-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0"),
            *("-monitor", f"unix:{self._sockets.name}/monitor,server=on,wait=off"),
        ]
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
        self._qemu = subprocess.Popen(arguments, **(streams if command else {}))
        self._processes.append(self._qemu)

    def _command_line(self):
        return [
            "console=ttyS0",
            "loglevel=5",
            "panic=-1",
            "systemd.unit=mortise-vm.target",
            "systemd.show_status=false",
            "systemd.log_level=warning",
            "mitigations=off",
            # A host that is busy for a moment makes the kernel take the emulated timer for broken.
            "no_timer_check",
            "net.ifnames=0",
        ]

    def running(self):
        return self._qemu.poll() is None

    def wait(self, timeout):
        """Waits for the machine to switch itself off; returns the job's exit status."""
        try:
            self._qemu.wait(timeout)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise MachineError(f"machine '{self.name}' did not end in {timeout} s") from error
        status = self.folder / "status"
        if not status.exists():
            raise MachineError(f"machine '{self.name}' ended without a result, see console.log")
        return int(status.read_text())

    def kill(self):
        """Pulls the plug."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self._processes.clear()
        if getattr(self, "_initramfs", None):
            pathlib.Path(self._initramfs).unlink(missing_ok=True)
            self._initramfs = None
