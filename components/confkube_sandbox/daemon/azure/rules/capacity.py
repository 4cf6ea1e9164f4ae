"""Rules of Microsoft.Compute on sizes: where they exist, how many cores a subscription has, where there is no room."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import sizes
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources, spec
from confkube_sandbox.daemon.azure.services import capacity, links
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.catalog.sizes import Size
    from confkube_sandbox.daemon.azure.context import Call

_RESERVATION = 180
"""Seconds for which a machine that could not be made holds its network interfaces."""
_MORE = "Submit a request for Quota increase at https://aka.ms/ProdportalCRP/?#create/Microsoft.Support/"


@rule("compute", spec.WRITES, name="compute.size-exists", source=sources.SIZES, date=sources.SEEN, evidence=READ)
def size_exists(call: Call) -> None:
    """The size exists; retired ones do not."""
    found = spec.of(call)
    if found.size_name and found.size is None:
        known = ",".join(sorted(each.name for each in sizes.sizes().values() if each.offered(call.location)))
        text = (
            f"The value {found.size_name} provided for the VM size is not valid. The valid sizes in the current region "
            f"are: {known}. Find out more on the valid VM sizes in each region at https://aka.ms/azure-regions."
        )
        raise ArmError("InvalidParameter", text, target="vmSize")


@rule(
    "compute", spec.WRITES, name="compute.size-in-region", source=sources.RESTRICTED, date=sources.SEEN, evidence=READ
)
def size_in_region(call: Call) -> None:
    """The size is offered in the region, to every subscription."""
    found = spec.of(call)
    if found.size is not None and not found.size.offered(call.location) and _grows(call, found.size):
        text = (
            f"The requested VM size for resource '{call.id}' is currently not available in location '{call.location}'. "
            "Please try another size or deploy to a different location or different zone. See "
            "https://aka.ms/azureskunotavailable for details."
        )
        _give_up(call, ArmError("SkuNotAvailable", text, 409))


@rule(
    "compute", spec.WRITES, name="compute.family-quota", source=sources.FAMILY_QUOTA, date=sources.SEEN, evidence=READ
)
def family_quota(call: Call) -> None:
    """A subscription has a limited number of cores of each family in a region."""
    found = spec.of(call)
    if found.size is not None:
        _quota(call, found.size, found.size.family, f"{found.size.family} Cores", "azure-family-cores")


@rule(
    "compute", spec.WRITES, name="compute.region-quota", source=sources.REGION_QUOTA, date=sources.SEEN, evidence=READ
)
def region_quota(call: Call) -> None:
    """A subscription has a limited number of cores in a region."""
    found = spec.of(call)
    if found.size is not None:
        _quota(call, found.size, "", "Total Regional Cores", "azure-cores")


@rule("compute", spec.WRITES, name="compute.restricted", source=sources.RESTRICTED, date=sources.SEEN, evidence=READ)
def restricted(call: Call) -> None:
    """A region or zone takes no further machine of the size at all."""
    found = spec.of(call)
    if found.size is None or not _grows(call, found.size):
        return
    if capacity.restricted(call, found.size, call.rows("zones")):
        text = (
            "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: "
            f"{found.size.name}' is currently not available in location '{call.location}'. Please try another size or "
            "deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details."
        )
        _give_up(call, ArmError("SkuNotAvailable", text, 409))


def _grows(call: Call, size: Size) -> bool:
    """Whether the request makes machines, or machines of another size than before."""
    if call.existing is None:
        return True
    held = call.existing.at("sku.name" if call.kind.type == links.SET else "properties.hardwareProfile.vmSize")
    return held != size.name or spec.of(call).count > 0


def _quota(call: Call, size: Size, family: str, what: str, setting: str) -> None:
    count = int(call.at("sku.capacity") or 0) if call.kind.type == links.SET else 1
    own = sum(
        each.size.vcpus
        for each in capacity.machines(call.memory, call.account)
        if ids.key(each.owner) == ids.key(call.id) and family in {"", each.size.family}
    )
    used = capacity.cores(call.memory, call.account, call.location)[family]
    limit, needed = call.settings.quotas[setting], count * size.vcpus - own
    if needed <= 0 or used + needed <= limit:
        return
    text = (
        f"Operation could not be completed as it results in exceeding approved {what} quota. Additional details - "
        f"Deployment Model: Resource Manager, Location: {call.location}, Current Limit: {limit}, Current Usage: "
        f"{used}, Additional Required: {needed}, (Minimum) New Limit Required: {used + needed}. {_MORE}"
    )
    _give_up(call, ArmError("OperationNotAllowed", text, 409))


def _give_up(call: Call, refusal: ArmError) -> NoReturn:
    """Refuse a machine; its network interfaces stay reserved for it for a while."""
    if call.existing is None:
        until = call.now + timedelta(seconds=_RESERVATION / call.settings.speed)
        for each in links.interfaces(call.body):
            call.memory.reserved.setdefault(ids.key(each), (call.id, until))
    raise refusal
