"""Service accounts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import naming
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.gcp.rules.values import length, rfc1035_name
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

# IAM is eventually consistent, so the real provider looks three times and then waits.
_LOOKS = 3
_SETTLE_AFTER_CREATE = 10.0
_SETTLE_AFTER_UPDATE = 5.0
_LOOK_PAUSE = 2.0


class Account(Resource, token="gcp:serviceaccount/account:Account"):
    """``gcp.serviceaccount.Account``; services/resourcemanager/resource_google_service_account.go."""

    template: ClassVar = "projects/{project}/serviceAccounts/{email}"
    seconds: ClassVar = (300, 1200, 1200)
    supported: ClassVar = frozenset(
        {
            "accountId",
            "createIgnoreAlreadyExists",
            "deletionPolicy",
            "description",
            "disabled",
            "displayName",
            "project",
        }
    )
    defaults: ClassVar = {"disabled": False}
    name: ClassVar = naming.Autoname(key="accountId", longest=30)
    rules: ClassVar = {"accountId": rfc1035_name(6, 30), "description": length(0, 256)}
    watched: ClassVar = frozenset({"description", "displayName"})
    computed = frozenset({"email", "member", "name", "uniqueId"})

    def promised(self, inputs: Properties) -> Properties:
        """The address is known as soon as account and project are (ResourceServiceAccountCustomDiffFunc)."""
        account, project = inputs.get("accountId"), inputs.get("project")
        if not account or not project or UNKNOWN in (account, project):
            return super().promised(inputs)
        email = f"{account}@{project}.iam.gserviceaccount.com"
        return super().promised(inputs) | {"email": email, "member": f"serviceAccount:{email}"}

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Create the account, and look at it until IAM knows it everywhere."""
        account = {"displayName": inputs.get("displayName") or "", "description": inputs.get("description") or ""}
        body = {"accountId": inputs["accountId"], "serviceAccount": account}
        try:
            answer = gcp.call("iam", "projects.serviceAccounts.create", name=f"projects/{gcp.project}", body=body)
        except ApiError as error:
            if error.status != 409 or not inputs.get("createIgnoreAlreadyExists"):
                raise CloudError(f"Error creating service account: {error}", error.reason) from None
            email = f"{inputs['accountId']}@{gcp.project}.iam.gserviceaccount.com"
            return Made(id=self.template.format(project=gcp.project, email=email))
        return Made(id=str(answer["name"]), then=lambda: self._settle(gcp, str(answer["name"]), _SETTLE_AFTER_CREATE))

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Get the account."""
        known = state | inputs
        try:
            found = gcp.call("iam", "projects.serviceAccounts.get", name=id_)
        except ApiError as error:
            if error.status == 404:
                return None
            raise CloudError(f'Error when reading or editing Service Account "{id_}": {error}') from None
        email = str(found["email"])
        return {
            "accountId": email.partition("@")[0],
            "createIgnoreAlreadyExists": known.get("createIgnoreAlreadyExists"),
            "description": found.get("description") or "",
            "disabled": bool(found.get("disabled")),
            "displayName": found.get("displayName") or "",
            "email": email,
            "member": f"serviceAccount:{email}",
            "name": found["name"],
            "project": found["projectId"],
            "uniqueId": found["uniqueId"],
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Enable or disable the account, and patch its words."""
        try:
            live = gcp.call("iam", "projects.serviceAccounts.get", name=to.id)
        except ApiError as error:
            raise CloudError(f'Error retrieving service account "{to.id}": {error}') from None
        if "disabled" in to.keys:
            verb = "disable" if to.new.get("disabled") else "enable"
            gcp.call("iam", f"projects.serviceAccounts.{verb}", name=to.id, body={})
        mask = [
            name for key, name in (("description", "description"), ("displayName", "display_name")) if key in to.keys
        ]
        if not mask:
            return
        words = {"displayName": to.new.get("displayName") or "", "description": to.new.get("description") or ""}
        body = {"updateMask": ",".join(mask), "serviceAccount": {**words, "etag": live.get("etag")}}
        gcp.call("iam", "projects.serviceAccounts.patch", name=to.id, body=body)
        self._settle(gcp, to.id, _SETTLE_AFTER_UPDATE)

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Delete the account; one that is gone is a success."""
        try:
            gcp.call("iam", "projects.serviceAccounts.delete", name=id_)
        except ApiError as error:
            if error.status != 404:
                raise CloudError(f"Error deleting service account: {error}", error.reason) from None

    def _settle(self, gcp: Connection, name: str, seconds: float) -> None:
        seen = 0
        while seen < _LOOKS and time.monotonic() < gcp.ends:
            try:
                gcp.call("iam", "projects.serviceAccounts.get", name=name)
                seen += 1
            except ApiError as error:
                # Both mean that a part of IAM does not know it yet.
                if error.status not in (403, 404):
                    raise
                seen = 0
            time.sleep(_LOOK_PAUSE / gcp.speed)
        time.sleep(seconds / gcp.speed)
