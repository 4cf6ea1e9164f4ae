"""Images: no demonstration images of moto, and own images that keep what they were registered with."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.amis import Ami, AmiBackend

from confkube_sandbox.daemon.aws import context

_register = AmiBackend.register_image
_KEPT = {
    "Architecture": "architecture",
    "BootMode": "boot_mode",
    "EnaSupport": "ena_support",
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
    for name, attribute in _KEPT.items():
        if name in params:
            setattr(image, attribute, params[name])
    image.description = params.get("Description")
    devices: list[dict[str, Any]] = params.get("BlockDeviceMappings", [])
    image.devices = devices
    return image


def _devices(self: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    own: list[dict[str, Any]] | None = getattr(self, "devices", None)
    if own:
        return [
            {"DeviceName": each["DeviceName"], "Ebs": {"VolumeSize": 8, **each.get("Ebs", {})}}
            for each in own
            if "Ebs" in each
        ]
    ebs = {"SnapshotId": self.ebs_snapshot.id, "VolumeSize": getattr(self, "root_gib", 8), "DeleteOnTermination": True}
    return [{"DeviceName": self.root_device_name, "Ebs": {**ebs, "VolumeType": "gp3", "Encrypted": False}}]
