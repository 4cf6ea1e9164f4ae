"""The commands that switch machines off and on, and break them on purpose."""

import click

from confkube_lab.home import LabHome

_TEXTS = {
    "kill": ("Switch MACHINE off at once, as if its plug were pulled.", "is switched off"),
    "start": ("Switch MACHINE on again; its disk is as it was.", "is starting"),
    "reboot": ("Boot MACHINE anew.", "is booting"),
    "unplug": ("Pull MACHINE's network cable.", "has no network"),
    "plug": ("Plug MACHINE's network cable in again.", "has its network again"),
    "fill-disk": ("Fill MACHINE's disk; drain-disk gives the space back.", "has a full disk"),
    "drain-disk": ("Give back the space that fill-disk took.", "has its space again"),
}


def _command(name: str) -> click.Command:
    text, said = _TEXTS[name]

    @click.command(name, help=text)
    @click.argument("machine")
    @click.pass_obj
    def run(home: LabHome, machine: str) -> None:
        from confkube_lab import faults  # noqa: PLC0415
        from confkube_lab.inventory import Inventory  # noqa: PLC0415

        inventory = Inventory(home)
        found = inventory.find(machine)
        actions = {
            "kill": lambda: faults.kill(inventory, found),
            "start": lambda: faults.start(inventory, found),
            "reboot": lambda: faults.reboot(inventory, found),
            "unplug": lambda: faults.cable(inventory, found, plugged=False),
            "plug": lambda: faults.cable(inventory, found, plugged=True),
            "fill-disk": lambda: faults.fill(inventory, found),
            "drain-disk": lambda: faults.drain(inventory, found),
        }
        actions[name]()
        click.echo(f"{found.name} {said}")

    return run


COMMANDS = tuple(map(_command, _TEXTS))
"""For the group."""
