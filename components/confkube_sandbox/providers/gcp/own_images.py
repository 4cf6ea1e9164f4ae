"""Images that a program makes or reads; what a program may write for one elsewhere is in ``images``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.gcp import naming
from confkube_sandbox.providers.gcp.answers import parts
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.rules.values import optional_one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_FEATURES = (
    "MULTI_IP_SUBNET",
    "SECURE_BOOT",
    "SEV_CAPABLE",
    "UEFI_COMPATIBLE",
    "VIRTIO_SCSI_MULTIQUEUE",
    "WINDOWS",
    "GVNIC",
    "IDPF",
    "SEV_LIVE_MIGRATABLE",
    "SEV_SNP_CAPABLE",
    "SUSPEND_RESUME_COMPATIBLE",
    "TDX_CAPABLE",
    "SEV_LIVE_MIGRATABLE_V2",
    "SNP_SVSM_CAPABLE",
)


class Image(Compute, token="gcp:compute/image:Image"):
    """``gcp.compute.Image``; services/compute/resource_compute_image.go."""

    noun: ClassVar = "Image"
    title: ClassVar = "ComputeImage"
    collection: ClassVar = "images"
    parameter: ClassVar = "image"
    model: ClassVar = "Image"
    template: ClassVar = "projects/{project}/global/images/{name}"
    supported: ClassVar = frozenset(
        {
            "deletionPolicy",
            "description",
            "family",
            "guestOsFeatures",
            "labels",
            "name",
            "project",
            "rawDisk",
            "storageLocations",
        }
    )
    unserved: ClassVar = ("rawDisk.sha1",)
    defaults: ClassVar = {"rawDisk.containerType": "TAR"}
    name: ClassVar = naming.ANY
    labelled: ClassVar = True
    rules: ClassVar = {
        "guestOsFeatures.*.type": optional_one_of(*_FEATURES),
        "rawDisk.containerType": optional_one_of("TAR"),
    }
    sets: ClassVar = frozenset({"guestOsFeatures"})
    watched: ClassVar = frozenset({"description", "family"})
    computed = frozenset(
        {
            "archiveSizeBytes",
            "creationTimestamp",
            "diskSizeGb",
            "guestOsFeatures",
            "labelFingerprint",
            "licenses",
            "selfLink",
            "shieldedInstanceInitialState",
            "storageLocations",
        }
    )

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new image."""
        own = {
            key: inputs.get(key)
            for key in ("description", "family", "guestOsFeatures", "name", "rawDisk", "storageLocations")
        }
        labels = inputs.get("effectiveLabels")
        return self.translator(gcp).body(self.model, own) | ({"labels": labels} if labels else {})

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:  # noqa: ARG002
        """Return the outputs; where its disk came from is not told again."""
        texts = ("creationTimestamp", "description", "family", "labelFingerprint", "selfLink")
        sources = ("sourceDisk", "sourceImage", "sourceSnapshot")
        return {
            **{key: answer.get(key) or "" for key in (*texts, *sources)},
            "archiveSizeBytes": int(answer.get("archiveSizeBytes") or 0),
            "diskSizeGb": int(answer.get("diskSizeGb") or 0),
            "guestOsFeatures": [{"type": each["type"]} for each in parts(answer, "guestOsFeatures")],
            "labels": answer.get("labels"),
            "licenses": answer.get("licenses") or [],
            "name": answer["name"],
            "rawDisk": (state | inputs).get("rawDisk"),
            "storageLocations": answer.get("storageLocations") or [],
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Set the labels, with the fingerprint that the state has."""
        if "labels" not in to.keys and to.labels == to.state.get("effectiveLabels"):
            return
        place = self.place(to.id)
        body = {"labels": to.labels, "labelFingerprint": to.state.get("labelFingerprint")}
        text = f'Error updating {self.noun} "{to.id}": '
        where = {"project": place["project"], "resource": place["name"]}
        self.run(gcp, "images.setLabels", text, "Updating Image", body=body, **where)
