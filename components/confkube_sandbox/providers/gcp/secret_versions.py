"""Versions of secrets: the values."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.resource import Resource

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_VERSIONS = "projects.secrets.versions"


class SecretVersion(Resource, token="gcp:secretmanager/secretVersion:SecretVersion"):
    """``gcp.secretmanager.SecretVersion``; services/secretmanager/resource_secret_manager_secret_version.go."""

    title: ClassVar = "SecretManagerSecretVersion"
    template: ClassVar = "projects/{project}/secrets/{secretId}/versions/{version}"
    supported: ClassVar = frozenset(
        {"deletionPolicy", "enabled", "isSecretDataBase64", "project", "secret", "secretData"}
    )
    defaults: ClassVar = {"enabled": True}
    choices: ClassVar = (("secretData", "secretDataWo"),)
    same: ClassVar = {"secret": links.same}
    secret_outputs = frozenset({"secretData"})
    computed = frozenset({"createTime", "destroyTime", "name", "version"})

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Add a version to the secret."""
        secret = self._secret(gcp, inputs)
        body = {"payload": {"data": _encoded(inputs)}}
        try:
            answer = gcp.call("secretmanager", "projects.secrets.addVersion", parent=secret, body=body)
        except ApiError as error:
            raise CloudError(f"Error creating SecretVersion: {error}", error.reason) from None
        name = str(answer["name"])
        return Made(id=name, then=None if inputs.get("enabled", True) else lambda: self._enable(gcp, name, on=False))

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Get the version, and its value while it is enabled."""
        known = state | inputs
        try:
            found = gcp.call("secretmanager", f"{_VERSIONS}.get", name=id_)
        except ApiError as error:
            if error.status == 404:
                return None
            raise CloudError(f'Error when reading or editing {self.title} "{id_}": {error}') from None
        if found.get("state") == "DESTROYED":
            return None
        enabled = found.get("state") == "ENABLED"
        place = self.place(id_)
        return {
            "createTime": found["createTime"],
            "destroyTime": found.get("destroyTime") or "",
            "enabled": enabled,
            "isSecretDataBase64": known.get("isSecretDataBase64", False),
            "name": found["name"],
            "project": known.get("project") or _project(str(known.get("secret") or id_)),
            "secret": known.get("secret") or id_.partition("/versions/")[0],
            "secretData": self._value(gcp, id_, known) if enabled else known.get("secretData"),
            "version": place["version"],
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Enable or disable the version."""
        if "enabled" in to.keys:
            self._enable(gcp, to.id, on=bool(to.new.get("enabled", True)))

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Destroy the value; a version that is gone is a success. The policy ``DISABLE`` keeps the value."""
        verb = "disable" if outputs.get("deletionPolicy") == "DISABLE" else "destroy"
        try:
            gcp.call("secretmanager", f"{_VERSIONS}.{verb}", name=id_, body={})
        except ApiError as error:
            if error.status != 404:
                raise CloudError(f"Error when reading or editing SecretVersion: {error}", error.reason) from None

    def _enable(self, gcp: Connection, name: str, *, on: bool) -> None:
        gcp.call("secretmanager", f"{_VERSIONS}.{'enable' if on else 'disable'}", name=name, body={})

    def _secret(self, gcp: Connection, inputs: Properties) -> str:
        given, own = str(inputs["secret"]), inputs.get("project")
        found = re.fullmatch(r"(?:projects/([^/]+)/secrets/)?([^/]+)", given)
        if found is None:
            expected = "`projects/{{project}}/secrets/{{secret}}` or `{{secret}}`"
            raise CloudError(f"secret does not fit any of the expected formats {expected}. Got: {given}")
        if found[1] and own and own != found[1]:
            text = f"project {found[1]} was supplied on the secret and {own} supplied on the config, values conflict"
            raise CloudError(text)
        return f"projects/{found[1] or gcp.project}/secrets/{found[2]}"

    def _value(self, gcp: Connection, id_: str, known: Properties) -> object:
        try:
            answer = gcp.call("secretmanager", f"{_VERSIONS}.access", name=id_)
            data = str(answer["payload"]["data"])
            return data if known.get("isSecretDataBase64") else base64.b64decode(data).decode()
        except (ApiError, KeyError, ValueError):
            # As the real provider, which then keeps what the state has.
            return known.get("secretData")


def _project(secret: str) -> str | None:
    found = re.match(r"projects/([^/]+)/", secret)
    return found[1] if found else None


def _encoded(inputs: Properties) -> str:
    data = str(inputs["secretData"])
    if not inputs.get("isSecretDataBase64"):
        return base64.b64encode(data.encode()).decode()
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        # The value is a secret, so it is not repeated.
        raise CloudError("Error creating SecretVersion: the value is not base64") from None
    return data
