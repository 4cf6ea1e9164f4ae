"""The image of pod VMs: one that exists, or one made from a disk image in the cloud's object storage."""

from dataclasses import dataclass
from typing import Any

import pulumi

from confkube.clouds import resolve
from confkube.component import refusing
from confkube.parse import parse
from confkube.platform import Cvm, Disk, Existing, ImageSpec
from confkube.role_types import ImageRef, PeerPodImageArgs
from confkube.spec import PodImage
from confkube.types import Tee


@dataclass(frozen=True, kw_only=True)
class _Arguments:
    platform: dict[str, Any]
    cluster: dict[str, Any]
    tee: Tee
    image: PodImage


class PeerPodImage(pulumi.ComponentResource):
    """An image for the pod VMs of one TEE."""

    image_id: pulumi.Output[str]
    """The provider's identifier of the image."""

    @refusing
    def __init__(self, name: str, args: PeerPodImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        content = content_of(spec.image)
        platform.limits.check_image(f"{name}: image", content, Cvm(tee=spec.tee))
        super().__init__("confkube:index:PeerPodImage", name, {}, opts)
        self._image = platform.image(
            name,
            ImageSpec(content=content, isolation=Cvm(tee=spec.tee), labels=args["cluster"]["labels"]),
            pulumi.ResourceOptions(parent=self),
        )
        self.image_id = pulumi.Output.from_input(self._image.image_id)
        self.register_outputs({"image_id": self.image_id})

    @property
    def ref(self) -> ImageRef:
        """What the pod VMs of ``PeerPods`` take as ``image``."""
        return {"image_id": self._image.image_id, "root_device": self._image.root_device}


def content_of(image: PodImage) -> Existing | Disk:
    """What an image is, or is made from."""
    return Existing(image_id=image.id) if image.id is not None else Disk(address=image.disk or "")
