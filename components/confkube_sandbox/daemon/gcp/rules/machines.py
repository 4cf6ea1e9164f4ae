"""Rules of a machine: its type, its processor, its scheduling, its firmware, its account."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import accounts
from confkube_sandbox.daemon.gcp.compute.building import least_platform, machine_name, tee_of
from confkube_sandbox.daemon.gcp.compute.families import machine_types, offered
from confkube_sandbox.daemon.gcp.errors import OperationError, bad_request, invalid
from confkube_sandbox.daemon.gcp.rules.marks import machine
from confkube_sandbox.daemon.gcp.rules.sources import INSTANCES, NESTED, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.compute.families import MachineType
    from confkube_sandbox.daemon.gcp.context import Call

BOTH = "instances.insert instanceTemplates.insert"
_TYPE_URL = re.compile(r"(?:.*/)?zones/[^/]+/machineTypes/[^/]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.gserviceaccount\.com|default")


def size(call: Call) -> MachineType:
    """Return the size that a machine of the request has."""
    return machine_types()[machine_name(machine(call)[0])]


@rule(
    "compute",
    "instances.insert instances.setMachineType",
    name="compute.type-url",
    source="https://github.com/hashicorp/terraform-provider-google/issues/322",
    date=SEEN,
    evidence=READ,
)
def type_url(call: Call) -> None:
    """An instance names its type by an address in its own zone.

    The source shows the words for another address of the same request, the disk type's.
    """
    text = call.body.get("machineType", "")
    if not _TYPE_URL.fullmatch(text) or f"zones/{call.place}/" not in text:
        raise invalid("resource.machineType", text, "The URL is malformed.")


@rule(
    "compute",
    f"{BOTH} instances.setMachineType",
    name="compute.type-in-zone",
    source="https://github.com/gruntwork-io/terratest/issues/1132",
    date=SEEN,
    evidence=READ,
)
def type_in_zone(call: Call) -> None:
    """A machine type exists, and is offered in the zone.

    A template is for every zone; the words that it is refused with when there is no such type at all are recalled.
    """
    body, path = machine(call)
    name = machine_name(body)
    found = machine_types().get(name)
    if call.operation == "instanceTemplates.insert":
        given = body.get("machineType", "")
        if found is None or "/" in given:
            raise invalid(f"{path}.machineType", given, "The machine type is not valid.")
        return
    if found is None or not offered(found.family, call.place):
        why = f"Machine type with name '{name}' does not exist in zone '{call.place}'."
        raise invalid(f"{path}.machineType", body["machineType"], why)


@rule(
    "compute",
    f"{BOTH} instances.setMinCpuPlatform",
    name="compute.cpu-platform",
    source="https://github.com/poseidon/typhoon/issues/438",
    date=SEEN,
    evidence=READ,
)
def cpu_platform(call: Call) -> None:
    """A CPU platform is one that the zone has.

    https://github.com/related-sciences/gce-github-runner/pull/55 shows the words for an empty one. A change has to name
    one or "Automatic", as a comment in an older resource_compute_instance.go says; that the words are the same is
    recalled.
    """
    body, path = machine(call)
    changed = call.operation == "instances.setMinCpuPlatform"
    wanted = body.get("minCpuPlatform")
    if wanted is None or (changed and wanted and not least_platform(body)):
        return
    known = {each for kind in machine_types().values() for each in kind.family.platforms}
    if wanted not in known:
        raise invalid(f"{path}.minCpuPlatform", wanted, "Invalid CPU platform.")
    if call.operation == "instanceTemplates.insert":
        return
    here = {
        each for kind in machine_types().values() if offered(kind.family, call.place) for each in kind.family.platforms
    }
    if wanted not in here:
        options = f"Valid options for this zone are: {', '.join(sorted(here))}."
        raise invalid(f"{path}.minCpuPlatform", wanted, f"CPU platform unavailable in requested zone. {options}")


@rule(
    "compute",
    "instances.insert instances.setMachineType instances.setMinCpuPlatform",
    name="compute.cpu-platform-of-type",
    source="https://github.com/cloudfoundry/bosh-google-cpi-release/issues/322",
    date=SEEN,
    evidence=READ,
)
def cpu_platform_of_type(call: Call) -> None:
    """A machine type has a CPU platform; another cannot be asked for.

    Families with two platforms are taken to name the older one in the text; that is recalled, and so is that E2 takes
    none. https://github.com/hashicorp/terraform-provider-google/issues/15471 says that a machine with a platform cannot
    become one of another family; that the words are the same is recalled.
    """
    body, _ = machine(call)
    wanted = least_platform(body)
    platforms = size(call).family.platforms
    if not wanted or wanted in platforms:
        return
    name = machine_name(body)
    if not platforms:
        raise bad_request(f"The selected machine type ({name}) does not support a minimum CPU platform.")
    plain = [each.partition(" ")[2].replace(" ", "").lower() for each in (platforms[0], wanted)]
    text = f"The selected machine type ({name}) has a required CPU platform of {plain[0]}."
    raise bad_request(f"{text} The minimum CPU platform must match this, but was {plain[1]}.")


@rule(
    "compute",
    "instances.insert instances.setScheduling",
    name="compute.maintenance-of-type",
    source="https://github.com/chainguard-dev/terraform-infra-common/pull/935",
    date=SEEN,
    evidence=READ,
)
def maintenance_of_type(call: Call) -> None:
    """E2 machines are always moved when their host is maintained, unless they are preemptible."""
    given = call.body if call.operation == "instances.setScheduling" else call.body.get("scheduling", {})
    if given.get("onHostMaintenance") != "TERMINATE" or given.get("preemptible"):
        return
    if given.get("provisioningModel") == "SPOT":
        return
    body = call.body
    if call.operation == "instances.setScheduling":
        body = call.target("instances", "instance")[1]
    if machine_types()[machine_name(body)].family.name == "e2":
        text = "e2 instances do not support onHostMaintenance=TERMINATE unless they are preemptible."
        raise bad_request(text)


@rule(
    "compute",
    BOTH,
    name="compute.preemptible",
    source="https://github.com/elasticluster/elasticluster/issues/568",
    date=SEEN,
    evidence=READ,
)
def preemptible(call: Call) -> None:
    """A preemptible machine is neither moved nor started again.

    https://github.com/lighttransport/francine/issues/5 shows the words for one that would be moved.
    """
    body, path = machine(call)
    given = body.get("scheduling", {})
    if not given.get("preemptible") and given.get("provisioningModel") != "SPOT":
        return
    text = "Scheduling must have preemptible be false when"
    if given.get("onHostMaintenance") == "MIGRATE":
        raise invalid(f"{path}.scheduling.preemptible", "true", f"{text} OnHostMaintenance isn't TERMINATE.")
    if given.get("automaticRestart"):
        raise invalid(f"{path}.scheduling.preemptible", "true", f"{text} AutomaticRestart is true.")


@rule("compute", BOTH, name="compute.nesting", source=NESTED, date=WRITTEN, evidence=RECALLED)
def nesting(call: Call) -> None:
    """Nested virtualization is for some Intel families, and not together with a confidential machine."""
    body, path = machine(call)
    if not body.get("advancedMachineFeatures", {}).get("enableNestedVirtualization"):
        return
    where = f"{path}.advancedMachineFeatures.enableNestedVirtualization"
    if not size(call).family.nested:
        text = f"Nested virtualization is not supported for machine type {machine_name(body)}."
        raise invalid(where, "true", text)
    if tee_of(body):
        raise invalid(where, "true", "Nested virtualization is not supported for Confidential VM instances.")


@rule("compute", BOTH, name="compute.shielded-order", source=INSTANCES, date=WRITTEN, evidence=RECALLED)
def shielded_order(call: Call) -> None:
    """Integrity monitoring works by the vTPM."""
    body, path = machine(call)
    given = body.get("shieldedInstanceConfig", {})
    if given.get("enableIntegrityMonitoring") and given.get("enableVtpm") is False:
        text = "Integrity monitoring requires vTPM to be enabled."
        raise invalid(f"{path}.shieldedInstanceConfig.enableIntegrityMonitoring", "true", text)


@rule(
    "compute",
    "instances.insert instances.setServiceAccount",
    name="compute.account-exists",
    source="https://github.com/GoogleCloudPlatform/terraform-google-managed-instance-group/issues/40",
    date=SEEN,
    evidence=READ,
)
def account_exists(call: Call) -> None:
    """The service account of a machine has to be there; the operation finds out."""
    if call.operation == "instances.setServiceAccount":
        emails = [call.body["email"]] if call.body.get("email") else []
    else:
        emails = [each.get("email", "") for each in call.body.get("serviceAccounts", [])]
    for email in emails:
        if email != "default" and not accounts.known(call, email):
            text = f"The resource '{email}' of type 'serviceAccount' was not found."
            raise OperationError("RESOURCE_NOT_FOUND", text, 404)


@rule("compute", BOTH, name="compute.account-form", source=INSTANCES, date=WRITTEN, evidence=RECALLED)
def account_form(call: Call) -> None:
    """A machine has at most one service account, with scopes."""
    body, path = machine(call)
    given = body.get("serviceAccounts", [])
    if len(given) > 1:
        raise invalid(f"{path}.serviceAccounts", given, "Only one service account is supported.")
    for each in given:
        if not _EMAIL.fullmatch(each.get("email", "")):
            text = "Must be a valid service account email address."
            raise invalid(f"{path}.serviceAccounts[0].email", each.get("email", ""), text)
        if not each.get("scopes"):
            text = "At least one scope must be specified."
            raise invalid(f"{path}.serviceAccounts[0].scopes", [], text)
        for scope in each["scopes"]:
            if not scope.startswith("https://www.googleapis.com/auth/"):
                raise invalid(f"{path}.serviceAccounts[0].scopes[0]", scope, "Invalid scope.")
