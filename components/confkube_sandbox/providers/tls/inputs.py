"""Checks and readings that the certificate resources share: the key, the uses, the names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.terraform.framework import failure, not_empty, one_of, refusal
from confkube_sandbox.providers.terraform.schema import known, snake
from confkube_sandbox.providers.tls import names, pem
from confkube_sandbox.providers.tls.usages import ALLOWED_USES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography import x509

    from confkube_sandbox.providers.handler import CheckFailure, Context


def key_refusals(inputs: Mapping[str, Any], name: str, ctx: Context) -> Iterable[CheckFailure]:
    """Refuse anything but exactly one of the key and its write-only twin, the latter with its version.

    Source: the documentation of ``privateKeyPem`` and ``privateKeyPemWo`` in pulumi-tls 5.6.2.
    """
    both = (name, f"{name}Wo")
    given = [one for one in both if inputs.get(one) is not None]
    if len(given) != 1:
        start = "No attribute specified" if not given else f"{len(given)} attributes specified"
        listed = ",".join(map(snake, both))
        detail = f"{start} when one (and only one) of [{listed}] is required"
        yield refusal(ctx, name, "Invalid Attribute Combination", detail)
    version = f"{name}WoVersion"
    if both[1] in given and inputs.get(version) is None:
        needed, needing = json.dumps(snake(version)), json.dumps(snake(both[1]))
        detail = f"Attribute {needed} must be specified when {needing} is specified"
        yield refusal(ctx, both[1], "Invalid Attribute Combination", detail)


def use_refusals(inputs: Mapping[str, Any], ctx: Context) -> Iterable[CheckFailure]:
    """Refuse uses that do not exist."""
    for index, use in _elements(inputs, "allowedUses"):
        yield from one_of(use, f"allowedUses[{index}]", ALLOWED_USES, ctx)


def name_refusals(inputs: Mapping[str, Any], ctx: Context) -> Iterable[CheckFailure]:
    """Refuse empty addresses and URIs; whether they can be read shows only when they are signed."""
    for name in ("ipAddresses", "uris"):
        for index, value in _elements(inputs, name):
            yield from not_empty(value, f"{name}[{index}]", ctx)


def private_key(inputs: Mapping[str, Any], name: str, summary: str) -> pem.PrivateKey:
    """Read the key of ``name`` or of its write-only twin.

    Raises:
        CloudError: It cannot be read; ``summary`` is the provider's headline for it.
    """
    text = inputs.get(name)
    try:
        return pem.private_key(inputs[f"{name}Wo"] if text is None else text)
    except pem.PemError as error:
        raise failure(summary, str(error)) from error


def requested(inputs: Mapping[str, Any], summary: str) -> tuple[x509.Name, list[x509.GeneralName]]:
    """Read subject and alternative names.

    Raises:
        CloudError: One cannot be read; ``summary`` is the headline where the signing itself fails.
    """
    lists: list[list[str]] = [inputs.get(name) or [] for name in ("dnsNames", "ipAddresses", "uris")]
    try:
        return names.subject(inputs.get("subject") or {}), names.alternative_names(*lists)
    except names.NameRefusedError as error:
        raise failure(error.summary or summary, str(error)) from error


def without_write_only(inputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the outputs that repeat the inputs; the write-only key is never among them."""
    return {**inputs, f"{name}Wo": None}


def _elements(inputs: Mapping[str, Any], name: str) -> Iterable[tuple[int, Any]]:
    values: list[Any] = inputs[name] if known(inputs.get(name)) else []
    return enumerate(values)
