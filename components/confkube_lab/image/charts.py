"""Charts of the lab's own, packed to the same bytes every time."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart in this package."""

    name: str

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return Path(__file__).parent / "charts" / self.name

    def packed(self) -> bytes:
        """The archive that ``helm install`` reads; ``facts`` pins its digest."""
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
                content = path.read_bytes()
                entry = tarfile.TarInfo(f"{self.name}/{path.relative_to(self.folder)}")
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
        archive = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=archive, mtime=0) as stream:
            stream.write(plain.getvalue())
        return archive.getvalue()

    def sha256(self) -> str:
        """Digest of the archive, hex."""
        return hashlib.sha256(self.packed()).hexdigest()


NETWORK = Chart(name="lab-network")
"""The pod network."""

RUNTIME = Chart(name="lab-runtime")
"""The runtime classes of confidential pods."""

ALL = (NETWORK, RUNTIME)
"""What the image carries."""
