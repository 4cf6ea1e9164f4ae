"""Programs on a host, run through OpenSSH's own client; what they are told goes to their standard input alone."""

import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confkube.errors import Refusal
from confkube.metal.hosts import Host

_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=none",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ControlMaster=no",
    "ControlPath=none",
    "RequestTTY=no",
    "ConnectTimeout=15",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "LogLevel=ERROR",
)
"""ssh_config(5): nobody is asked anything, no other host key is taken, and nothing of this computer is passed on."""
_OWN_FAILURE = 255
"""ssh's exit status for a failure of its own."""
_NO_SUDO = ("a password is required", "is not in the sudoers", "may not run sudo", "sudo: not found")
_ROOT_ONLY = 0o077


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a program ended on a host."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A host, and the options with which ssh reaches it and no other."""

    host: Host
    line: tuple[str, ...]

    def run(
        self,
        program: Sequence[str],
        given: bytes,
        *,
        timeout: float,
        said: Callable[[str], None] | None = None,
    ) -> Done:
        """Run ``program`` as root on the host; calls ``said`` with each line that it prints.

        Raises:
            Refusal: The host is not reached, is another one, does not let the user in or let him be root, or takes
                longer than ``timeout`` seconds.
        """
        words = shlex.join(program if self.host.user == "root" else ["sudo", "-n", "--", *program])
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(  # noqa: S603  the user's own ssh
                [*self.line, words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
            timer = threading.Timer(timeout, process.kill)
            timer.start()
            try:
                lines = _talk(process, given, said or (lambda _: None))
            finally:
                late = not timer.is_alive()
                timer.cancel()
                process.kill()
                process.wait()
            errors.seek(0)
            told = errors.read().decode(errors="replace").strip()
        if late:
            raise Refusal(f"host {self.host.name}: no answer within {timeout:.0f} s; the connection was given up")
        if process.returncode == _OWN_FAILURE:
            raise Refusal(_why(self.host, told))
        if process.returncode and any(words in told for words in _NO_SUDO):
            raise Refusal(
                f"host {self.host.name}: user {self.host.user} may not become root; let him use sudo without a "
                "password, or give user: root"
            )
        return Done(code=process.returncode, output="\n".join(lines), errors=told)


def _talk(process: subprocess.Popen[bytes], given: bytes, said: Callable[[str], None]) -> list[str]:
    assert process.stdin is not None
    assert process.stdout is not None
    source = process.stdin

    def feed() -> None:
        try:
            source.write(given)
            source.close()
        except OSError:  # it ended before; its exit status tells why
            return

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.decode(errors="replace").rstrip("\n"))
        said(lines[-1])
    process.wait()
    feeder.join(5)
    return lines


def _why(host: Host, told: str) -> str:
    last = (told.splitlines() or ["ssh says nothing"])[-1].strip()
    if "Host key verification failed" in told or "No matching host key" in told or "no matching host key" in told:
        return (
            f"host {host.name}: what answers at {host.address} has another host key than the given one; compare "
            "host_key with /etc/ssh/ssh_host_*_key.pub on the host itself before changing it"
        )
    if "Permission denied" in told:
        key = f"with the key {host.key_file}" if host.key_file else "with any key that ssh has"
        return f"host {host.name}: user {host.user} is not let in {key}; add its public key to authorized_keys"
    return f"host {host.name}: {host.address} port {host.port} is not reached: {last}"


@contextmanager
def reaching(hosts: Sequence[Host], ssh_config: str | None) -> Generator[list[Reached]]:
    """Make what ssh needs to reach the hosts: a file with their keys and nothing else.

    Raises:
        Refusal: There is no ssh, or a file is missing or readable by others.
    """
    program = shutil.which("ssh")
    if program is None:
        raise Refusal(
            "bare metal is reached with OpenSSH, and ssh is not here; install it: apt-get install openssh-client"
        )
    config = "none" if ssh_config is None else str(_file("ssh_config", ssh_config))
    keys = {host.name: _private(host) for host in hosts if host.key_file}
    with tempfile.TemporaryDirectory(prefix="confkube-metal-") as folder:
        known = Path(folder) / "known_hosts"
        known.write_text("".join(f"{_alias(host)} {host.host_key}\n" for host in hosts), encoding="ascii")
        yield [
            Reached(host=host, line=(program, "-F", config, *_options(host, known, keys.get(host.name))))
            for host in hosts
        ]


def _options(host: Host, known: Path, key: Path | None) -> list[str]:
    options = [*_OPTIONS, f"UserKnownHostsFile={known}", f"HostKeyAlias={_alias(host)}"]
    if key is not None:
        options += ["IdentitiesOnly=yes", "IdentityAgent=none", f'IdentityFile="{key}"']
    words = [word for option in options for word in ("-o", option)]
    return [*words, "-p", str(host.port), "-l", host.user, "--", host.address]


def _alias(host: Host) -> str:
    return f"confkube-{host.name}"


def _private(host: Host) -> Path:
    assert host.key_file is not None
    path = _file(f"host {host.name}: key_file", host.key_file)
    if path.stat().st_mode & _ROOT_ONLY or not stat.S_ISREG(path.stat().st_mode):
        raise Refusal(f"host {host.name}: key_file: others may read {path}; make it private: chmod 600 {path}")
    return path


def _file(what: str, named: str) -> Path:
    path = Path(named).expanduser()
    if not path.is_file() or not os.access(path, os.R_OK):
        raise Refusal(f"{what}: {path} is no file that can be read; name one that is there")
    return path
