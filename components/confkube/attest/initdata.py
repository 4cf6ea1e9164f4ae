"""Initdata of a pod's machine: configuration and policy whose digest is bound to evidence where the platform allows.

The digest is that of the exact bytes, so they are made once and kept. Sources: kbs/docs/initdata.md of
github.com/confidential-containers/trustee at v0.21.0 (258ea4ac), src/libs/kata-types/src/initdata.rs of
github.com/kata-containers/kata-containers at 7c6ba40c, docs/initdata.md of
github.com/confidential-containers/cloud-api-adaptor at fbdde756, read 2026-11-27.
"""

import base64
import gzip
import hashlib
import io
import re
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self, cast

from confkube.errors import Refusal, choose

VERSION = "0.1.0"
ALGORITHMS = ("sha256", "sha384", "sha512")
ANNOTATION = "io.katacontainers.config.hypervisor.cc_init_data"
"""Annotation of a pod that carries the encoded document."""
AGENT, HUB, POLICY = "aa.toml", "cdh.toml", "policy.rego"
"""The documents that a machine looks for: attestation agent, confidential data hub, Kata agent policy."""

_NAMES = (AGENT, HUB, POLICY)
_LARGEST = 1 << 20
_WRITABLE = re.compile(r"[\n\t -~]*")


class Binding(Enum):
    """Where a platform binds the digest, in the words of the facts, and what the digest becomes there."""

    HOST_DATA = "host-data"
    """SEV-SNP: 32 bytes."""
    MRCONFIGID = "mrconfigid"
    """TDX: 48 bytes."""
    PCR8 = "pcr8"
    """A vTPM that vouches: register 8, extended once with 32 bytes."""
    UNBOUND = "unbound"
    """Nowhere: a tenant cannot set the field there."""


_LENGTHS = {Binding.HOST_DATA: 32, Binding.MRCONFIGID: 48}
_PCR = 32


@dataclass(frozen=True, kw_only=True)
class Initdata:
    """A document; its bytes are kept as they are.

    Attributes:
        content: The bytes that are hashed and carried.
        algorithm: The digest that the document itself names.
        data: What is in it, by name.
    """

    content: bytes
    algorithm: str
    data: Mapping[str, str]

    @classmethod
    def make(cls, data: Mapping[str, str], algorithm: str = "sha256") -> Self:
        """Write a document; the same values give the same bytes.

        Raises:
            Refusal: The algorithm or a name is unknown, or a value cannot be carried as it is.
        """
        if not data:
            raise Refusal(f"initdata: there is nothing in it; give some of {', '.join(_NAMES)}")
        for name, value in data.items():
            _check_entry(name, value)
        parts = "".join(f"\"{name}\" = '''\n{data[name]}'''\n" for name in _NAMES if name in data)
        text = f'version = "{VERSION}"\nalgorithm = "{_known(algorithm)}"\n\n[data]\n{parts}'
        return cls.read(text.encode("ascii"))

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read a document that somebody wrote; what it is bound by are these very bytes.

        Raises:
            Refusal: It is not initdata of version 0.1.0, or has something unknown in it.
        """
        found = _parsed(content)
        for key in found:
            if key not in ("version", "algorithm", "data"):
                raise choose("initdata key", key, ("version", "algorithm", "data"))
        if found.get("version") != VERSION:
            raise Refusal(f"initdata: version {found.get('version')!r} is not known; the only one is {VERSION!r}")
        data = found.get("data")
        if not isinstance(data, dict) or not all(
            isinstance(each, str) for each in cast("dict[str, object]", data).values()
        ):
            raise Refusal("initdata: [data] is not a table of texts")
        for name in cast("dict[str, str]", data):
            if name not in _NAMES:
                raise choose("initdata: name in [data]", name, _NAMES)
        return cls(content=content, algorithm=_known(found.get("algorithm")), data=cast("dict[str, str]", data))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what an annotation carries.

        Raises:
            Refusal: It is not base64 of gzip of a document, or is larger than any.
        """
        try:
            packed = base64.b64decode(text, validate=True)
            content = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, _LARGEST)
        except (ValueError, zlib.error):
            raise Refusal("initdata: the annotation is not base64, with its padding, of gzip") from None
        if len(content) == _LARGEST:
            raise Refusal(f"initdata: what the annotation holds is larger than {_LARGEST} bytes")
        return cls.read(content)

    @property
    def digest(self) -> bytes:
        """Digest of the bytes, by the algorithm that the document names."""
        return hashlib.new(self.algorithm, self.content).digest()

    def encoded(self) -> str:
        """Return what the annotation, and the setting ``INITDATA`` of cloud-api-adaptor, carry."""
        packed = io.BytesIO()
        # Without a time, so that the same document gives the same text; the packed bytes are not what is measured.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as stream:
            stream.write(self.content)
        return base64.b64encode(packed.getvalue()).decode("ascii")

    def field(self, binding: Binding) -> bytes:
        """Return what the field of the evidence holds: the digest cut at its end, or filled with zeros there.

        Raises:
            Refusal: The platform binds it nowhere, or by a digest that its verifiers do not take.
        """
        if binding is Binding.UNBOUND:
            raise Refusal("initdata: this platform binds it to no evidence, so there is nothing that could be compared")
        if binding is Binding.PCR8:
            if len(self.digest) != _PCR:
                raise Refusal(
                    f"initdata: algorithm {self.algorithm!r} cannot be bound to PCR 8, whose verifiers take 32 bytes; "
                    "choose sha256"
                )
            return hashlib.sha256(bytes(_PCR) + self.digest).digest()
        return self.digest[: _LENGTHS[binding]].ljust(_LENGTHS[binding], b"\0")

    def claim(self, binding: Binding) -> str:
        """Return the claim ``init_data`` of a token for a machine that was started with it.

        Raises:
            Refusal: As ``field``.
        """
        return self.field(binding).hex()

    def host_data_argument(self) -> str:
        """Return the value of QEMU's ``host-data``."""
        return base64.b64encode(self.field(Binding.HOST_DATA)).decode("ascii")


def _check_entry(name: str, value: str) -> None:
    if name not in _NAMES:
        raise choose("initdata: name in [data]", name, _NAMES)
    if "'''" in value or not _WRITABLE.fullmatch(value):
        raise Refusal(
            f"initdata: {name} holds ''' or characters outside printable ASCII, and would not be carried as it is"
        )
    if not value.endswith("\n"):
        raise Refusal(f"initdata: {name} does not end with a newline")


def _known(algorithm: object) -> str:
    if algorithm not in ALGORITHMS:
        raise choose(
            "initdata: algorithm", algorithm, ALGORITHMS, "sha-256 is not read, whatever the specification says"
        )
    return cast("str", algorithm)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refusal(f"initdata: this is no TOML: {error}") from None
