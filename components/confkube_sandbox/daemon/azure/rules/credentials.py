"""Rules of Microsoft.ManagedIdentity on federated identity credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import roles
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call, Resource

_SEEN = "2026-11-27"
_WRITE = "FederatedIdentityCredentials_CreateOrUpdate"
_MOST = 20


@rule(
    "managedidentity", _WRITE, name="identity.credential-empty", source=sources.CREDENTIALS, date=_SEEN, evidence=READ
)
def credential_empty(call: Call) -> None:
    """A credential names issuer, subject and audience (the code is recalled)."""
    if not all(call.properties.get(each) for each in ("issuer", "subject", "audiences")):
        raise ArmError("BadRequest", "Federated Identity Credential from HTTP body has empty properties")


@rule(
    "managedidentity",
    _WRITE,
    name="identity.credential-audience",
    source=sources.CREDENTIALS,
    date=_SEEN,
    evidence=READ,
)
def credential_audience(call: Call) -> None:
    """A credential has exactly one audience (the code is recalled)."""
    if len(call.rows("properties.audiences")) > 1:
        raise ArmError("BadRequest", "Federated identity credentials must have exactly one audience.")


@rule(
    "managedidentity",
    _WRITE,
    name="identity.credential-issuer",
    source=sources.CREDENTIALS,
    date=_SEEN,
    evidence=RECALLED,
)
def credential_issuer(call: Call) -> None:
    """An issuer is an address that Entra ID can open."""
    issuer = str(call.properties.get("issuer", ""))
    if not issuer.startswith("https://") or any(each in issuer for each in " ?#"):
        text = f"The issuer '{issuer}' is not valid. Issuer must be a valid https URL."
        raise ArmError("BadRequest", text)


@rule(
    "managedidentity", _WRITE, name="identity.credential-twice", source=sources.CREDENTIALS, date=_SEEN, evidence=READ
)
def credential_twice(call: Call) -> None:
    """An identity knows a subject of an issuer once (the documents say 400, command lines show ``Conflict``)."""
    own = (call.properties.get("issuer"), call.properties.get("subject"))
    for each in _others(call):
        if (each.at("properties.issuer"), each.at("properties.subject")) == own:
            text = "Issuer and subject combination already exists for this Managed Identity."
            raise ArmError("Conflict", text, 409)


@rule(
    "managedidentity", _WRITE, name="identity.credential-count", source=sources.CREDENTIALS, date=_SEEN, evidence=READ
)
def credential_count(call: Call) -> None:
    """An identity has at most 20 credentials (code and text are recalled)."""
    if call.existing is None and len(_others(call)) >= _MOST:
        text = f"The limit of {_MOST} federated identity credentials for this Managed Identity has been reached."
        raise ArmError("BadRequest", text)


def _others(call: Call) -> list[Resource]:
    identity = call.memory.get(call.target.parent)
    held = call.memory.children(identity, roles.CREDENTIAL) if identity is not None else []
    return [each for each in held if each.name.lower() != call.target.name.lower()]
