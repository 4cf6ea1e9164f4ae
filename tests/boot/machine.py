"""A machine to run boot scripts on: a copy-on-write view of this computer's root, with recorders for programs.

The written files stay from one boot to the next, what is in /run does not.
"""

import hashlib
import io
import shutil
import sys
import tarfile

from boot import tools

from confkube.bootstrap import Download, Software
from confkube.bootstrap.document import written

EXCHANGE = "/exchange"
_START = f"""
set -eu
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
[ ! -d "$1/disk" ] || cp -a "$1/disk/." /mnt/upper/
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mkdir -p /mnt/root{EXCHANGE}
mount --bind "$1" /mnt/root{EXCHANGE}
mount -t tmpfs tmpfs /mnt/root/run
mount -t tmpfs tmpfs /mnt/root/dev
for node in null zero urandom; do touch /mnt/root/dev/$node; mount --bind /dev/$node /mnt/root/dev/$node; done
ln -s {EXCHANGE}/console /mnt/root/dev/console
touch "$1/console"
mount -t proc proc /mnt/root/proc
code=0
chroot /mnt/root /bin/sh {EXCHANGE}/steps.sh || code=$?
umount /mnt/root{EXCHANGE}
rm -rf "$1/disk" "$1/run"
cp -a /mnt/upper "$1/disk"
cp -a /mnt/root/run "$1/run"
exit $code
"""
_RECORD = f'printf "%s\\n" "$(basename "$0") $*" >>{EXCHANGE}/calls\n'
# Programs that are never downloaded; each writes down how it was called.
_RECORDERS = {
    "apt-get": f"""
case "$*" in *install*) ;; *) exit ;; esac
for package in "$@"; do touch {EXCHANGE}/packages/"$package" 2>/dev/null || true; done""",
    "curl": f'''
for argument in "$@"; do [ "$last" != -o ] || file=$argument; last=$argument; done
cp {EXCHANGE}/web/"$(basename "$last")" "$file"''',
    "dpkg-query": f'for last in "$@"; do :; done; [ ! -e {EXCHANGE}/packages/"$last" ] || printf installed',
    "modprobe": "exit 1",
    "sleep": "exit 0",
    "systemctl": "exit 0",
}
_PROGRAMS = {
    "kubeadm": f"""
case $1 in
    version) echo v1.34.2; exit ;;
    init)
        cp -p "$3" {EXCHANGE}/kubeadm.yaml
        [ ! -e {EXCHANGE}/fail ] || exit 1
        : >/etc/kubernetes/admin.conf ;;
    join)
        while [ "$1" != --config ]; do shift; done
        cp -p "$2" {EXCHANGE}/kubeadm.yaml
        [ ! -e {EXCHANGE}/fail ] || exit 1 ;;
esac""",
    "kubelet": "echo Kubernetes v1.34.2",
    "kubectl": "[ $1 != version ] || echo Client Version: v1.34.2",
    "helm": f"""
case $1 in
    version) echo v3.19.5 ;;
    pull) cp {EXCHANGE}/web/"$(basename "$2")-$4.tgz" "$6" ;;
    upgrade) [ ! -e {EXCHANGE}/fail ] || exit 1 ;;
esac""",
    "spire-agent": "echo 1.15.3 >&2",
    "spire-server": "echo 1.15.3 >&2",
}
_TIMES = {"kubeadm": "v1.34.2", "kubelet": "v1.34.2", "kubectl": "v1.34.2", "helm": "3.19.5"}


class Machine:
    """Write boot files, run steps, look at what was called and what is on the disk."""

    def __init__(self, folder):
        self.folder = folder
        self.command = [*tools.namespaces("-m", "-n", "-p", "--fork"), "sh", "-c", _START, "machine", str(folder)]
        for name in ("web", "packages", "disk/usr/local/sbin", "disk/usr/lib/systemd"):
            (folder / name).mkdir(parents=True)
        for name, body in _RECORDERS.items():
            self._program(folder / "disk/usr/local/sbin" / name, "last=\n" + body)
        self._program(folder / "disk/usr/local/sbin/python3", f'exec {sys.executable} -I "$@"', record=False)
        self._program(folder / "disk/usr/lib/systemd/systemd-sysctl", "exit 0")

    def _program(self, path, body, *, record=True):
        path.write_text(f"#!/bin/sh\n{_RECORD if record else ''}{body}\n")
        path.chmod(0o755)

    def software(self):
        """Pinned software whose downloads are the recorders of this machine."""
        downloads = {name: self._download(name) for name in _PROGRAMS}
        return Software(
            kubernetes_version="v1.34.2", **{name.replace("-", "_"): item for name, item in downloads.items()}
        )

    def _download(self, name):
        program = f"#!/bin/sh\n{_RECORD}{_PROGRAMS[name]}\n".encode()
        if name.startswith("kube"):
            data, member, file = program, "", name
        else:
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
                entry = tarfile.TarInfo(f"folder/{name}")
                entry.size = len(program)
                tar.addfile(entry, io.BytesIO(program))
            data, member, file = buffer.getvalue(), f"folder/{name}", f"{name}.tar.gz"
        (self.folder / "web" / file).write_bytes(data)
        return Download(
            name=name,
            version=_TIMES.get(name, "1.15.3"),
            url=f"https://downloads.example.org/{file}",
            sha256=hashlib.sha256(data).hexdigest(),
            member=member,
        )

    def chart(self, name, content=b"a chart"):
        """Offer a chart for download and return its digest."""
        (self.folder / "web" / name).write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def write(self, user_data):
        """Put the files of user data on the disk, as cloud-init and tar do."""
        for file in written(user_data):
            path = self.path(file.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
            path.chmod(file.mode)

    def boot(self, *steps):
        """Run scripts of /usr/local/lib/confkube, or other commands; stops at the first failure."""
        lines = [f"/bin/sh /usr/local/lib/confkube/{step}.sh" if " " not in step else step for step in steps]
        (self.folder / "steps.sh").write_text("set -e\n" + "\n".join(lines) + "\n")
        return tools.run(*self.command)

    def path(self, path):
        return self.folder / "disk" / path.removeprefix("/")

    def calls(self, *programs):
        """How the programs were called since the last look."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        shutil.move(file, self.folder / "calls.old") if lines else None
        return [line for line in lines if not programs or line.split()[0] in programs]

    def console(self):
        return (self.folder / "console").read_text()
