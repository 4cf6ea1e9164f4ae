"""A typed view of the official API model that botocore ships (one JSON document per service)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from botocore import serialize  # pyright: ignore[reportMissingTypeStubs]
from botocore.session import Session  # pyright: ignore[reportMissingTypeStubs]
from moto.core.utils import get_service_model  # moto's copy: loading the EC2 model twice would cost half a second

from confkube_sandbox.daemon.aws.errors import EC2, JSON, QUERY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PROTOCOLS: Mapping[str, str] = {
    "autoscaling": QUERY,
    "ec2": EC2,
    "iam": QUERY,
    "secretsmanager": JSON,
    "sts": QUERY,
}


class Shape(Protocol):
    """What the decoder and the validator need of a botocore shape."""

    name: str
    type_name: str
    serialization: Mapping[str, Any]
    metadata: Mapping[str, Any]
    members: Mapping[str, Shape]
    required_members: Sequence[str]
    member: Shape
    key: Shape
    value: Shape


class Operation(Protocol):
    """One API call of the model."""

    name: str
    input_shape: Shape | None


class _Service(Protocol):
    operation_names: Sequence[str]
    api_version: str
    metadata: Mapping[str, Any]

    def operation_model(self, operation_name: str) -> Operation: ...


@cache
def service(name: str) -> _Service:
    """Return the model of one service."""
    return cast("_Service", get_service_model(name))


@cache
def regions() -> frozenset[str]:
    """Return the regions of the commercial partition; an account of another one is another account."""
    session: Any = Session()
    known: Any = session.get_available_regions("ec2")
    return frozenset(cast("list[str]", known))


@cache
def operation(service_name: str, name: str) -> Operation:
    """Return the model of one operation; the caller has checked that it exists."""
    return service(service_name).operation_model(name)


@cache
def _serializer(service_name: str) -> Callable[[Mapping[str, Any], Operation], dict[str, Any]]:
    made: Any = serialize.create_serializer(PROTOCOLS[service_name], include_validation=False)  # pyright: ignore[reportUnknownMemberType]
    return made.serialize_to_request


def encode(service_name: str, operation_name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Serialise parameters as the SDK would: a mapping with ``body`` (form fields or bytes) and ``headers``."""
    return _serializer(service_name)(params, operation(service_name, operation_name))


def wire_name(protocol: str, name: str, shape: Shape) -> str:
    """Name of a structure member on the wire."""
    if protocol == EC2:
        if "queryName" in shape.serialization:
            return shape.serialization["queryName"]
        given: str | None = shape.serialization.get("name")
        return given[0].upper() + given[1:] if given else name
    return shape.serialization.get("name", name)
