"""Rules of Microsoft.Compute on confidential machines and trusted launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources, spec
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_UNSUPPORTED = "is not supported for creation of VMs and Virtual Machine Scale Set with"


@rule(
    "compute",
    spec.WRITES,
    name="compute.size-not-confidential",
    source=sources.CVM_SIZE,
    date=sources.SEEN,
    evidence=READ,
)
def size_not_confidential(call: Call) -> None:
    """A confidential machine has a confidential size."""
    found = spec.of(call)
    if found.confidential and found.size is not None and not found.size.tee:
        text = (
            f"The VM size '{found.size.name}' {_UNSUPPORTED} 'ConfidentialVM' security type and "
            f"managedDisk.securityProfile.securityEncryptionType set as '{found.encryption or '<NULL>'}'"
        )
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.size-only-confidential",
    source=sources.SIZE_CVM,
    date=sources.SEEN,
    evidence=READ,
)
def size_only_confidential(call: Call) -> None:
    """A confidential size makes confidential machines alone."""
    found = spec.of(call)
    if found.size is not None and found.size.tee and not found.confidential:
        text = f"The VM size '{found.size.name}' {_UNSUPPORTED} '{found.security_type or '<NULL>'}' security type."
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.size-not-trusted",
    source=sources.TRUSTED_SIZE,
    date="2026-11-27",
    evidence=READ,
)
def size_not_trusted(call: Call) -> None:
    """A size whose children are confidential knows no trusted launch; a confidential one is refused above."""
    found = spec.of(call)
    if found.security_type == "TrustedLaunch" and found.size is not None and not found.size.trusted:
        text = (
            f"The VM size '{found.size.name}' {_UNSUPPORTED} 'TrustedLaunch' security type. For more information, see "
            "https://aka.ms/TrustedLaunch-FAQ"
        )
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.encryption-missing",
    source=sources.ENCRYPTION_MISSING,
    date=sources.SEEN,
    evidence=READ,
)
def encryption_missing(call: Call) -> None:
    """A confidential machine says what is encrypted."""
    found = spec.of(call)
    if found.confidential and not found.encryption:
        what = "managedDisk.securityProfile.securityEncryptionType"
        text = f"Required parameter for Confidential VMs '{what}' is missing (null)."
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.encryption-for-confidential",
    source=sources.PROFILE_FOR_CVM,
    date=sources.SEEN,
    evidence=READ,
)
def encryption_for_confidential(call: Call) -> None:
    """A disk's security profile belongs to a confidential machine."""
    found = spec.of(call)
    if found.encryption and not found.confidential:
        text = "The parameter 'managedDisk.securityProfile' can only be set for Confidential VMs."
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.vtpm-required",
    source=sources.GUEST_STATE,
    date=sources.SEEN,
    evidence=RECALLED,
)
def vtpm_required(call: Call) -> None:
    """A confidential machine has a virtual TPM (that the service answers with a bad request was read, its text not)."""
    found = spec.of(call)
    if found.confidential and found.at("securityProfile.uefiSettings.vTpmEnabled") is not True:
        text = "vTPM must be enabled for security type 'ConfidentialVM'. Set 'uefiSettings.vTpmEnabled' to true."
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.secure-boot-required",
    source=sources.GUEST_STATE,
    date=sources.SEEN,
    evidence=RECALLED,
)
def secure_boot_required(call: Call) -> None:
    """An encrypted disk needs secure boot (that the service answers with a bad request was read, its text not)."""
    found = spec.of(call)
    secure = found.at("securityProfile.uefiSettings.secureBootEnabled") is True
    if found.confidential and found.encryption == "DiskWithVMGuestState" and not secure:
        text = (
            "Secure boot must be enabled for security type 'ConfidentialVM' with "
            "managedDisk.securityProfile.securityEncryptionType 'DiskWithVMGuestState'."
        )
        raise ArmError("BadRequest", text)


@rule(
    "compute", spec.WRITES, name="compute.uefi-for-security-type", source=sources.UEFI, date=sources.SEEN, evidence=READ
)
def uefi_for_security_type(call: Call) -> None:
    """Secure boot and virtual TPM belong to trusted launch and to confidential machines."""
    found = spec.of(call)
    if found.at("securityProfile.uefiSettings") and found.security_type not in {"ConfidentialVM", "TrustedLaunch"}:
        text = f"Use of UEFI settings is not supported when security type is '{found.security_type or '<NULL>'}'."
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.disk-encryption-set",
    source=sources.VM_API,
    date=sources.SEEN,
    evidence=RECALLED,
)
def disk_encryption_set(call: Call) -> None:
    """A customer's key of a confidential disk needs the disk to be encrypted with the guest state."""
    found = spec.of(call)
    given = found.at("storageProfile.osDisk.managedDisk.securityProfile.diskEncryptionSet")
    if given and found.encryption != "DiskWithVMGuestState":
        text = (
            "The parameter 'managedDisk.securityProfile.diskEncryptionSet' can only be set when "
            "'managedDisk.securityProfile.securityEncryptionType' is 'DiskWithVMGuestState'."
        )
        raise ArmError("BadRequest", text)
