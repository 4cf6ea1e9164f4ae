"""The files that make a machine part of the children's network: the control plane, or a host of children."""

from ipaddress import IPv4Address

from confkube.bootstrap.files import BootFile, fill, packed
from confkube.bootstrap.nested_values import Overlay
from confkube.bootstrap.parts import ETC, rows, scripts, units

CONTROL_PLANE = 0
"""Number of the control plane in the overlay; hosts are counted from 1."""

OVERLAY_UNITS = ("confkube-overlay-firewall", "confkube-overlay")
"""What a machine with ``overlay_files`` starts, before anything that uses the network."""


def overlay_files(overlay: Overlay, number: int = CONTROL_PLANE) -> list[BootFile]:
    """Return the files of machine ``number``; the machine starts ``OVERLAY_UNITS``."""
    return [
        packed(f"{ETC}/overlay", _members(overlay, number)),
        packed(f"{ETC}/overlay.nft", _rules(overlay, number)),
        *scripts("overlay.sh"),
        *units(*(f"{name}.service" for name in OVERLAY_UNITS)),
    ]


def _members(overlay: Overlay, own: int) -> str:
    """Its number and the first half of the range; then the node addresses of all, in the order of their numbers."""
    half = ".".join(overlay.cidr.split(".")[:2])
    return rows([(str(own), half), (overlay.control_plane,), *((host,) for host in overlay.hosts)])


def _rules(overlay: Overlay, own: int) -> str:
    between = "".join(f"    {protocol} dport {port} accept\n" for protocol, port in overlay.between)
    nodes = (overlay.control_plane, *overlay.hosts)
    peers = ", ".join(node for number, node in enumerate(nodes) if number != own)
    if own == CONTROL_PLANE:
        return fill("overlay-control-plane.nft", peers=peers, between=between, api_port=overlay.api_port)
    return fill(
        "overlay-host.nft",
        peers=peers,
        between=between,
        api_port=overlay.api_port,
        control_plane=IPv4Address(overlay.control_plane),
        cidr=overlay.cidr,
        subnet=overlay.subnet(own),
    )
