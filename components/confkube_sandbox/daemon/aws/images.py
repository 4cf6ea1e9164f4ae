"""Stock images: a small catalogue of facts, put into each region when it is first used."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from moto.ec2.models.amis import Ami

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_ROOT_GIB = 8


@dataclass(frozen=True, kw_only=True)
class StockImage:
    """One public image as its publisher names it."""

    name: str
    owner: str
    architecture: str
    boot_mode: str
    root_device: str
    image_ids: dict[str, str]

    def image_id(self, region: str) -> str:
        """Return the image's id in a region: the real one where it is known, else one derived from the name."""
        digest = hashlib.sha256(f"{region}/{self.owner}/{self.name}".encode()).hexdigest()
        return self.image_ids.get(region, f"ami-{digest[:17]}")


@cache
def catalogue() -> tuple[StockImage, ...]:
    """Read the images that confkube's facts list for AWS."""
    text = resources.files("confkube.facts").joinpath("images.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["image"]
    return tuple(
        StockImage(
            name=each["name"],
            owner=each["owner"],
            architecture=each["architecture"],
            boot_mode=each["boot_mode"],
            root_device=each["root_device"],
            image_ids=dict(each.get("image_ids", {})),
        )
        for each in entries
        if each["cloud"] == "aws"
    )


def ensure(call: Call) -> None:
    """Put the catalogue's images into the caller's region if they are not there yet."""
    if call.caller.service not in {"ec2", "autoscaling"}:
        return
    state = call.ec2
    for each in catalogue():
        number = each.image_id(call.caller.region)
        if number not in state.amis:
            state.amis[number] = _made(state, number, each)


def _made(state: Any, number: str, stock: StockImage) -> Ami:  # noqa: ANN401
    made: Any = Ami(
        state,
        number,
        name=stock.name,
        description=stock.name,
        owner_id=stock.owner,
        public=True,
        virtualization_type="hvm",
        architecture=stock.architecture,
        hypervisor="xen",
        image_location=f"{stock.owner}/{stock.name}",
        root_device_type="ebs",
        root_device_name=stock.root_device,
        region_name=f"{state.region_name}a",
        boot_mode=stock.boot_mode,
    )
    made.ena_support = True
    made.root_gib = _ROOT_GIB
    return made
