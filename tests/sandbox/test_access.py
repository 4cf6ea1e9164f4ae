"""Nobody without the sandbox's token gets an answer from the daemon."""

from __future__ import annotations

import http.client
import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest
from aws_client import ACCOUNT, Clients
from botocore.config import Config
from botocore.exceptions import ClientError

from confkube.errors import Refusal
from confkube_sandbox.daemon.aws import signature
from confkube_sandbox.daemon.http import Incoming

if TYPE_CHECKING:
    from confkube_sandbox.daemon.client import DaemonClient

WRONG = {
    "ec2": ("describe_vpcs", 401, "AuthFailure", "AuthFailure"),
    "sts": ("get_caller_identity", 403, "SignatureDoesNotMatch", "InvalidClientTokenId"),
    "secretsmanager": ("list_secrets", 400, "InvalidSignatureException", "UnrecognizedClientException"),
}


def _refused(url: str, service: str, key: str, secret: str) -> tuple[int, str]:
    made = boto3.client(
        service,
        region_name="us-east-2",
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as caught:
        getattr(made, WRONG[service][0])()
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


@pytest.mark.parametrize("service", WRONG)
def test_wrong_secret(service: str, daemon: DaemonClient) -> None:
    met = _refused(daemon.url, service, signature.DEFAULT_ACCESS_KEY, "0" * 64)
    assert met == (WRONG[service][1], WRONG[service][2])


@pytest.mark.parametrize("service", WRONG)
def test_unknown_key(service: str, daemon: DaemonClient) -> None:
    assert _refused(daemon.url, service, "AKIAIOSFODNN7EXAMPLE", daemon.token)[1] == WRONG[service][3]


def _post(daemon: DaemonClient, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    place = urlsplit(daemon.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_no_signature(daemon: DaemonClient) -> None:
    status, body = _post(
        daemon, "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=DescribeVpcs&Version=2016-11-15"
    )
    assert status == 401
    assert b"<Code>AuthFailure</Code>" in body


def test_signature_covers_the_body() -> None:
    checker = signature.Authenticator("secret")
    caught: list[Incoming] = []

    class Sink:
        def handle(self, request: Incoming) -> None:
            caught.append(request)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Clients("secret", app=Sink()).client("ec2").create_vpc(CidrBlock="10.0.0.0/16")  # pyright: ignore[reportArgumentType]
    request = caught[0]
    assert checker.authenticate(request).account == ACCOUNT
    changed = Incoming(request.method, request.path, request.headers, request.body.replace(b"10.0", b"10.9"))
    with pytest.raises(signature.ApiError, match="AuthFailure"):
        checker.authenticate(changed)
    stale = {**request.headers, "X-Amz-Date": "20200101T000000Z"}
    with pytest.raises(signature.ApiError):
        checker.authenticate(Incoming(request.method, request.path, stale, request.body))


def test_old_signature_is_refused() -> None:
    wide_open = signature.Authenticator("secret", frozenset({signature.SIGNATURE}))
    scope = f"{signature.DEFAULT_ACCESS_KEY}/20200101/us-east-2/ec2/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
        "X-Amz-Date": "20200101T000000Z",
        "Host": "localhost",
    }
    with pytest.raises(signature.ApiError, match="RequestExpired"):
        wide_open.authenticate(Incoming("POST", "/", headers, b""))


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic x"])
def test_control_needs_the_token(header: str, daemon: DaemonClient) -> None:
    status, body = _post(daemon, "/_confkube/reset", {"Authorization": header} if header else {})
    assert status == 401
    assert daemon.token.encode() not in body


def test_control_refuses_in_one_line(daemon: DaemonClient) -> None:
    with pytest.raises(Refusal, match="'fast' is not known; choose one of"):
        daemon.settings(fast=1)
    with pytest.raises(Refusal, match="speed: 'x' is not a number"):
        daemon.settings(speed="x")
    with pytest.raises(Refusal, match=r"choose one of .*vcpus"):
        daemon.settings(quotas={"cpus": 3})


def test_files_are_private_and_the_log_has_no_token(daemon: DaemonClient) -> None:
    root = daemon.lock.parent
    secret = [root / "daemon.json", root / "aws" / "credentials", root / "daemon.log", root / "cloud" / "aws.state"]
    for path in secret:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((root / "cloud").stat().st_mode) == 0o700
    assert daemon.token not in (root / "daemon.log").read_text("utf-8")
    assert json.loads((root / "daemon.json").read_text("utf-8"))["url"] == daemon.url
    assert (
        daemon.token not in Path(f"/proc/{daemon.pid}/cmdline").read_text("utf-8")
        if Path("/proc/self").exists()
        else True
    )
