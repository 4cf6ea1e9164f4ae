"""The resource group that everything lives in: one of the cluster's own, or one that the user names."""

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure.labels import cluster_id, tags
from confkube.clouds.azure.settings import AzureSettings
from confkube.errors import Refusal
from confkube.platform import Labels


@dataclass(frozen=True, kw_only=True)
class Tenancy:
    """Where resources are made."""

    group: pulumi.Output[str]
    """Name of the resource group."""
    owned: azure.resources.ResourceGroup | None
    """The group when it is the cluster's own: deleting it deletes all that is in it."""
    location: str
    zones: list[str] | None

    def group_id(self, subscription: str) -> pulumi.Output[str]:
        """Id of the resource group."""
        return self.group.apply(lambda name: f"/subscriptions/{subscription}/resourceGroups/{name}")

    def options(self, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """Options of a resource in the group: it goes with an own group instead of being deleted first."""
        if self.owned is None:
            return opts
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(deleted_with=self.owned))


def create(
    name: str,
    settings: AzureSettings,
    labels: Labels,
    opts: pulumi.ResourceOptions,
    *,
    suffix: pulumi.Input[str] = "",
) -> Tenancy:
    """Make a group of the cluster's own, unless the user names one.

    Args:
        name: What its resource's name begins with.
        settings: Where.
        labels: Of the cluster; the group is called after it.
        opts: Options of the resource.
        suffix: What tells it from the cluster's first group.
    """
    if settings.resource_group is not None:
        return _in(pulumi.Output.from_input(settings.resource_group), None, settings)
    group = azure.resources.ResourceGroup(
        f"{name}-group",
        resource_group_name=pulumi.Output.concat(cluster_id(labels), suffix),
        location=settings.location,
        tags=tags(labels),
        opts=opts,
    )
    return _in(group.name, group, settings)


def require_group(settings: AzureSettings, where: str, opts: pulumi.InvokeOptions | None) -> None:
    """Refuse to borrow a resource group that is not there.

    Raises:
        Refusal: It is not, or Azure does not tell.
    """
    name = settings.resource_group
    if name is None:
        return
    try:
        azure.resources.get_resource_group(resource_group_name=name, opts=opts)
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
        found = f"Azure does not tell about {name}: {error}"
        if "ResourceGroupNotFound" in str(error):
            found = f"there is no resource group {name} in the subscription"
        raise Refusal(
            f"{where}.resource_group: {found}; make it with: az group create --name {name} --location "
            f"{settings.location}, or leave the key out for a group of the cluster's own"
        ) from None


def beside(subnet_id: pulumi.Input[str], settings: AzureSettings, made_before: Iterable[pulumi.Resource]) -> Tenancy:
    """Where machines go: the group that the user names, else the one of their subnet."""
    owned = next((each for each in made_before if isinstance(each, azure.resources.ResourceGroup)), None)
    if settings.resource_group is not None:
        return _in(pulumi.Output.from_input(settings.resource_group), None, settings)
    return _in(pulumi.Output.from_input(subnet_id).apply(group_of), owned, settings)


def group_of(resource_id: str) -> str:
    """The resource group in a resource's id.

    Raises:
        Refusal: It is not the id of a resource in a group.
    """
    parts = resource_id.split("/")
    lowered = [part.lower() for part in parts]
    if lowered[:2] != ["", "subscriptions"] or lowered[3:4] != ["resourcegroups"] or len(parts) < 6:
        raise Refusal(
            f"tier.subnet_id: {resource_id!r} is not the id of a subnet on azure; "
            "it begins with /subscriptions/ID/resourceGroups/NAME/"
        )
    return parts[4]


def _in(group: pulumi.Output[str], owned: azure.resources.ResourceGroup | None, settings: AzureSettings) -> Tenancy:
    return Tenancy(
        group=group, owned=owned, location=settings.location, zones=[settings.zone] if settings.zone else None
    )
