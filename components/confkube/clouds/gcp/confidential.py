"""Where SEV-SNP and TDX meet Compute Engine: the only file that knows how a confidential instance is asked for.

Source: https://docs.cloud.google.com/confidential-computing/confidential-vm/docs/supported-configurations, 2026-11-23.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from confkube.errors import Refusal
from confkube.platform import Cvm, Isolation, Nested
from confkube.types import Tee

_TYPES: Mapping[Tee, str] = MappingProxyType({Tee.SNP: "SEV_SNP", Tee.TDX: "TDX"})
_CPU: Mapping[tuple[str, Tee], str] = MappingProxyType(
    {("n2d", Tee.SNP): "AMD Milan", ("c4", Tee.TDX): "Intel Granite Rapids"}
)
"""Series that also run on processors without the TEE: the one that has it must be asked for."""


def disk_type(machine_type: str) -> str:
    """The type of a system disk: balanced, which is all that TDX machines on C3 take, or Hyperdisk for C4.

    The second is recalled, not read; where to check: https://cloud.google.com/compute/docs/disks/hyperdisks.
    """
    return "hyperdisk-balanced" if machine_type.startswith("c4-") else "pd-balanced"


def confidential_arguments(isolation: Isolation, machine_type: str) -> dict[str, Any]:
    """The arguments that an instance or a template has for its isolation; none for a plain machine.

    A confidential machine cannot be moved while it runs: it is ended for maintenance, and started again.

    Raises:
        Refusal: An isolation that Compute Engine cannot give.
    """
    match isolation:
        case Nested(tee=tee):
            raise Refusal(f"gcp starts no nested machine with {tee.value}; it has cvm with snp or tdx")
        case Cvm(tee=tee):
            series = machine_type.partition("-")[0]
            return {
                "confidential_instance_config": {"confidential_instance_type": _TYPES[tee]},
                "min_cpu_platform": _CPU.get((series, tee)),
                "scheduling": {"on_host_maintenance": "TERMINATE", "automatic_restart": True},
            }
        case _:
            return {}


def refuse_image(name: str, tees: frozenset[str], isolation: Isolation) -> None:
    """Refuse an image whose guest features are not known to carry the isolation.

    Raises:
        Refusal: Naming the image and what it can do.
    """
    if isinstance(isolation, Cvm) and isolation.tee.value not in tees:
        able = ", ".join(sorted(tees)) or "no TEE"
        raise Refusal(f"image {name} is built for {able}, not for {isolation.tee.value}")
