"""Where SEV-SNP meets EC2: the only file that knows how a confidential instance, or a host of children, is made."""

from typing import TypedDict

from confkube import facts
from confkube.errors import Refusal
from confkube.facts.pod_images import refuse_without_attester
from confkube.platform import Cvm, Isolation, Nested
from confkube.types import Tee

UEFI_BOOT_MODES = frozenset({"uefi", "uefi-preferred"})
"""SEV-SNP needs an image that boots with UEFI.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sev-snp.html, 2026-11-23."""


class CpuOptions(TypedDict, total=False):
    """What is asked of the processor, by the SDK's names."""

    amd_sev_snp: str
    nested_virtualization: str


def cpu_options(isolation: Isolation, machine_type: str) -> CpuOptions | None:
    """The CPU options of an instance or launch template; None for a plain machine.

    No type has both: SEV-SNP is a matter of AMD types, nested virtualization one of Intel types.
    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-nested-virtualization.html, 2026-11-23.

    Raises:
        Refusal: An isolation that EC2 cannot give, or not on this type.
    """
    refuse_isolation(isolation)
    match isolation:
        case Cvm():
            return {"amd_sev_snp": "enabled"}
        case Nested():
            # Whether the state of the type is allowed was asked before; here it is about what the type can do.
            facts.require_type("aws", machine_type, as_host=True, allow=facts.GUARDED)
            return {"nested_virtualization": "enabled"}
        case _:
            return None


def refuse_isolation(isolation: Isolation) -> None:
    """Refuse an isolation that no instance has.

    Raises:
        Refusal: With the reason that the facts give.
    """
    match isolation:
        case Cvm(tee=Tee.SNP) | Nested(tee=None):
            return
        case Cvm(tee=tee):
            facts.require("aws", tee.value, "vm")
        case Nested(tee=Tee() as tee):
            facts.require("aws", tee.value, "nested")
        case _:
            return
    raise Refusal(f"aws starts no {type(isolation).__name__.lower()} machine with {tee.value}; it has cvm with snp")


def refuse_image(name: str, boot_mode: str | None, isolation: Isolation) -> None:
    """Refuse an image that cannot carry the isolation: for its firmware, or for what its publisher left out.

    Raises:
        Refusal: Naming the image, and its boot mode or what it lacks.
    """
    if not isinstance(isolation, Cvm):
        return
    if boot_mode not in UEFI_BOOT_MODES:
        good = " or ".join(sorted(UEFI_BOOT_MODES))
        raise Refusal(f"image {name} boots with {boot_mode or 'legacy-bios'}; SEV-SNP needs {good}")
    refuse_without_attester("aws", name, isolation.tee.value)
