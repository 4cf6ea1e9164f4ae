"""Secrets of Secret Manager, without their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import naming, rules
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import CheckFailure, Properties

# Input to the name in an update mask.
_CHANGEABLE = ("versionAliases", "versionDestroyTtl", "topics", "expireTime", "ttl", "rotation")


class Secret(Resource, token="gcp:secretmanager/secret:Secret"):
    """``gcp.secretmanager.Secret``; services/secretmanager/resource_secret_manager_secret.go."""

    title: ClassVar = "SecretManagerSecret"
    template: ClassVar = "projects/{project}/secrets/{secretId}"
    supported: ClassVar = frozenset(
        {
            *_CHANGEABLE,
            "annotations",
            "deletionPolicy",
            "deletionProtection",
            "labels",
            "project",
            "replication",
            "secretId",
        }
    )
    unserved: ClassVar = (
        "replication.auto.customerManagedEncryption",
        "replication.userManaged.replicas.*.customerManagedEncryption",
    )
    defaults: ClassVar = {"deletionProtection": False}
    name: ClassVar = naming.Autoname(key="secretId")
    labelled: ClassVar = True
    choices: ClassVar = (("replication.auto", "replication.userManaged"),)
    maps: ClassVar = frozenset({"versionAliases"})
    watched: ClassVar = frozenset({"rotation", "topics", "versionAliases", "versionDestroyTtl"})
    computed = frozenset({"createTime", "effectiveAnnotations", "expireTime", "name"})

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse a rotation without a topic to tell, and one without its period."""
        return [
            *rules.required_with("rotation", ("topics",), inputs),
            *rules.required_with("rotation.nextRotationTime", ("rotation.rotationPeriod",), inputs),
        ]

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Create the secret."""
        body = _body(inputs) | {"replication": _replication(inputs)}
        if inputs.get("effectiveLabels"):
            body["labels"] = inputs["effectiveLabels"]
        parent, id_ = f"projects/{gcp.project}", str(inputs["secretId"])
        try:
            gcp.call("secretmanager", "projects.secrets.create", parent=parent, secretId=id_, body=body)
        except ApiError as error:
            raise CloudError(f"Error creating Secret: {error}", error.reason) from None
        return Made(id=self.template.format(project=gcp.project, secretId=id_))

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Get the secret."""
        known, place = state | inputs, self.place(id_)
        try:
            found = gcp.call("secretmanager", "projects.secrets.get", name=id_)
        except ApiError as error:
            if error.status == 404:
                return None
            raise CloudError(f'Error when reading or editing {self.title} "{id_}": {error}') from None
        annotations = cast("dict[str, str]", found.get("annotations") or {})
        own = cast("dict[str, str]", known.get("annotations") or {})
        return {
            "annotations": {key: annotations.get(key, "") for key in own} if own else None,
            "createTime": found["createTime"],
            "deletionProtection": known.get("deletionProtection", False),
            "effectiveAnnotations": annotations,
            "expireTime": found.get("expireTime") or "",
            "labels": found.get("labels"),
            "name": found["name"],
            "project": place["project"],
            "replication": _replication_outputs(cast("dict[str, Any]", found["replication"])),
            "rotation": found.get("rotation"),
            "secretId": place["secretId"],
            "topics": found.get("topics") or [],
            "ttl": known.get("ttl"),
            "versionAliases": found.get("versionAliases") or {},
            "versionDestroyTtl": found.get("versionDestroyTtl") or "",
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Patch what differs, by an update mask."""
        mask = [key for key in _CHANGEABLE if key in to.keys]
        body = _body(to.new)
        if "labels" in to.keys or to.labels != to.state.get("effectiveLabels"):
            mask.append("labels")
            body["labels"] = to.labels
        if "annotations" in to.keys:
            mask.append("annotations")
        if "ttl" in to.keys and "expireTime" not in to.keys:
            body.pop("expireTime", None)
        if not mask:
            return
        try:
            gcp.call("secretmanager", "projects.secrets.patch", name=to.id, updateMask=",".join(mask), body=body)
        except ApiError as error:
            raise CloudError(f'Error updating Secret "{to.id}": {error}', error.reason) from None

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Delete the secret with its versions; one that is gone is a success."""
        if outputs.get("deletionProtection"):
            text = "cannot destroy secret manager secret without setting deletion_protection=false and running "
            raise CloudError(f"{text}`terraform apply`")
        try:
            gcp.call("secretmanager", "projects.secrets.delete", name=id_)
        except ApiError as error:
            if error.status != 404:
                raise CloudError(f"Error when reading or editing Secret: {error}", error.reason) from None


def _body(inputs: Properties) -> dict[str, Any]:
    return {
        key: inputs[key] for key in (*_CHANGEABLE, "annotations") if inputs.get(key) not in (None, "", [], {}, UNKNOWN)
    }


def _replication(inputs: Properties) -> dict[str, Any]:
    given = cast("dict[str, Any]", inputs["replication"])
    if given.get("auto") is not None:
        return {"automatic": {}}
    replicas = cast("list[dict[str, Any]]", given["userManaged"]["replicas"])
    return {"userManaged": {"replicas": [{"location": each["location"]} for each in replicas]}}


def _replication_outputs(found: dict[str, Any]) -> Properties:
    managed = cast("dict[str, Any] | None", found.get("userManaged"))
    if managed is None:
        return {"auto": {}}
    return {"userManaged": {"replicas": [{"location": each["location"]} for each in managed["replicas"]]}}
