"""Older forms of Trustee's configuration: what each is called in v0.21, and which versions had it.

Source: the tags v0.11.0 to v0.21.0 of github.com/confidential-containers/trustee, kbs/config/ and kbs/src/admin/,
read 2026-11-27. Most of them are silently ignored by v0.21, which then runs with a default that nobody asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from confkube.errors import Refusal


@dataclass(frozen=True, kw_only=True)
class Old:
    """A form that is gone.

    Attributes:
        path: Where it stood; ``*`` stands for every member of a list.
        had: Versions that had it.
        now: What v0.21 has instead.
    """

    path: tuple[str, ...]
    had: str
    now: str


_FORMS = (
    Old(path=("auth_public_key",), had="up to v0.10", now="[admin] authorization_mode"),
    Old(path=("sockets",), had="up to v0.10", now="[http_server] sockets"),
    Old(path=("insecure_http",), had="up to v0.10", now="TLS by [http_server] private_key and certificate"),
    Old(path=("attestation_token_config",), had="up to v0.10", now="[attestation_token]"),
    Old(path=("grpc_config",), had="up to v0.10", now="[attestation_service] as_addr"),
    Old(
        path=("policy_engine",),
        had="up to v0.18",
        now="[storage_backend]: the policy is the key resource-policy of the namespace kbs",
    ),
    Old(
        path=("attestation_token", "insecure_key"),
        had="up to v0.20",
        now="insecure_header_jwk, and for tests only: give trusted_certs_paths",
    ),
    Old(path=("attestation_service", "work_dir"), had="up to v0.18", now="[storage_backend]"),
    Old(path=("attestation_service", "policy_engine"), had="up to v0.18", now="nothing: the engine is fixed"),
    Old(
        path=("attestation_service", "attestation_token_broker", "type"),
        had="up to v0.18",
        now="nothing: every token is an EAR",
    ),
    Old(path=("admin", "auth_public_key"), had="v0.11 to v0.15", now="authentication.bearer_jwt.identity_providers"),
    Old(path=("admin", "insecure_api"), had="v0.11 to v0.15", now="authorization_mode"),
    Old(path=("admin", "type"), had="v0.16 to v0.20", now="authorization_mode"),
    Old(path=("admin", "personas"), had="v0.16 to v0.20", now="authentication.bearer_jwt.identity_providers"),
    Old(path=("admin", "roles"), had="v0.18 to v0.20", now="authorization.regex_acl.acls"),
    Old(
        path=("plugins", "*", "type"),
        had="v0.11 to v0.18 with a directory of its own, v0.19 with kvstorage",
        now="storage_backend_type",
    ),
    Old(path=("plugins", "*", "dir_path"), had="v0.11 to v0.18", now="[storage_backend.backends.local_fs] dir_path"),
)
_NOWHERE = object()


def refuse(found: Mapping[str, object], where: str) -> None:
    """Refuse a configuration that has a form of an older version.

    Raises:
        Refusal: It has; the sentence says which versions had it.
    """
    for old in _FORMS:
        if next(_at(found, old.path), _NOWHERE) is not _NOWHERE:
            name = ".".join(old.path).replace(".*", "[]")
            raise Refusal(f"{where}: {name} is a form of Trustee {old.had}; v0.21 has {old.now}")


def _at(found: object, path: tuple[str, ...]) -> Iterator[object]:
    if not path:
        yield found
    elif path[0] == "*":
        for item in cast("list[object]", found) if isinstance(found, list) else ():
            yield from _at(item, path[1:])
    elif isinstance(found, Mapping) and path[0] in found:
        yield from _at(cast("Mapping[str, object]", found)[path[0]], path[1:])
