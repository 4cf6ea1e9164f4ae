"""Where SEV-SNP and TDX meet Compute Engine: the only file that knows how a confidential instance is asked for.

Source: https://docs.cloud.google.com/confidential-computing/confidential-vm/docs/supported-configurations, 2026-11-23.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from confkube import facts
from confkube.errors import Refusal
from confkube.platform import Cvm, Isolation, Nested, PodVms
from confkube.types import Tee

_TYPES: Mapping[Tee, str] = MappingProxyType({Tee.SNP: "SEV_SNP", Tee.TDX: "TDX"})
_CPU: Mapping[tuple[str, Tee], str] = MappingProxyType(
    {("n2d", Tee.SNP): "AMD Milan", ("c4", Tee.TDX): "Intel Granite Rapids"}
)
"""Series that also run on processors without the TEE: the one that has it must be asked for."""

_FEATURES: Mapping[Tee, str] = MappingProxyType({Tee.SNP: "SEV_SNP_CAPABLE", Tee.TDX: "TDX_CAPABLE"})
_FIRMWARE = ("UEFI_COMPATIBLE", "GVNIC")
"""What every confidential machine needs of its image beside the TEE: https://cloud.google.com/compute/docs/images/
create-custom#guest-os-features and the page above, 2026-11-27."""


def disk_type(machine_type: str) -> str:
    """The type of a system disk: balanced, which is all that TDX machines on C3 take, or Hyperdisk for C4.

    The second is recalled, not read; where to check: https://cloud.google.com/compute/docs/disks/hyperdisks.
    """
    return "hyperdisk-balanced" if machine_type.startswith("c4-") else "pd-balanced"


def confidential_arguments(isolation: Isolation, machine_type: str) -> dict[str, Any]:
    """The arguments that an instance or a template has for its isolation; none for a plain machine.

    A confidential machine cannot be moved while it runs: it is ended for maintenance, and started again. A host of
    ordinary children gets VT-x, which only Intel sizes have:
    https://cloud.google.com/compute/docs/instances/nested-virtualization/overview, 2026-11-23.

    Raises:
        Refusal: An isolation that Compute Engine cannot give.
    """
    match isolation:
        case Nested(tee=None):
            facts.require_type("gcp", machine_type, as_host=True)
            return {"advanced_machine_features": {"enable_nested_virtualization": True}}
        case Nested(tee=Tee() as tee):
            facts.require("gcp", tee.value, "nested")
            raise Refusal(f"gcp starts no host of {tee.value} children; it has cvm with snp or tdx")
        case Cvm(tee=tee):
            series = machine_type.partition("-")[0]
            return {
                "confidential_instance_config": {"confidential_instance_type": _TYPES[tee]},
                "min_cpu_platform": _CPU.get((series, tee)),
                "scheduling": {"on_host_maintenance": "TERMINATE", "automatic_restart": True},
            }
        case _:
            return {}


def features(isolation: Isolation) -> tuple[str, ...]:
    """Guest OS features that an image must name for machines of an isolation to start from it."""
    return (*_FIRMWARE, _FEATURES[isolation.tee]) if isinstance(isolation, Cvm) else _FIRMWARE


def refuse_image(name: str, tees: frozenset[str], isolation: Isolation) -> None:
    """Refuse an image whose guest features are not known to carry the isolation.

    Raises:
        Refusal: Naming the image and what it can do.
    """
    if isinstance(isolation, Cvm) and isolation.tee.value not in tees:
        able = ", ".join(sorted(tees)) or "no TEE"
        raise Refusal(f"image {name} is built for {able}, not for {isolation.tee.value}")


def refuse_features(name: str, given: Collection[str], isolation: Isolation) -> None:
    """Refuse an image that does not say that it has the guest features of the isolation.

    Raises:
        Refusal: Naming the image, what it lacks and what it has.
    """
    lacking = [each for each in features(isolation) if each not in given]
    if lacking:
        has = ", ".join(sorted(given)) or "none"
        raise Refusal(f"image {name} lacks the guest OS features {', '.join(lacking)}; it has {has}")


def pod_vm_settings(pods: PodVms) -> dict[str, str]:
    """What cloud-api-adaptor must be told about the TEE of its pod VMs.

    Raises:
        Refusal: A size that needs what cloud-api-adaptor cannot ask for.
    """
    for name in pods.machine_types:
        # N2D needs its processor by name too, but not a disk of its own; whether it starts without is not proven.
        if disk_type(name) != "pd-balanced":
            good = ", ".join(size.name for size in facts.types_with("gcp", pods.tee.value)[:5])
            raise Refusal(
                f"pod VM type {name!r} needs a processor by name and {disk_type(name)}, for which cloud-api-adaptor "
                f"cannot ask; choose one of {good}"
            )
    return {
        "DISABLECVM": "false",
        "GCP_CONFIDENTIAL_TYPE": _TYPES[pods.tee],
        "GCP_DISK_TYPE": "pd-balanced",
    }
