"""Looking up projects and images."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp.answers import part, parts
from confkube_sandbox.providers.gcp.connection import Connection, connect
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.handler import Function

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

# verify/validation.go: ProjectRegex.
_PROJECT = (
    r"(?:(?:[-a-z0-9]{1,63}\.)*(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?):)?"
    r"(?:[0-9]{1,19}|(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?))"
)
_IMAGE_KEYS = ("name", "family", "filter")


class GetProject(Function, token="gcp:organizations/getProject:getProject"):
    """``gcp.organizations.get_project``; services/resourcemanager/data_source_google_project.go."""

    def invoke(self, args: Properties, ctx: Context) -> Properties:
        """Ask Resource Manager about a project; the provider's own where none is named."""
        gcp = connect(ctx, {})
        named = str(args.get("projectId") or gcp.world.project)
        if not named:
            raise CloudError(
                "no project value set. `project_id` must be set at the resource level, or a default `project` value "
                "must be specified on the provider"
            )
        id_ = named.rpartition("/")[2]
        if not re.fullmatch(_PROJECT, id_):
            raise CloudError(
                f'"{id_}" project_id must be 6 to 30 with lowercase letters, digits, hyphens and start with a letter. '
                "Trailing hyphens are prohibited."
            )
        found = self._get(gcp, id_)
        labels = cast("dict[str, str]", found.get("labels") or {})
        parent = cast("dict[str, str]", found.get("parent") or {})
        return {
            "autoCreateNetwork": True,
            "billingAccount": "",
            "deletionPolicy": "PREVENT",
            "effectiveLabels": labels,
            "folderId": parent.get("id", "") if parent.get("type") == "folder" else "",
            "id": f"projects/{named}",
            "labels": labels,
            "name": found.get("name") or "",
            "number": str(found["projectNumber"]),
            "orgId": parent.get("id", "") if parent.get("type") == "organization" else "",
            "projectId": id_,
            "pulumiLabels": labels,
            "tags": {},
        }

    def _get(self, gcp: Connection, id_: str) -> dict[str, Any]:
        try:
            found = gcp.call("cloudresourcemanager", "projects.get", projectId=id_)
        except ApiError as error:
            if error.status == 403 and "caller does not have permission" in error.message:
                text = f'the user does not have permission to access Project "{id_}" or it may not exist'
                raise CloudError(text, error.reason) from None
            if error.status == 404:
                raise CloudError(f"projects/{id_} not found or not in ACTIVE state", error.reason) from None
            raise CloudError(f'Error when reading or editing Project "{id_}": {error}', error.reason) from None
        if found.get("lifecycleState") != "ACTIVE":
            raise CloudError(f"projects/{id_} not found or not in ACTIVE state")
        return found


class GetImage(Function, token="gcp:compute/getImage:getImage"):
    """``gcp.compute.get_image``; services/compute/data_source_google_compute_image.go."""

    def invoke(self, args: Properties, ctx: Context) -> Properties:
        """Find one image by its name, its family or a filter."""
        given = [key for key in _IMAGE_KEYS if args.get(key)]
        if len(given) != 1:
            listed = ",".join(sorted(_IMAGE_KEYS))
            said = f"`{','.join(given)}` were specified." if given else ""
            reason = (
                f"only one of `{listed}` can be specified, but {said}"
                if given
                else f"one of `{listed}` must be specified"
            )
            raise CloudError(f'Invalid combination of arguments. "{(given or ["name"])[0]}": {reason}')
        gcp = connect(ctx, args)
        try:
            found = self._find(gcp, args)
        except ApiError as error:
            raise CloudError(f"error retrieving image information: {error}", error.reason) from None
        texts = ("creationTimestamp", "description", "family", "labelFingerprint", "sourceDisk", "sourceDiskId")
        return {
            **{key: found.get(key) or "" for key in (*texts, "sourceImageId", "status")},
            "archiveSizeBytes": int(found.get("archiveSizeBytes") or 0),
            "diskSizeGb": int(found.get("diskSizeGb") or 0),
            "filter": args.get("filter"),
            "id": f"projects/{gcp.project}/global/images/{found['name']}",
            "imageEncryptionKeySha256": part(found, "imageEncryptionKey").get("sha256", ""),
            "imageId": str(found["id"]),
            "labels": found.get("labels") or {},
            "licenses": found.get("licenses") or [],
            "mostRecent": args.get("mostRecent"),
            "name": found["name"],
            "project": gcp.project,
            "selfLink": found["selfLink"],
            "sourceDiskEncryptionKeySha256": part(found, "sourceDiskEncryptionKey").get("sha256", ""),
        }

    def _find(self, gcp: Connection, args: Properties) -> dict[str, Any]:
        if args.get("name"):
            return gcp.compute("images.get", image=args["name"])
        if args.get("family"):
            return gcp.compute("images.getFromFamily", family=args["family"])
        listed = gcp.compute("images.list", filter=args["filter"])
        found = parts(listed, "items")
        if len(found) == 1:
            return found[0]
        if found and args.get("mostRecent"):
            return max(found, key=lambda each: datetime.fromisoformat(each["creationTimestamp"]))
        raise CloudError(
            "your filter has returned more than one image or no image. Please refine your filter to return exactly "
            "one image"
        )
