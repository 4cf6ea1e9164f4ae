"""A repository of our own with the Debian packages that boot text installs, fetched from the archive once."""

import hashlib
import os
import subprocess
from email.utils import formatdate

import pytest

from confkube_build.cache import arriving, exclusive
from confkube_lab.image import debian


def repository(root, wanted, cache):
    """Folder with ``wanted`` and what they need beyond ``root``, as apt reads it below one address."""
    name = hashlib.sha256(" ".join([str(root), *wanted]).encode()).hexdigest()[:12]
    folder = cache / "install-branch" / "packages" / name
    with exclusive(folder.parent, lambda: None):
        if not folder.is_dir():
            with arriving(folder) as content:
                _fetch(root, wanted, content)
                _index(content)
    return folder


def _fetch(root, wanted, folder):
    """Have this computer's apt, which knows how to reach the archive, fetch what the one in ``root`` would."""
    state, archives = folder / "state", folder / "archives"
    for made in (state / "lists/partial", archives / "partial"):
        made.mkdir(parents=True)
    keys = root / "usr/share/keyrings/debian-archive-keyring.gpg"
    sources = folder / "sources.list"
    sources.write_text(f"deb [arch=amd64 signed-by={keys}] {debian.mirror(os.environ)} {debian.SUITE} main\n")
    options = {
        "APT::Sandbox::User": "root",  # the one that fetches otherwise may not read the cache
        "Acquire::Languages": "none",
        "Dir::Cache::archives": archives,
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State": state,
        "Dir::State::status": root / "var/lib/dpkg/status",
    }
    command = ["apt-get", "-q", "-y", *(f"-o{name}={value}" for name, value in options.items())]
    for step in (["update"], ["install", "--download-only", "--no-install-recommends", *wanted]):
        done = subprocess.run([*command, *step], capture_output=True, text=True, check=False, timeout=300)
        if done.returncode != 0:
            pytest.skip(f"the Debian archive does not answer: {done.stderr.strip().splitlines()[-1:]}")
    for archive in archives.glob("*.deb"):
        archive.rename(folder / f"{archive.name.partition('_')[0]}.deb")
    subprocess.run(["rm", "-rf", state, archives, sources], check=True)


def _index(folder):
    entries = [_entry(archive) for archive in sorted(folder.glob("*.deb"))]
    index = "\n".join(entries).encode()
    (folder / "Packages").write_bytes(index)
    sums = f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"
    (folder / "Release").write_text(f"Origin: confkube tests\nDate: {formatdate(usegmt=True)}\n{sums}")


def _entry(archive):
    fields = subprocess.run(["dpkg-deb", "-f", archive], capture_output=True, text=True, check=True).stdout
    content = archive.read_bytes()
    sums = f"Size: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
    return f"{fields}Filename: ./{archive.name}\n{sums}"
