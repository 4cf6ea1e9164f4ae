"""Images: no demonstration images of moto, and own images that keep what they were registered with."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.amis import Ami, AmiBackend

from confkube_sandbox.daemon.aws import context

_register = AmiBackend.register_image
_deregister = AmiBackend.deregister_image
_KEPT = {
    "Architecture": "architecture",
    "BootMode": "boot_mode",
    "EnaSupport": "ena_support",
    "ImageLocation": "image_location",
    "ImdsSupport": "imds_support",
    "RootDeviceName": "root_device_name",
    "TpmSupport": "tpm_support",
    "VirtualizationType": "virtualization_type",
}


def install() -> None:
    """Repair images."""
    backend: Any = AmiBackend
    backend._load_amis = _load_nothing  # noqa: SLF001
    backend.register_image = _register_image
    backend.deregister_image = _deregister_image
    image: Any = Ami
    image.block_device_mappings = property(_devices)


def _load_nothing(self: Any) -> None:  # noqa: ANN401
    """Leave a new region empty; the catalogue of stock images fills it."""


def _register_image(self: Any, *args: Any, **kwargs: Any) -> Ami:  # noqa: ANN401
    params = context.current().params
    image: Any = _register(self, *args, **kwargs)
    # Defaults as the API documents them for RegisterImage.
    image.architecture, image.virtualization_type, image.boot_mode = "i386", "paravirtual", None
    image.ena_support, image.root_device_type, image.hypervisor = False, "ebs", "xen"
    image.image_location = f"{image.owner_id}/{image.name}"
    for name, attribute in _KEPT.items():
        if params.get(name) not in (None, ""):
            setattr(image, attribute, params[name])
    image.description = params.get("Description")
    devices: list[dict[str, Any]] = params.get("BlockDeviceMappings", [])
    image.devices = devices
    if any(each.get("Ebs", {}).get("SnapshotId") for each in devices):
        # The image is made of that one; moto's own would be left behind.
        del self.snapshots[image.ebs_snapshot.id]
    for each in params.get("TagSpecifications", []):
        if each["ResourceType"] == "image":
            image.add_tags({tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])})
    return image


def _deregister_image(self: Any, ami_id: str) -> None:  # noqa: ANN401
    image = self.amis.get(ami_id)
    _deregister(self, ami_id)
    # What moto made for an image without a disk goes with it; a snapshot of the user's own stays.
    self.snapshots.pop(image.ebs_snapshot.id, None)


def _devices(self: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    own: list[dict[str, Any]] | None = getattr(self, "devices", None)
    if own:
        return [
            {"DeviceName": each["DeviceName"], "Ebs": _disk(self, each.get("Ebs", {}))} for each in own if "Ebs" in each
        ]
    ebs = {"SnapshotId": self.ebs_snapshot.id, "VolumeSize": getattr(self, "root_gib", 8), "DeleteOnTermination": True}
    return [{"DeviceName": self.root_device_name, "Ebs": {**ebs, "VolumeType": "gp3", "Encrypted": False}}]


def _disk(self: Any, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """A disk is as large as its snapshot unless more was asked for, and encrypted where that is."""
    snapshot = self.ec2_backend.snapshots.get(asked.get("SnapshotId"))
    size = snapshot.volume_size if snapshot is not None else 8
    encrypted = bool(snapshot is not None and snapshot.encrypted)
    return {
        "VolumeSize": size,
        "DeleteOnTermination": True,
        "VolumeType": "gp2",
        "Encrypted": encrypted,
        **asked,
    }
