"""Keys of service accounts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_KEYS = "projects.serviceAccounts.keys"
_GONE = (403, 404)
"""What the real provider takes for gone: who asks for a key that is not there is told that he may not."""
_SETTLE = 10.0
_PAUSE = 2.0
_WAIT = 240.0


class Key(Resource, token="gcp:serviceaccount/key:Key"):
    """``gcp.serviceaccount.Key``; services/resourcemanager/resource_google_service_account_key.go."""

    template: ClassVar = "projects/{project}/serviceAccounts/{account}/keys/{key}"
    supported: ClassVar = frozenset(
        {"deletionPolicy", "keepers", "keyAlgorithm", "privateKeyType", "publicKeyType", "serviceAccountId"}
    )
    defaults: ClassVar = {
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
        "publicKeyType": "TYPE_X509_PEM_FILE",
    }
    rules: ClassVar = {
        "keyAlgorithm": one_of("KEY_ALG_UNSPECIFIED", "KEY_ALG_RSA_1024", "KEY_ALG_RSA_2048"),
        # The other form is not simulated.
        "privateKeyType": one_of("TYPE_UNSPECIFIED", "TYPE_PKCS12_FILE", "TYPE_GOOGLE_CREDENTIALS_FILE"),
        "publicKeyType": one_of("TYPE_NONE", "TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY"),
    }
    maps: ClassVar = frozenset({"keepers"})
    secret_outputs = frozenset({"privateKey"})
    computed = frozenset({"name", "privateKey", "publicKey", "validAfter", "validBefore"})

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Create the key; its private half is told this once."""
        account = _account(gcp, str(inputs["serviceAccountId"]))
        body = {"keyAlgorithm": inputs["keyAlgorithm"], "privateKeyType": inputs["privateKeyType"]}
        try:
            answer = gcp.call("iam", f"{_KEYS}.create", name=account, body=body)
        except ApiError as error:
            raise CloudError(f"Error creating service account key: {error}", error.reason) from None
        told = {
            "privateKey": answer["privateKeyData"],
            "validAfter": answer["validAfterTime"],
            "validBefore": answer["validBeforeTime"],
        }
        name, form = str(answer["name"]), str(inputs["publicKeyType"])
        return Made(id=name, then=lambda: _settle(gcp, name, form), known=told)

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Get the key, and keep what only its creation told."""
        known = state | inputs
        form = str(known.get("publicKeyType") or self.defaults["publicKeyType"])
        try:
            found = gcp.call("iam", f"{_KEYS}.get", name=id_, publicKeyType=form)
        except ApiError as error:
            if error.status in _GONE:
                return None
            raise CloudError(str(error), error.reason) from None
        kept = ("keepers", "privateKey", "privateKeyType", "serviceAccountId", "validAfter", "validBefore")
        return {
            **{key: known.get(key) for key in kept},
            "keyAlgorithm": found["keyAlgorithm"],
            "name": found["name"],
            "publicKey": found.get("publicKeyData") or "",
            "publicKeyType": form,
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Nothing of a key can change."""

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Delete the key; one that is gone is a success."""
        try:
            gcp.call("iam", f"{_KEYS}.delete", name=id_)
        except ApiError as error:
            if error.status not in _GONE:
                raise CloudError(str(error), error.reason) from None


def _account(gcp: Connection, given: str) -> str:
    """Return the complete name of an account (ServiceAccountFQN)."""
    if given.startswith("projects/"):
        return given
    email = given if "@" in given else f"{given}@{gcp.project}.iam.gserviceaccount.com"
    return f"projects/-/serviceAccounts/{email}"


def _settle(gcp: Connection, name: str, form: str) -> None:
    end = time.monotonic() + _WAIT / gcp.speed
    while True:
        try:
            _look(gcp, name, form)
            break
        except ApiError as error:
            if error.status != 404:
                raise
            if time.monotonic() >= end:
                raise CloudError(f"Error waiting for Creating Service account key: {error}") from None
        time.sleep(_PAUSE / gcp.speed)
    time.sleep(_SETTLE / gcp.speed)


def _look(gcp: Connection, name: str, form: str) -> dict[str, Any]:
    return gcp.call("iam", f"{_KEYS}.get", name=name, publicKeyType=form)
