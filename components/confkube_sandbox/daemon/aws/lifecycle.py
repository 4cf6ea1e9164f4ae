"""What happens when the time has come. Nothing sleeps: every request first lets the changes happen that are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws import context, groups, moto
from confkube_sandbox.daemon.aws.patches import imports
from confkube_sandbox.daemon.aws.signature import Caller
from confkube_sandbox.daemon.aws.states import schedule, set_state

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call, Memory
    from confkube_sandbox.daemon.settings import Settings

# How long a resource's birth is remembered at least, so that a lag that is set later holds for it too.
_YOUTH = timedelta(hours=1)


def advance(memory: Memory, settings: Settings, call: Call) -> bool:
    """Let everything happen that is due, in all accounts; True when anything changed."""
    ready = sorted((when, key, state) for key, (state, when) in memory.due.items() if when <= call.now)
    changed = bool(ready)
    places = {key[:2]: _Place(_elsewhere(call, *key[:2])) for _, key, _ in ready}
    for _, key, state in ready:
        del memory.due[key]
        places[key[:2]].arrive(key[2], state)
    for account, region, state in moto.existing("autoscaling"):
        for group in list(state.autoscaling_groups.values()):
            there = _elsewhere(call, account, region)
            context.serving(there)
            changed |= groups.reconcile(there, group)
    context.serving(call)
    horizon = max(timedelta(seconds=settings.consistency_lag / settings.speed), _YOUTH)
    for key in [key for key, when in memory.born.items() if call.now - when > horizon]:
        del memory.born[key]
    return changed


def _elsewhere(call: Call, account: str, region: str) -> Call:
    return replace(call, caller=Caller(account, region, "ec2"))


class _Place:
    """The resources of one account and region whose time may have come."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._held: dict[str, tuple[str, Any]] = {
            each.id: (number, each)
            for number, reservation in call.ec2.reservations.items()
            for each in reservation.instances
        }

    def arrive(self, name: str, state: str) -> None:
        """Put a resource into its next state."""
        context.serving(self._call)
        if name.startswith("nat-"):
            _nat_arrives(self._call, name, state)
        elif name.startswith(imports.PREFIX):
            imports.arrive(self._call, name, state)
        elif name in self._held:
            self._instance_arrives(name, state)

    def _instance_arrives(self, name: str, state: str) -> None:
        number, instance = self._held[name]
        if state == "gone":
            reservation = self._call.ec2.reservations[number]
            reservation.instances = [each for each in reservation.instances if each is not instance]
            if not reservation.instances:
                del self._call.ec2.reservations[number]
            self._call.ec2.tags.pop(name, None)
            return
        if state == "terminated":
            release(self._call, instance)
            schedule(self._call, name, "gone", "instance-memory")
        set_state(instance, state)


def release(call: Call, instance: Any) -> None:  # noqa: ANN401
    """Give back what an instance held: addresses, interfaces and the volumes that end with it."""
    for interface in list(instance.nics.values()):
        for address in call.ec2.addresses:
            if address.eni is interface:
                call.ec2.disassociate_address(association_id=address.association_id)
    instance.end_of_life()
    for index, interface in list(instance.nics.items()):
        if not interface.delete_on_termination:
            instance.detach_eni(interface)
        elif index:
            del instance.nics[index]


def _nat_arrives(call: Call, name: str, state: str) -> None:
    gateway = call.ec2.nat_gateways.get(name)
    if gateway is None:
        return
    if state == "gone":
        del call.ec2.nat_gateways[name]
        call.ec2.tags.pop(name, None)
        return
    gateway.state = state
    if state == "failed":
        gateway.failure_code, gateway.failure_message = gateway.fault
    if state in {"deleted", "failed"}:
        for address in call.ec2.addresses:
            if address.eni is gateway._eni:  # noqa: SLF001  moto keeps the interface there
                call.ec2.disassociate_address(association_id=address.association_id)
        call.ec2.enis.pop(gateway._eni.id, None)  # noqa: SLF001
        gateway.subnet_released = True
        schedule(call, name, "gone", "nat-memory")
