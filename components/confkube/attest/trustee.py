"""Configuration of Trustee v0.21: the key broker service with its attestation service, as a typed model.

This is a copy of the schema, made from the source of github.com/confidential-containers/trustee at v0.21.0 (258ea4ac):
kbs/src/config.rs, kbs/src/admin/, kbs/src/attestation/, attestation-service/src/{config.rs,ear_token,rvps},
deps/key-value-storage and deps/verifier, read 2026-11-27. The real program has not judged what is written here. It is
narrower than the original: what is unsafe, and what nobody here uses, is no part of it.
"""

import json
import tomllib
from dataclasses import dataclass, field
from typing import cast

from confkube.attest import toml, trustee_old
from confkube.attest.trustee_parts import (
    Admin,
    AttestationService,
    AttestationToken,
    HttpServer,
    Plugin,
    Rvps,
    StorageBackend,
    TokenBroker,
    Verifiers,
    known_store,
)
from confkube.errors import Refusal
from confkube.parse import parse

VERSION, COMMIT = "v0.21.0", "258ea4acb7b9bd865fce5c63a539f2120dba8298"
FILE = "kbs-config.toml"
ISSUER = "CoCo-Attestation-Service"
"""Issuer of attestation tokens, unless another is set."""


@dataclass(frozen=True, kw_only=True)
class KbsConfig:
    """A whole ``kbs-config.toml``."""

    http_server: HttpServer
    attestation_token: AttestationToken
    attestation_service: AttestationService
    storage_backend: StorageBackend
    admin: Admin = field(default_factory=Admin)
    session_storage_type: str | None = None
    plugins: tuple[Plugin, ...] = (Plugin(),)

    def __post_init__(self) -> None:
        known_store("session_storage_type", self.session_storage_type)

    def render(self) -> str:
        """Return the file."""
        own = toml.values_of(self)
        # TOML takes what stands after a table for a part of it.
        first = {name: value for name, value in own.items() if not isinstance(value, dict | list)}
        return toml.render(first | own)


def read_kbs_config(text: str) -> KbsConfig:
    """Read a ``kbs-config.toml`` by a copy of the schema of v0.21.0, made from its source.

    That a text is taken here does not say that the program takes it: the real one has not judged this copy.

    Raises:
        Refusal: It is no TOML, has the form of an older version, an unknown field, or one that is unsafe.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{FILE}: this is no TOML: {error}") from None
    trustee_old.refuse(found, FILE)
    return parse(KbsConfig, found, FILE)


@dataclass(frozen=True, kw_only=True)
class AttestationServiceConfig:
    """Configuration of an attestation service of its own (JSON), for a broker that reaches it over gRPC."""

    attestation_token_broker: TokenBroker
    storage_backend: StorageBackend
    rvps_config: Rvps = field(default_factory=Rvps)
    verifier_config: Verifiers | None = None

    def render(self) -> str:
        """Return the file."""
        return json.dumps(toml.values_of(self), indent=2) + "\n"


def read_as_config(text: str) -> AttestationServiceConfig:
    """Read the configuration of an attestation service by a copy of the schema, as ``read_kbs_config`` does.

    Raises:
        Refusal: It is no JSON, has the form of an older version, or an unknown field.
    """
    try:
        found = cast("object", json.loads(text))
    except ValueError as error:
        raise Refusal(f"as-config.json: this is no JSON: {error}") from None
    if isinstance(found, dict):
        trustee_old.refuse({"attestation_service": cast("dict[str, object]", found)}, "as-config.json")
    return parse(AttestationServiceConfig, cast("object", found), "as-config.json")
