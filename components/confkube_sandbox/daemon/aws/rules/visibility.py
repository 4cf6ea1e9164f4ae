"""Eventual consistency: for a while, a new resource may not be found. Off unless the settings give a lag."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import CONSISTENCY, WRITTEN
from confkube_sandbox.daemon.aws.served import SERVED
from confkube_sandbox.daemon.rules import RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confkube_sandbox.daemon.aws.context import Call
    from confkube_sandbox.daemon.http import Reply

_ID = re.compile(r"(?<!-)\b(vpc|subnet|sg|igw|rtb|nat|eipalloc|eni|i|lt|vol|ami|snap)-[0-9a-f]{17}\b")
_CODES: Mapping[str, str] = {
    "vpc": "InvalidVpcID.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "sg": "InvalidGroup.NotFound",
    "igw": "InvalidInternetGatewayID.NotFound",
    "rtb": "InvalidRouteTableID.NotFound",
    "nat": "NatGatewayNotFound",
    "eipalloc": "InvalidAllocationID.NotFound",
    "eni": "InvalidNetworkInterfaceID.NotFound",
    "i": "InvalidInstanceID.NotFound",
    "lt": "InvalidLaunchTemplateId.NotFound",
    "vol": "InvalidVolume.NotFound",
    "ami": "InvalidAMIID.NotFound",
    "snap": "InvalidSnapshot.NotFound",
}
_CREATING = ("Create", "Run", "Allocate", "Register")


@rule(
    "ec2", " ".join(sorted(SERVED["ec2"])), name="ec2.consistency", source=CONSISTENCY, date=WRITTEN, evidence=RECALLED
)
def not_visible_yet(call: Call) -> None:
    """A resource younger than the lag is not found."""
    if not call.settings.consistency_lag:
        return
    lag = timedelta(seconds=call.settings.consistency_lag / call.settings.speed)
    for name in _texts(call.params):
        born = call.memory.born.get(call.key(name))
        if born is not None and call.now - born < lag:
            kind = name.partition("-")[0]
            raise ApiError(_CODES[kind], f"The {kind} ID '{name}' does not exist")


def note_births(call: Call, reply: Reply) -> None:
    """Remember what a request has made."""
    if call.caller.service == "ec2" and call.operation.startswith(_CREATING):
        known = set(_texts(call.params))
        for found in _ID.finditer(reply.body.decode()):
            if found[0] not in known:
                call.memory.born.setdefault(call.key(found[0]), call.now)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, Any]", value).values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _texts(each)
