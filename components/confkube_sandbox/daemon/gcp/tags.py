"""Resource Manager: tag keys and tag values. Changes are accepted and end later; most refusals come at the end."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp import policies
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Body, Tag
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.errors import OperationError
    from confkube_sandbox.daemon.gcp.model import Memory, Project

RPC: Mapping[str, int] = MappingProxyType({"ALREADY_EXISTS": 6, "FAILED_PRECONDITION": 9})
"""The codes with which operations fail: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto."""
# Simulated seconds; ordinary experience, since Google documents none of them.
_SECONDS = 3.0
_PAGE = 100
_PREFIX = "type.googleapis.com/google.cloud.resourcemanager.v3."
_DENIED = "The caller does not have permission"


@serves("cloudresourcemanager.tagKeys.create")
def create_key(call: Call) -> Body:
    """Make a tag key in a project."""
    name = f"tagKeys/{_number(call)}"
    body = {
        "name": name,
        "parent": f"projects/{call.project.number}",
        "shortName": call.body["shortName"],
        "namespacedName": f"{call.project.id}/{call.body['shortName']}",
        **_described(call),
    }
    call.project.tag_keys[name] = Tag(body=body)
    return changed(call, {"@type": f"{_PREFIX}TagKey", **body})


@serves("cloudresourcemanager.tagValues.create")
def create_value(call: Call) -> Body:
    """Make a value of a tag key."""
    key = call.project.tag_keys[call.body["parent"]]
    name = f"tagValues/{_number(call)}"
    body = {
        "name": name,
        "parent": call.body["parent"],
        "shortName": call.body["shortName"],
        "namespacedName": f"{key.body['namespacedName']}/{call.body['shortName']}",
        **_described(call),
    }
    call.project.tag_values[name] = Tag(body=body)
    return changed(call, {"@type": f"{_PREFIX}TagValue", **body})


@serves("cloudresourcemanager.tagKeys.get", "cloudresourcemanager.tagValues.get")
def get(call: Call) -> Body:
    """Show a key or a value."""
    return require(call).body


@serves("cloudresourcemanager.tagKeys.list", "cloudresourcemanager.tagValues.list")
def list_(call: Call) -> Body:
    """List the keys of a project or the values of a key."""
    parent = call.query["parent"]
    if call.operation.startswith("tagKeys"):
        found, word = [each.body for each in call.project.tag_keys.values()], "tagKeys"
    else:
        found = [each.body for each in call.project.tag_values.values() if each.body["parent"] == parent]
        word = "tagValues"
    return paged(call, word, found)


@serves("cloudresourcemanager.tagKeys.patch", "cloudresourcemanager.tagValues.patch")
def patch(call: Call) -> Body:
    """Change the description, which is all that can change."""
    held = require(call)
    held.body.pop("description", None)
    if call.body.get("description"):
        held.body["description"] = call.body["description"]
    held.body |= {"updateTime": _stamp(call), "etag": _etag(call)}
    kind = "TagKey" if call.operation.startswith("tagKeys") else "TagValue"
    return changed(call, {"@type": _PREFIX + kind, **held.body})


@serves("cloudresourcemanager.tagKeys.delete", "cloudresourcemanager.tagValues.delete")
def delete(call: Call) -> Body:
    """Delete a key or a value."""
    held = require(call)
    _collection(call).pop(held.body["name"])
    return changed(call, {"@type": "type.googleapis.com/google.protobuf.Empty"})


@serves("cloudresourcemanager.tagKeys.getIamPolicy", "cloudresourcemanager.tagValues.getIamPolicy")
def get_policy(call: Call) -> Body:
    """Show who may use a key or a value."""
    return policies.shown(require(call).policy)


@serves("cloudresourcemanager.tagKeys.setIamPolicy", "cloudresourcemanager.tagValues.setIamPolicy")
def set_policy(call: Call) -> Body:
    """Say who may use a key or a value."""
    held = require(call)
    held.policy = policies.replaced(call)
    return policies.shown(held.policy)


@serves("cloudresourcemanager.operations.get")
def get_operation(call: Call) -> Body:
    """Show how a change goes."""
    name = f"operations/{call.path['operationsId']}"
    return _shown(call, name)


def owner(memory: Memory, path: Mapping[str, str], query: Mapping[str, str], body: Body) -> Project | None:
    """Return the project that a request about tags is for, by the names in it."""
    wanted = {f"{word}/{path[f'{word}Id']}" for word in ("tagKeys", "tagValues", "operations") if f"{word}Id" in path}
    wanted |= {each for each in (query.get("parent"), body.get("parent"), body.get("tagValue")) if each}
    wanted |= {path["tagBindingsId"]} if "tagBindingsId" in path else set()
    for project in memory.projects.values():
        if wanted & {*project.tag_keys, *project.tag_values, *project.changes, *project.tag_bindings}:
            return project
    return None


def require(call: Call) -> Tag:
    """Return the key or value that the path names; who asks for one that is not there is told that he may not.

    Raises:
        ApiError: There is none.
    """
    word = call.operation.partition(".")[0]
    found = _collection(call).get(f"{word}/{call.path[f'{word}Id']}")
    if found is None:
        raise ApiError("forbidden", _DENIED, 403)
    return found


def paged(call: Call, word: str, found: list[Body]) -> Body:
    """Return one page of a list."""
    start = int(call.query.get("pageToken") or 0)
    size = int(call.query.get("pageSize") or _PAGE)
    page = found[start : start + size]
    answer: Body = {word: page} if page else {}
    return {**answer, "nextPageToken": str(start + size)} if start + size < len(found) else answer


def changed(call: Call, response: Body) -> Body:
    """Begin the operation of a change that will end well."""
    return _begun(call, {"response": response})


def failed(call: Call, error: OperationError) -> Body:
    """Begin the operation of a change that will be refused."""
    return _begun(call, {"error": {"code": RPC[error.code], "message": error.message}})


def _begun(call: Call, end: Body) -> Body:
    seed = hashlib.sha256(f"{call.project.id} {call.new_id()}".encode()).hexdigest()
    name = f"operations/rctk.{call.operation.partition('.')[0]}.{int(seed[:12], 16)}"
    call.project.changes[name] = (call.now + timedelta(seconds=_SECONDS / call.settings.speed), end)
    return _shown(call, name)


def _shown(call: Call, name: str) -> Body:
    when, end = call.project.changes[name]
    return {"name": name, "done": True, **end} if when <= call.now else {"name": name}


def _collection(call: Call) -> dict[str, Tag]:
    return call.project.tag_keys if call.operation.startswith("tagKeys") else call.project.tag_values


def _number(call: Call) -> str:
    return f"28{int(call.new_id()) % 10**13:013d}"


def _described(call: Call) -> dict[str, Any]:
    words = {"description": call.body["description"]} if call.body.get("description") else {}
    return {**words, "createTime": _stamp(call), "updateTime": _stamp(call), "etag": _etag(call)}


def _stamp(call: Call) -> str:
    return call.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _etag(call: Call) -> str:
    return hashlib.sha256(call.new_id().encode()).hexdigest()[:16]
