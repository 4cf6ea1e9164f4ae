"""Compute Engine: one module for each kind of resource; loading them fills the registry."""

from __future__ import annotations

from confkube_sandbox.daemon.gcp.compute import (
    catalogue,
    disks,
    firewalls,
    groups,
    images,
    instance_changes,
    instances,
    networks,
    operations,
    routers,
    templates,
)

__all__ = [
    "catalogue",
    "disks",
    "firewalls",
    "groups",
    "images",
    "instance_changes",
    "instances",
    "networks",
    "operations",
    "routers",
    "templates",
]
