"""Where SEV-SNP meets EC2: the only file that knows how a confidential instance is asked for."""

from confkube.errors import Refusal
from confkube.platform import Cvm, Isolation, Nested
from confkube.types import Tee

UEFI_BOOT_MODES = frozenset({"uefi", "uefi-preferred"})
"""SEV-SNP needs an image that boots with UEFI.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sev-snp.html, 2026-11-23."""


def amd_sev_snp(isolation: Isolation) -> str | None:
    """The ``amdSevSnp`` CPU option of an instance or launch template; None for a plain machine.

    Raises:
        Refusal: An isolation that EC2 cannot give.
    """
    match isolation:
        case Cvm(tee=Tee.SNP):
            return "enabled"
        case Cvm(tee=tee) | Nested(tee=tee):
            raise Refusal(
                f"aws starts no {type(isolation).__name__.lower()} machine with {tee.value}; it has cvm with snp"
            )
        case _:
            return None


def refuse_image(name: str, boot_mode: str | None, isolation: Isolation) -> None:
    """Refuse an image whose firmware cannot carry the isolation.

    Raises:
        Refusal: Naming the image and its boot mode.
    """
    if isinstance(isolation, Cvm) and boot_mode not in UEFI_BOOT_MODES:
        good = " or ".join(sorted(UEFI_BOOT_MODES))
        raise Refusal(f"image {name} boots with {boot_mode or 'legacy-bios'}; SEV-SNP needs {good}")
