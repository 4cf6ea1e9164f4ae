"""What the trust server of the lab stands on, as its own certificate says it."""

import subprocess

from confkube.names import TRUST
from confkube_lab import enter
from confkube_lab.inventory import Inventory

_CERTIFICATE = "/var/lib/confkube/trust/intermediate.pem"
_UNVERIFIED = "enrolled without evidence"
"""The organisational unit in a certificate that `confkube trust enroll --unverified` signed."""


def standing(inventory: Inventory) -> str:
    """One sentence; empty where there is no trust server, or it does not answer."""
    machine = inventory.single(TRUST)
    if machine is None or inventory.leader(machine) is None:
        return ""
    try:
        shown = enter.run(inventory, machine, "openssl", "x509", "-noout", "-subject", "-in", _CERTIFICATE, timeout=10)
    except subprocess.TimeoutExpired:
        return ""
    if shown.returncode != 0:
        return "waits for enrolment"
    if _UNVERIFIED in shown.stdout:
        return f"{_UNVERIFIED} (--unverified): nothing proves what machine holds its key"
    return "enrolled by other means; what was verified is not known here"
