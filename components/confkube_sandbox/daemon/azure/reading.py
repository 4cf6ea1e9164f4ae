"""Reads that belong to no stored resource: subscriptions, regions, sizes, images, usage, roles, deleted vaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.accounts import AZURE_TENANT
from confkube_sandbox.daemon.azure import kinds, resources
from confkube_sandbox.daemon.azure.catalog import images, regions, roles, sizes
from confkube_sandbox.daemon.azure.context import normal_location
from confkube_sandbox.daemon.azure.errors import ArmError, answer
from confkube_sandbox.daemon.azure.services import addresses, capacity, vaults
from confkube_sandbox.daemon.azure.services import roles as custom_roles

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.catalog.sizes import Size
    from confkube_sandbox.daemon.azure.context import Memory
    from confkube_sandbox.daemon.azure.ids import Target
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Settings

_LOCATION = re.compile(r"location eq '([^']*)'", re.IGNORECASE)


def subscription(account: str) -> dict[str, Any]:
    """Return a subscription."""
    return {
        "id": f"/subscriptions/{account}",
        "authorizationSource": "RoleBased",
        "subscriptionId": account,
        "tenantId": AZURE_TENANT,
        "displayName": f"confkube sandbox {account[-4:]}",
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01"},
    }


def locations(account: str) -> dict[str, Any]:
    """Return the regions that a subscription can use."""
    found: list[dict[str, Any]] = []
    for name, display in regions.REGIONS.items():
        each: dict[str, Any] = {
            "id": f"/subscriptions/{account}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": display,
            "regionalDisplayName": display,
            "metadata": {"regionType": "Physical"},
        }
        if regions.zones(name):
            each["availabilityZoneMappings"] = [
                {"logicalZone": zone, "physicalZone": f"{name}-az{zone}"} for zone in regions.zones(name)
            ]
        found.append(each)
    return {"value": found}


def provider(account: str, name: str) -> dict[str, Any]:
    """Return a resource provider with its types; every one is registered."""
    own = kinds.NAMESPACES[name.lower()]
    return {
        "id": f"/subscriptions/{account}/providers/{own}",
        "namespace": own,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [
            {
                "resourceType": each.short,
                "locations": list(regions.REGIONS.values()),
                "apiVersions": list(each.versions),
            }
            for each in kinds.KINDS
            if each.namespace == own
        ],
    }


def skus(target: Target) -> Reply:
    """List VM sizes of one region or of all, with what restricts them."""
    wanted = _LOCATION.search(target.query.get("$filter", ""))
    places = [normal_location(wanted[1])] if wanted else list(regions.REGIONS)
    found = [_sku(each, place) for place in places if place in regions.REGIONS for each in sizes.sizes().values()]
    return answer(200, {"value": [each for each in found if each]})


def _sku(size: Size, location: str) -> dict[str, Any] | None:
    if location not in size.regions:
        return None
    capabilities = {
        "vCPUs": str(size.vcpus),
        "MemoryGB": f"{size.memory_gib:g}",
        "HyperVGenerations": "V2" if size.tee else "V1,V2",
        "AcceleratedNetworkingEnabled": str(size.accelerated),
        "PremiumIO": "True",
        "CpuArchitectureType": "x64",
    }
    if size.tee:
        capabilities["ConfidentialComputingType"] = size.tee
    if not size.trusted:
        capabilities["TrustedLaunchDisabled"] = "True"
    restrictions = [
        {
            "type": "Location",
            "values": [location],
            "restrictionInfo": {"locations": [location]},
            "reasonCode": "NotAvailableForSubscription",
        }
    ]
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.partition("_")[2],
        "family": size.family,
        "locations": [location],
        "locationInfo": [{"location": location, "zones": list(regions.zones(location)), "zoneDetails": []}],
        "capabilities": [{"name": name, "value": value} for name, value in capabilities.items()],
        "restrictions": [] if size.offered(location) else restrictions,
    }


def usages(memory: Memory, settings: Settings, target: Target) -> Reply:
    """List the quotas of a region and how far they are used."""
    location = normal_location(target.names[0])
    used = capacity.cores(memory, target.subscription.lower(), location)
    limit = settings.quotas["azure-family-cores"]
    rows = [("cores", "Total Regional vCPUs", used[""], settings.quotas["azure-cores"])]
    rows += [
        (family, f"{family} vCPUs", used[family], limit)
        for family in sorted({each.family for each in sizes.sizes().values()})
    ]
    value = [
        {"name": {"value": name, "localizedValue": text}, "currentValue": count, "limit": most, "unit": "Count"}
        for name, text, count, most in rows
    ]
    return answer(200, {"value": value})


def image(target: Target) -> Reply:
    """List the versions of a marketplace image, or read one."""
    location, publisher, _, offer, sku, *version = target.names
    place = f"/Subscriptions/{target.subscription}/Providers/Microsoft.Compute/Locations/{location}"
    here = f"{place}/Publishers/{publisher}/ArtifactTypes/VMImage/Offers/{offer}/Skus/{sku}/Versions"
    if not version:
        known = images.versions(publisher, offer, sku)
        if not known:
            raise ArmError("NotFound", f"Artifact: VMImage was not found. Offer: {offer}, SKU: {sku}.", 404)
        rows = [{"location": location, "name": each.version, "id": f"{here}/{each.version}"} for each in known]
        # This list is a bare array.
        return answer(200, rows)
    found = images.find(publisher, offer, sku, version[0])
    if found is None:
        text = f"Artifact: VMImage was not found. Offer: {offer}, SKU: {sku}, version: {version[0]}."
        raise ArmError("NotFound", text, 404)
    features = [{"name": "SecurityType", "value": found.security}] if found.security else []
    properties: dict[str, Any] = {
        "hyperVGeneration": found.generation,
        "architecture": "x64",
        "replicaType": "Managed",
        "osDiskImage": {"operatingSystem": "Linux", "sizeInGb": found.size_gb},
        "dataDiskImages": [],
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "features": features,
    }
    body = {"location": location, "name": found.version, "id": f"{here}/{found.version}", "properties": properties}
    return answer(200, body)


def role_definitions(memory: Memory, target: Target) -> Reply:
    """List the known built-in roles and the custom ones of the directory, or read one."""
    builtin = {guid: _role(guid, name) for guid, name in roles.ROLES.items()}
    custom = {each.name.lower(): resources.show(memory, each) for each in memory.of_type(custom_roles.DEFINITION)}
    found = builtin | custom
    if target.is_collection:
        wanted = re.search(r"roleName eq '([^']*)'", target.query.get("$filter", ""), re.IGNORECASE)
        rows = [each for each in found.values() if wanted is None or each["properties"]["roleName"] == wanted[1]]
        return answer(200, {"value": rows})
    guid = target.name.lower()
    if guid not in found:
        text = f"The specified role definition with ID '{guid.replace('-', '')}' does not exist."
        raise ArmError("RoleDefinitionDoesNotExist", text, 404)
    return answer(200, found[guid])


def vm_sizes(target: Target) -> Reply:
    """List the VM sizes of a region in the older form, which says nothing about restrictions."""
    location = normal_location(target.names[0])
    rows = [
        {
            "name": each.name,
            "numberOfCores": each.vcpus,
            "osDiskSizeInMB": 1047552,
            "resourceDiskSizeInMB": 0,
            "memoryInMB": int(each.memory_gib * 1024),
            "maxDataDiskCount": max(4, min(64, 2 * each.vcpus)),
        }
        for each in sizes.sizes().values()
        if location in each.regions
    ]
    return answer(200, {"value": rows})


def _role(guid: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {"roleName": name, "type": "BuiltInRole", "assignableScopes": ["/"], "permissions": []},
    }


def deleted_vaults(memory: Memory, target: Target) -> Reply:
    """List soft-deleted vaults, or read one."""
    own = {
        name: held
        for name, held in memory.deleted_vaults.items()
        if held["resource"].account == target.subscription.lower()
    }
    if target.is_collection:
        return answer(200, {"value": [vaults.deleted_view(held) for held in own.values()]})
    return answer(200, vaults.deleted_view(deleted_vault(memory, target)))


def deleted_vault(memory: Memory, target: Target) -> dict[str, Any]:
    """Return the soft-deleted vault that a path names."""
    held = memory.deleted_vaults.get(target.names[1].lower())
    if (
        held is None
        or held["resource"].account != target.subscription.lower()
        or held["resource"].location != normal_location(target.names[0])
    ):
        text = (
            f"The Vault '/subscriptions/{target.subscription}/providers/Microsoft.KeyVault/locations/"
            f"{target.names[0]}/deletedVaults/{target.names[1]}' could not be found."
        )
        raise ArmError("DeletedVaultNotFound", text, 404)
    return held


def name_available(memory: Memory, name: str) -> dict[str, Any]:
    """Say whether a vault name is free."""
    taken = any(each.name.lower() == name.lower() for each in memory.of_type(vaults.VAULT))
    if taken or name.lower() in memory.deleted_vaults:
        text = (
            f"The vault name '{name}' is already in use. Vault names are globaly unique so it is possible that the "
            "name is already taken."
        )
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": text}
    return {"nameAvailable": True}


def address_count(memory: Memory, account: str, location: str) -> int:
    """Count the public addresses of a subscription in a region."""
    return sum(each.location == location for each in memory.of_type(addresses.ADDRESS, account))
