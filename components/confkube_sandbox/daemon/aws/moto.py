"""The bridge to moto: the served services' state, and one call of one operation, in this process, without a socket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from moto.autoscaling.models import autoscaling_backends
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.base_backend import BackendDict
from moto.core.exceptions import ServiceException
from moto.core.model_instances import reset_model_data
from moto.core.request import Request
from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from confkube_sandbox.daemon.aws import shapes
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.http import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.aws.signature import Caller

GLOBAL_REGION = "aws"
_BACKENDS: Mapping[str, BackendDict[Any]] = {
    "autoscaling": autoscaling_backends,
    "ec2": ec2_backends,
    "iam": iam_backends,
    "secretsmanager": secretsmanager_backends,
}
_RESPONSES: Mapping[str, Any] = {
    "autoscaling": AutoScalingResponse,
    "ec2": EC2Response,
    "iam": IamResponse,
    "secretsmanager": SecretsManagerResponse,
}
_GLOBAL = frozenset({"iam"})

_VPC_UNKNOWN = re.compile(r"VpcID (vpc-\w+) does not exist\.")

World = dict[tuple[str, str, str], Any]


def backend(service: str, account: str, region: str) -> Any:  # noqa: ANN401  moto's models carry no useful types
    """Return moto's state of one service in one account and region, made on first use."""
    return _BACKENDS[service][account][GLOBAL_REGION if service in _GLOBAL else region]


def existing(service: str) -> list[tuple[str, str, Any]]:
    """List the states of a service that were ever used, as (account, region, backend)."""
    return [(account, region, held) for account, region, held in _BACKENDS[service].iter_backends()]


def world() -> World:
    """Return every state of every served service."""
    return {(service, account, region): held for service in _BACKENDS for account, region, held in existing(service)}


def replace_world(held: World) -> None:
    """Put a stored world in place of the present one."""
    clear()
    for (service, account, region), state in held.items():
        regions: Any = _BACKENDS[service][account]
        regions[region] = state


def clear() -> None:
    """Empty all accounts."""
    for name in ("ec2", "autoscaling", "iam", "secretsmanager"):
        _BACKENDS[name].clear()
    BackendDict.reset()
    forget_instances()


def forget_instances() -> None:
    """Drop moto's list of every object it ever made, which would keep them alive for ever."""
    reset_model_data()


def call(caller: Caller, operation: str, params: Mapping[str, Any]) -> Reply:
    """Carry out one operation on moto and return its answer.

    Raises:
        ApiError: moto refused the request.
    """
    host = (
        f"{caller.service}.amazonaws.com"
        if caller.service in _GLOBAL
        else f"{caller.service}.{caller.region}.amazonaws.com"
    )
    encoded = shapes.encode(caller.service, operation, params)
    body: Any = encoded["body"]
    headers = {**encoded["headers"], "Host": host, "x-moto-account-id": caller.account}
    request = Request.from_primitives(
        "POST", f"https://{host}/", headers, urlencode(cast("dict[str, str]", body)) if isinstance(body, dict) else body
    )
    try:
        status, found, content = _RESPONSES[caller.service].dispatch(request)
    except ServiceException as refusal:
        raise ApiError(refusal.code, _worded(refusal.message)) from refusal
    text = content.encode() if isinstance(content, str) else content
    if status >= 400:
        text = _worded(text.decode()).encode()
    kept = {
        str(name): str(value)
        for name, value in found.items()
        if str(name).lower() in {"content-type", "x-amzn-requestid"}
    }
    return Reply(int(status), kept, text)


def _worded(text: str) -> str:
    """Give a refusal of moto the words of EC2 where they are known to differ.

    Source: InvalidVpcID.NotFound in installlogmonitor_test.go of https://github.com/openshift/hive (2026-11-24).
    """
    return _VPC_UNKNOWN.sub(r"The vpc ID '\1' does not exist", text)
