"""Where SEV-SNP and TDX meet Azure: the only file that knows how a confidential virtual machine is asked for.

Sources: https://learn.microsoft.com/azure/confidential-computing/confidential-vm-overview and
https://learn.microsoft.com/azure/virtual-machines/trusted-launch, 2026-11-25.
"""

import pulumi_azure_native as azure

from confkube import facts
from confkube.errors import Refusal
from confkube.platform import Cvm, Group, Isolation, Nested, Single

WHOLE_DISK = azure.compute.SecurityEncryptionTypes.DISK_WITH_VM_GUEST_STATE
GUEST_STATE = azure.compute.SecurityEncryptionTypes.VM_GUEST_STATE_ONLY


def security_profile(isolation: Isolation) -> azure.compute.SecurityProfileArgs | None:
    """The ``securityProfile`` of a machine: ConfidentialVM, or Trusted Launch; both with vTPM and secure boot.

    The TEE is not named: it is the machine type's. A host of SEV-SNP children has no profile at all, since its sizes
    know neither (security type Standard); Trusted Launch lets sizes of the v5 series start ordinary children.
    Sources: https://github.com/microsoft/kata-containers/blob/manifold-cc/docs/cc/e2e/README.md and
    https://learn.microsoft.com/azure/virtual-machines/trusted-launch, 2026-11-27.
    """
    match isolation:
        case Nested(tee=tee) if tee is not None:
            return None
        case Cvm():
            kind = azure.compute.SecurityTypes.CONFIDENTIAL_VM
        case _:
            kind = azure.compute.SecurityTypes.TRUSTED_LAUNCH
    return azure.compute.SecurityProfileArgs(
        security_type=kind,
        uefi_settings=azure.compute.UefiSettingsArgs(secure_boot_enabled=True, v_tpm_enabled=True),
    )


def disk_security_profile(
    isolation: Isolation, scale: Single | Group
) -> azure.compute.VMDiskSecurityProfileArgs | None:
    """The ``securityProfile`` of a system disk; None for a plain machine, whose disk the platform encrypts at rest.

    A single machine's disk is bound to its own vTPM. Scale sets are given the guest state alone: their documentation
    excludes confidential encryption of the system disk.
    """
    if not isinstance(isolation, Cvm):
        return None
    return azure.compute.VMDiskSecurityProfileArgs(
        security_encryption_type=WHOLE_DISK if isinstance(scale, Single) else GUEST_STATE
    )


def accelerated_networking(isolation: Isolation) -> bool:
    """Whether the interface may bypass the host's virtual switch; confidential sizes of the v5 and v6 series may not.

    Of sizes whose children are confidential nobody says it, so it is not asked for.
    Source: https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/dcasv6-series, 2026-11-25.
    """
    return not isinstance(isolation, Cvm) and not (isinstance(isolation, Nested) and isolation.tee)


def refuse_host(machine_type: str, isolation: Isolation) -> None:
    """Refuse a machine type that cannot start the children that are asked of it.

    Whether the state of the type is allowed was asked before; here it is about what the type can do.

    Raises:
        Refusal: No type of Azure starts such children, or this one does not: least of all a confidential machine.
    """
    if not isinstance(isolation, Nested):
        return
    tee = isolation.tee.value if isolation.tee else facts.NO_TEE
    cell = facts.require("azure", tee, "nested", allow=facts.GUARDED)
    if facts.instance_type("azure", machine_type).tees:
        raise Refusal(
            f"azure instance type {machine_type!r} makes confidential machines, and those start none inside; a host of "
            f"children needs one such as {cell.default_type}"
        )
    facts.require_type("azure", machine_type, tee, as_host=True, allow=facts.GUARDED)


def refuse_image(urn: str, tees: frozenset[str], isolation: Isolation) -> None:
    """Refuse an image that is not built for the isolation.

    Raises:
        Refusal: Naming the image and what it can do.
    """
    if isinstance(isolation, Cvm) and isolation.tee.value not in tees:
        able = ", ".join(sorted(tees)) or "no TEE"
        raise Refusal(f"image {urn} is built for {able}, not for {isolation.tee.value}")
