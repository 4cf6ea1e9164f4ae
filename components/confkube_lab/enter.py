"""Runs commands inside a machine, as if one had logged in there as root."""

import subprocess
from collections.abc import Sequence

from confkube.errors import Refusal
from confkube_lab.inventory import Inventory, Machine

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "KUBECONFIG": "/etc/kubernetes/admin.conf",
    "LANG": "C.UTF-8",
}


def leader(inventory: Inventory, machine: Machine) -> int:
    """The first process inside ``machine``.

    Raises:
        Refusal: The machine is switched off.
    """
    found = inventory.leader(machine)
    if found is None:
        raise Refusal(f"machine {machine.name} is switched off; switch it on with: confkube lab start {machine.name}")
    return found


def command(inventory: Inventory, machine: Machine, wanted: Sequence[str], **variables: str) -> list[str]:
    """The command of this computer that runs ``wanted`` inside ``machine``.

    Raises:
        Refusal: The machine is switched off.
    """
    enter = ["nsenter", "-t", str(leader(inventory, machine)), "--all", "--root", "--wd"]
    variables = {**_ENVIRONMENT, **variables}
    return [*enter, "env", "-i", *(f"{name}={value}" for name, value in variables.items()), *wanted]


def run(
    inventory: Inventory, machine: Machine, *wanted: str, stdin: str = "", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command inside ``machine`` to its end.

    Raises:
        Refusal: The machine is switched off.
        subprocess.TimeoutExpired: It takes longer than ``timeout`` seconds.
    """
    return subprocess.run(  # noqa: S603  the caller's command
        command(inventory, machine, wanted), input=stdin, capture_output=True, text=True, check=False, timeout=timeout
    )
