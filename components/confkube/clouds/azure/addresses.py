"""Public addresses."""

from typing import Any

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure.tenancy import Tenancy

_OTHERS = ["natGateway", "ipTags", "zones"]
"""What others write into an address: the NAT gateway that takes it, and Azure its tags and zones. None of it is drift.
Sources: https://github.com/Azure/arm-template-whatif/issues/59 and https://github.com/microsoft/edge-ai/pull/607,
2026-11-25."""


def create(
    name: str, place: Tenancy, tags: pulumi.Input[Any], opts: pulumi.ResourceOptions
) -> azure.network.PublicIPAddress:
    """Make a static address."""
    return azure.network.PublicIPAddress(
        name,
        resource_group_name=place.group,
        location=place.location,
        sku={"name": "Standard"},
        public_ip_allocation_method="Static",
        zones=place.zones,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=_OTHERS)),
    )
