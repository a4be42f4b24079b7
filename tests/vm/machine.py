# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with this computer's own files, the installed Debian kernel and a TPM.

The root file system is the host's, shared read-only through 9p, so that the build under test is there
at its own path. Over it lies a disk with the installed build and copies of what is read most, and over
that a layer in memory. Two things outlive a boot: the TPM's state and a small disk with the test
person's home folder. Results leave through a second, writable share.
"""

import functools
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
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


# QEMU 7.2 emulates AVX for the first time, and Chromium's drawing dies of SIGSEGV in it. The others cost
# time where they are emulated: a fifth level of page tables, protection keys and access prevention
# looked up with every page, and a virtual machine's own virtual machines.
CPU = {
    "kvm": "host",
    "tcg": "max,avx=off,avx2=off,f16c=off,fma=off,la57=off,pku=off,smap=off,smep=off,svm=off",
}


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


# What is opened again and again by everything that runs. Through 9p each opening costs the emulated
# processor milliseconds, from a disk microseconds; so a disk has copies of these.
HOT_FOLDERS = ["etc", "usr/bin", "usr/sbin", "usr/lib/x86_64-linux-gnu", "usr/lib/python3",
               "usr/lib/systemd", "usr/lib/udev", "usr/share/glib-2.0", "usr/share/dbus-1"]
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
HOT_SIZE_LIMIT = 8 << 20


def hot_files():
    """The files to copy, relative to the root: readable for anyone, as a copy loses its owner."""
    python = [str(p.relative_to("/")) for p in pathlib.Path("/usr/lib").glob("python3.*")]
    for top in HOT_FOLDERS + python:
        for folder, _, names in os.walk("/" + top):
            for name in names:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                is_used = not path.startswith(LIBRARIES) or ".so" in name or ".typelib" in name
                is_plain = stat.S_ISLNK(status.st_mode) or (
                    stat.S_ISREG(status.st_mode)
                    and status.st_mode & 0o6004 == 0o0004
                    and status.st_size <= HOT_SIZE_LIMIT
                )
                if is_plain and is_used:
                    yield path[1:]


def unpack_ssh_server(cache, tree):
    """Puts Debian's sshd into the tree: installed on this computer it would start to listen."""
    if os.path.exists("/usr/sbin/sshd"):
        return
    cache.mkdir(exist_ok=True)
    if not list(cache.glob("openssh-server_*.deb")):
        # Lists of its own: the computer's may have been thrown away to save room.
        (cache / "lists/partial").mkdir(parents=True, exist_ok=True)
        apt_get = ["apt-get", "-qq", "-o", f"Dir::State::lists={cache}/lists"]
        for command in (["update"], ["download", "openssh-server"]):
            subprocess.run([*apt_get, *command], cwd=cache, stdout=sys.stderr, check=True)
    for package in cache.glob("openssh-server_*.deb"):
        archive = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE, check=True
        )
        subprocess.run(
            ["tar", "-x", "-C", tree, "./usr/sbin/sshd"], input=archive.stdout, check=True
        )


@functools.cache
def installed_folders(build):
    """Where the build installs to: (prefix, folder of its own programs)."""
    told = subprocess.run(
        ["meson", "introspect", "--buildoptions", str(build)], stdout=subprocess.PIPE, check=True
    )
    options = {option["name"]: option["value"] for option in json.loads(told.stdout)}
    prefix = pathlib.Path(options["prefix"])
    return prefix, prefix / options["libexecdir"]


def make_system_disk(path, build):
    """Makes a disk with the installed build and copies of hot files, which machines lay over their root."""
    with tempfile.TemporaryDirectory(prefix="tree-", dir=pathlib.Path(path).parent) as tree:
        tree = pathlib.Path(tree)
        tree.chmod(0o755)
        # Links instead of copies where the build is on the same file system; nothing writes to them.
        subprocess.run(
            ["cpio", "--quiet", "-pdm", "--link", tree],
            cwd="/",
            input="\n".join(hot_files()).encode(),
            stderr=subprocess.PIPE,
            check=True,
            umask=0o022,
        )
        subprocess.run(
            ["meson", "install", "-C", str(build), "--no-rebuild", "--quiet", "--destdir", tree],
            check=True,
        )
        # Scripts after an installation leave a destination folder alone, as packagers want it.
        schemas = installed_folders(build)[0].relative_to("/") / "share/glib-2.0/schemas"
        subprocess.run(["glib-compile-schemas", str(tree / schemas)], check=True)
        try:
            unpack_ssh_server(pathlib.Path(build, "vm-packages").resolve(), tree)
        except subprocess.CalledProcessError as error:
            print(f"# no sshd for the machines: {error}", flush=True)
        as_root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
        pathlib.Path(path).unlink(missing_ok=True)
        pathlib.Path(path).touch()
        subprocess.run(
            [*as_root, "mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-m", "0", "-d", tree,
             str(path), "2G"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
        )


def make_disk(path, size="1G"):
    with open(path, "wb") as disk:
        disk.truncate(1 << 30)
    subprocess.run(
        ["/sbin/mkfs.ext4", "-q", "-F", "-E", "root_owner=6001:6001", str(path), size], check=True
    )


class Machine:
    """One boot. Use as a context manager; leaving it kills whatever still runs."""

    def __init__(
        self, name, folder, tpm_state, disk, source, build, system_disk, memory=4096, cpus=2
    ):
        self.name = name
        self.system_disk = pathlib.Path(system_disk).resolve()
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
        prefix, programs = installed_folders(self.build)
        variables = {
            "MORTISE_VM_PREFIX": prefix,
            "MORTISE_VM_PROGRAMS": programs,
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
        deadline = time.monotonic() + 120
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
            *("-drive", f"file={self.system_disk},format=raw,if=virtio,readonly=on"),
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
            # What costs an emulated processor time and proves nothing here.
            "nokaslr",
            "audit=0",
            "apparmor=0",
            "selinux=0",
            "nowatchdog",
            "rcupdate.rcu_expedited=1",
            "cryptomgr.notests",
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
