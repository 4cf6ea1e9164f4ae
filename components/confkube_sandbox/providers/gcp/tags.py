"""Tag keys and tag values of Resource Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import operations
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.gcp.links import name_of
from confkube_sandbox.providers.gcp.locks import lock
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.gcp.rules.values import length

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties


def _same_project(old: object, new: object) -> bool:
    """``ProjectNumberDiffSuppress``: the cloud says the number of a project where a program writes its id."""
    numbered = isinstance(old, str) and name_of(old).isdigit() and str(new).startswith("projects/")
    return old == new or numbered


class _Tag(Resource):
    """What keys and values have in common.

    Attributes:
        noun: How the real provider calls it, for example ``TagKey``.
        collection: For example ``tagKeys``.
    """

    noun: ClassVar[str]
    collection: ClassVar[str]
    supported: ClassVar = frozenset({"deletionPolicy", "description", "parent", "shortName"})
    rules: ClassVar = {"shortName": length(1, 256), "description": length(0, 256)}
    watched: ClassVar = frozenset({"description"})
    computed = frozenset({"createTime", "name", "namespacedName", "updateTime"})

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Create it and wait; what the operation leads to has the number."""
        given = {key: inputs.get(key) for key in ("description", "parent", "shortName")}
        body = {key: value for key, value in given.items() if value}
        with lock(f"{self.collection}/{inputs['parent']}"):
            try:
                operation = gcp.call("tags", f"{self.collection}.create", body=body)
            except ApiError as error:
                raise CloudError(f"Error creating {self.noun}: {error}", error.reason) from None
            try:
                made = _wait(gcp, operation, f"Creating {self.noun}")
            except (OperationError, CloudError) as error:
                raise CloudError(f"Error waiting to create {self.noun}: {error}") from None
        return Made(id=str(made["name"]))

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:  # noqa: ARG002
        """Get it."""
        try:
            found = gcp.call("tags", f"{self.collection}.get", name=id_)
        except ApiError as error:
            if error.status == 404:
                return None
            raise CloudError(f'Error when reading or editing {self.title} "{id_}": {error}', error.reason) from None
        texts = ("createTime", "description", "namespacedName", "parent", "shortName", "updateTime")
        return {**{key: found.get(key) or "" for key in texts}, "name": name_of(str(found["name"]))}

    def change_(self, gcp: Connection, to: Change) -> None:
        """Patch the description."""
        if "description" not in to.keys:
            return
        body = {"description": to.new.get("description") or ""}
        try:
            operation = gcp.call("tags", f"{self.collection}.patch", name=to.id, body=body, updateMask="description")
        except ApiError as error:
            raise CloudError(f'Error updating {self.noun} "{to.id}": {error}', error.reason) from None
        _wait(gcp, operation, f"Updating {self.noun}")

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Delete it and wait; what is gone is a success only where the cloud says that it is not there."""
        with lock(f"{self.collection}/{outputs.get('parent')}"):
            try:
                operation = gcp.call("tags", f"{self.collection}.delete", name=id_)
            except ApiError as error:
                if error.status == 404:
                    return
                raise CloudError(f"Error when reading or editing {self.noun}: {error}", error.reason) from None
            _wait(gcp, operation, f"Deleting {self.noun}")


class TagKey(_Tag, token="gcp:tags/tagKey:TagKey"):
    """``gcp.tags.TagKey``; services/tags/resource_tags_tag_key.go."""

    noun: ClassVar = "TagKey"
    title: ClassVar = "TagsTagKey"
    collection: ClassVar = "tagKeys"
    template: ClassVar = "tagKeys/{name}"
    same: ClassVar = {"parent": _same_project}


class TagValue(_Tag, token="gcp:tags/tagValue:TagValue"):
    """``gcp.tags.TagValue``; services/tags/resource_tags_tag_value.go."""

    noun: ClassVar = "TagValue"
    title: ClassVar = "TagsTagValue"
    collection: ClassVar = "tagValues"
    template: ClassVar = "tagValues/{name}"


def _wait(gcp: Connection, operation: dict[str, Any], activity: str) -> dict[str, Any]:
    """Wait until a change is done, and return what it led to (services/tags/tags_operation.go)."""

    def look() -> dict[str, Any] | None:
        found = operation if operation.get("done") else gcp.call("tags", "operations.get", name=operation["name"])
        return found if found.get("done") else None

    def late() -> str:
        return f"Error waiting for {activity}: timeout while waiting for state to become 'done: true'"

    done = operations.until(gcp, look, late)
    error = cast("dict[str, Any] | None", done.get("error"))
    if error:
        text = f"Error waiting for {activity}: Error code {error['code']}, message: {error['message']}"
        raise OperationError(text, (str(error["code"]),))
    return cast("dict[str, Any]", done["response"])
