"""Firewall rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.gcp import links, naming
from confkube_sandbox.providers.gcp.answers import part
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.rules.values import gce_name, optional_one_of
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.validation import between, one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_LISTS = (
    "destinationRanges",
    "sourceRanges",
    "sourceServiceAccounts",
    "sourceTags",
    "targetServiceAccounts",
    "targetTags",
)
_SOURCES = ("sourceTags", "sourceRanges", "sourceServiceAccounts")
_RULES = {"allows": "allowed", "denies": "denied"}


def _same_protocol(old: object, new: object) -> bool:
    return str(old).lower() == str(new).lower()


class Firewall(Compute, token="gcp:compute/firewall:Firewall"):
    """``gcp.compute.Firewall``; services/compute/resource_compute_firewall.go."""

    noun: ClassVar = "Firewall"
    title: ClassVar = "ComputeFirewall"
    collection: ClassVar = "firewalls"
    parameter: ClassVar = "firewall"
    model: ClassVar = "Firewall"
    template: ClassVar = "projects/{project}/global/firewalls/{name}"
    supported: ClassVar = frozenset(
        {
            *_LISTS,
            *_RULES,
            "deletionPolicy",
            "description",
            "direction",
            "disabled",
            "enableLogging",
            "logConfig",
            "name",
            "network",
            "priority",
            "project",
        }
    )
    defaults: ClassVar = {"priority": 1000}
    name: ClassVar = naming.ANY
    rules: ClassVar = {
        "name": gce_name,
        "direction": optional_one_of("INGRESS", "EGRESS"),
        "logConfig.metadata": one_of("EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"),
        "priority": between(0, 65535),
    }
    choices: ClassVar = (("allows", "denies"),)
    conflicts: ClassVar = (
        ("sourceServiceAccounts", "sourceTags"),
        ("sourceServiceAccounts", "targetTags"),
        ("targetServiceAccounts", "sourceTags"),
        ("targetServiceAccounts", "targetTags"),
    )
    same: ClassVar = {
        "network": links.same,
        "allows[*].protocol": _same_protocol,
        "denies[*].protocol": _same_protocol,
    }
    sets: ClassVar = frozenset({*_LISTS, *_RULES, "allows[*].ports", "denies[*].ports"})
    watched: ClassVar = frozenset({*_LISTS, *_RULES, "description", "disabled"}) - {"destinationRanges"}
    computed = frozenset({"creationTimestamp", "destinationRanges", "direction", "enableLogging", "selfLink"})

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse a rule for what comes in that does not say from where."""
        failures: list[CheckFailure] = []
        if inputs.get("direction") != "EGRESS" and all(inputs.get(key) is None for key in _SOURCES):
            reason = "one of source_tags, source_ranges, or source_service_accounts must be defined"
            failures.append(CheckFailure(property="", reason=reason))
        if inputs.get("logConfig") and inputs.get("enableLogging") is False:
            reason = "log_config cannot be defined when enable_logging is false"
            failures.append(CheckFailure(property="", reason=reason))
        return failures

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new rule."""
        own = {key: inputs.get(key) for key in ("description", "direction", "name")}
        return self.translator(gcp).body(self.model, own) | _changeable(gcp, inputs)

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:  # noqa: ARG002
        """Return the outputs."""
        log = part(answer, "logConfig")
        metadata = log.get("metadata") or part(inputs, "logConfig").get("metadata")
        return {
            **{key: answer.get(key) or [] for key in _LISTS},
            **{key: _rules(answer.get(name)) for key, name in _RULES.items()},
            **{key: answer.get(key) or "" for key in ("description", "creationTimestamp", "direction", "selfLink")},
            "disabled": bool(answer.get("disabled")),
            "enableLogging": bool(log.get("enable")),
            "logConfig": {"metadata": metadata} if log.get("enable") and metadata else None,
            "name": answer["name"],
            "network": answer["network"],
            "priority": answer.get("priority"),
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Patch the rule. Lists that became empty are not sent, and therefore stay, as with the real provider."""
        if to.keys - {"deletionPolicy"}:
            # The official model wants the name in a patch; the real provider leaves it out.
            body = _changeable(gcp, to.new) | {"description": to.new.get("description") or "", "name": to.new["name"]}
            self.edit(gcp, to, "patch", body=body)


def _changeable(gcp: Connection, inputs: Properties) -> dict[str, Any]:
    log = cast("dict[str, Any] | None", inputs.get("logConfig"))
    enabled: dict[str, Any] = {"enable": True, **log} if log else {"enable": bool(inputs.get("enableLogging"))}
    return {
        **{key: inputs[key] for key in _LISTS if inputs.get(key)},
        **{name: _body_rules(inputs[key]) for key, name in _RULES.items() if inputs.get(key)},
        "disabled": bool(inputs.get("disabled")),
        "logConfig": enabled,
        "network": links.full(gcp, "networks", inputs["network"]),
        "priority": inputs.get("priority"),
    }


def _body_rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"IPProtocol": each["protocol"], **({"ports": each["ports"]} if each.get("ports") else {})} for each in rules
    ]


def _rules(found: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"protocol": each["IPProtocol"], "ports": each.get("ports") or None} for each in found or []]
