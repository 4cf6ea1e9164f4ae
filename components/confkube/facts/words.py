"""The closed sets of words that the fact tables use."""

TEES = ("snp", "tdx")
NO_TEE = "none"
PLACEMENTS = ("vm", "nested", "metal", "peer-pod")
TRUST_SERVERS = ("spire", "trustee")
HYPERVISORS = ("qemu-kvm", "qemu-tcg", "mshv")
INITDATA = ("host-data", "mrconfigid", "pcr8", "unbound", "unknown", "none")
ARCHITECTURES = ("x86_64", "arm64")

OPEN = "ga"
"""The one status that needs no permission."""
GUARDED = ("preview", "unproven", "unattested", "retired")
"""Statuses of things that exist and are used only when the user allows the status by name."""
CLOSED = ("unknown", "absent")
"""Statuses of gaps: nobody could tell, or it does not exist."""
STATUSES = (OPEN, *GUARDED, *CLOSED)
"""From the best to the worst."""

CLOUD_KINDS = ("provider", "hosts", "emulation", "reference")
"""provider: rents machines; hosts: given by the user; emulation: this computer; reference: nothing exists (tests)."""

MEANING = {
    "ga": "offered by the vendor and by the software as generally available",
    "preview": "exists, but the vendor or the software calls it preview, experimental or under development",
    "unproven": "built from the vendors' documents; not yet run on such hardware",
    "unattested": "works without hardware protection; nothing here is confidential",
    "retired": "withdrawn by the vendor",
    "unknown": "the sources do not say whether it works",
    "absent": "does not exist",
}
