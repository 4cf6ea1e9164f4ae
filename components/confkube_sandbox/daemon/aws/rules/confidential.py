"""Rules of RunInstances on SEV-SNP and nested virtualization.

Source of what can be combined: the EC2 user guide's pages on both; which code EC2 answers with is recalled, except for
the region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.launches import DEFAULT_TYPE, image_of, type_of
from confkube_sandbox.daemon.aws.rules.sources import NESTED, SEEN, SNP, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_SNP_REGIONS = frozenset({"us-east-2", "eu-west-1"})


def cpu_options(call: Call) -> dict[str, Any]:
    """Return what a launch asks of the processor; empty if nothing."""
    return call.params.get("CpuOptions", {})


def _is_snp(call: Call) -> bool:
    return cpu_options(call).get("AmdSevSnp") == "enabled"


def _features(call: Call) -> list[str]:
    return type_of(call).get("ProcessorInfo", {}).get("SupportedFeatures", [])


@rule("ec2", "RunInstances", name="ec2.snp-with-nesting", source=NESTED, date=WRITTEN, evidence=RECALLED)
def snp_with_nesting(call: Call) -> None:
    """No instance has SEV-SNP and nested virtualization together: no type supports both."""
    if _is_snp(call) and cpu_options(call).get("NestedVirtualization") == "enabled":
        text = "The parameter AmdSevSnp cannot be used with the parameter NestedVirtualization"
        raise ApiError("InvalidParameterCombination", text)


@rule(
    "ec2",
    "RunInstances",
    name="ec2.snp-region",
    source="https://github.com/codepilots/verdantforged/blob/a9749b35114280b73adb9309b6a63a9bf33aa3c8/tee-broker/docs/london-to-ireland-migration-2026-06-28.md",
    date=SEEN,
    evidence=READ,
)
def snp_region(call: Call) -> None:
    """On shared tenancy SEV-SNP is offered in two regions.

    The source is a report of the code, met in eu-west-2; which regions have it is what AWS's page says (``SNP``), not
    what that report supposes. The text is recalled.
    """
    if _is_snp(call) and call.caller.region not in _SNP_REGIONS:
        raise ApiError("UnsupportedOperation", "AMD SEV-SNP is not supported in this Region.")


@rule("ec2", "RunInstances", name="ec2.snp-type", source=SNP, date=WRITTEN, evidence=RECALLED)
def snp_type(call: Call) -> None:
    """Some sizes of M6a, C6a and R6a have SEV-SNP, no others."""
    if _is_snp(call) and "amd-sev-snp" not in _features(call):
        kind = call.params.get("InstanceType", DEFAULT_TYPE)
        raise ApiError("UnsupportedOperation", f"The instance type '{kind}' does not support AMD SEV-SNP.")


@rule("ec2", "RunInstances", name="ec2.snp-boot-mode", source=SNP, date=WRITTEN, evidence=RECALLED)
def snp_boot_mode(call: Call) -> None:
    """SEV-SNP needs an image that boots by UEFI."""
    image = image_of(call)
    if _is_snp(call) and image is not None and image.boot_mode not in {"uefi", "uefi-preferred"}:
        text = f"AMD SEV-SNP requires an AMI with boot mode uefi or uefi-preferred. AMI {image.id} does not have it."
        raise ApiError("InvalidParameterCombination", text)


@rule("ec2", "RunInstances", name="ec2.snp-hibernation", source=SNP, date=WRITTEN, evidence=RECALLED)
def snp_hibernation(call: Call) -> None:
    """An instance with SEV-SNP cannot hibernate."""
    if _is_snp(call) and call.params.get("HibernationOptions", {}).get("Configured"):
        raise ApiError("UnsupportedOperation", "Hibernation is not supported for instances with AMD SEV-SNP.")


@rule("ec2", "RunInstances", name="ec2.snp-enclave", source=SNP, date=WRITTEN, evidence=RECALLED)
def snp_enclave(call: Call) -> None:
    """An instance with SEV-SNP has no Nitro Enclaves."""
    if _is_snp(call) and call.params.get("EnclaveOptions", {}).get("Enabled"):
        raise ApiError("UnsupportedOperation", "AWS Nitro Enclaves is not supported for instances with AMD SEV-SNP.")


@rule("ec2", "RunInstances", name="ec2.nesting-type", source=NESTED, date=WRITTEN, evidence=RECALLED)
def nesting_type(call: Call) -> None:
    """Nested virtualization needs a type that has it."""
    if cpu_options(call).get("NestedVirtualization") == "enabled" and "nested-virtualization" not in _features(call):
        kind = call.params.get("InstanceType", DEFAULT_TYPE)
        raise ApiError("UnsupportedOperation", f"The instance type '{kind}' does not support nested virtualization.")
