"""What is alive in a project, as ids: the measure of whether a teardown left anything behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.resource_manager import OWNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.cloud import Found
    from confkube_sandbox.daemon.gcp.model import Memory, Project

_OWNERS = frozenset(OWNERS["bindings"][0]["members"])
_PARTS = frozenset({"instanceGroups", "routes"})
"""What comes and goes with a managed group or a network, and is counted there."""


def resources(memory: Memory, account: str | None = None) -> list[Found]:
    """List (project, kind, id) of everything that lives."""
    return sorted(
        (name, kind, id_)
        for name, project in memory.projects.items()
        if account in (None, name)
        for kind, id_ in _alive(project)
    )


def _alive(project: Project) -> Iterator[tuple[str, str]]:
    for key in project.held:
        if key.collection not in _PARTS:
            yield _word(key.collection), f"{key.place}/{key.name}"
    yield from _bindings(project)
    yield from _identities(project)
    yield from _tags(project)
    for name, secret in project.secrets.items():
        yield "secret", f"global/{name}"
        for number, version in secret.versions.items():
            if version["state"] != "DESTROYED":
                yield "secret-version", f"global/{name}/{number}"


def _identities(project: Project) -> Iterator[tuple[str, str]]:
    for each in project.accounts.values():
        if each.deleted is None:
            yield "service-account", f"global/{each.body['email']}"
            for key in each.keys:
                yield "service-account-key", f"global/{each.body['email']}/{key}"
    for name, role in project.roles.items():
        if role.deleted is None:
            yield "role", f"global/{name}"


def _tags(project: Project) -> Iterator[tuple[str, str]]:
    for kind, held in (("tag-key", project.tag_keys), ("tag-value", project.tag_values)):
        for name in held:
            yield kind, f"global/{name}"
    for name, binding in project.tag_bindings.items():
        if binding.ghost is None:
            yield "tag-binding", f"{binding.location}/{name}"


def _bindings(project: Project) -> Iterator[tuple[str, str]]:
    for binding in project.policy.get("bindings", []):
        for member in binding["members"]:
            if member not in _OWNERS or binding["role"] != "roles/owner":
                yield "iam-binding", f"global/{binding['role']}/{member}"


def _word(collection: str) -> str:
    singular = "address" if collection == "addresses" else collection.removesuffix("s")
    return re.sub(r"([A-Z])", lambda found: f"-{found[1].lower()}", singular)
