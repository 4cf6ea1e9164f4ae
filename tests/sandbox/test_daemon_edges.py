"""What reaches the daemon that is no proper request, and what stands where the daemon was."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import secrets
import socket
import stat
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from aws_client import Clients, in_process
from botocore.exceptions import ClientError

from confkube.errors import Refusal
from confkube_sandbox import cli, clock
from confkube_sandbox.daemon import client
from confkube_sandbox.daemon.aws import moto, signature
from confkube_sandbox.daemon.aws.app import Aws
from confkube_sandbox.daemon.http import Incoming
from confkube_sandbox.home import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from confkube_sandbox.home import SandboxHome

NOTHING = b"Action=DescribeVpcs&Version=2016-11-15"


def _raw(url: str, text: bytes) -> bytes:
    """Send bytes as they are and return what comes back until the daemon closes or is silent."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=5) as wire:
        wire.sendall(text)
        wire.shutdown(socket.SHUT_WR)
        got = b""
        while part := wire.recv(65536):
            got += part
    return got


def _head(length: object, path: str = "/", *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *more]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


@pytest.mark.parametrize("length", [17 * 1024 * 1024, "-1", "many", "\xb2"])
def test_bodies_that_are_too_large_or_of_no_length(length: object, daemon: client.DaemonClient) -> None:
    assert _raw(daemon.url, _head(length)).startswith(b"HTTP/1.1 413")


def test_chunked_body(daemon: client.DaemonClient) -> None:
    assert _raw(daemon.url, _head(0, "/", "Transfer-Encoding: chunked")).startswith(b"HTTP/1.1 413")


def test_body_that_ends_early_is_not_taken_for_a_request(daemon: client.DaemonClient) -> None:
    assert _raw(daemon.url, _head(1000) + NOTHING) == b""


def test_client_that_asks_before_it_sends_is_told_at_once(daemon: client.DaemonClient) -> None:
    place = urlsplit(daemon.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=5) as wire:
        wire.sendall(_head(len(NOTHING), "/", "Expect: 100-continue"))
        assert wire.recv(100).startswith(b"HTTP/1.1 100")
        wire.sendall(NOTHING)
        assert wire.recv(100).startswith(b"HTTP/1.1 401")


def test_connection_is_used_again(daemon: client.DaemonClient) -> None:
    place = urlsplit(daemon.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    for path, status in (("/", 401), ("/_confkube/status", 200), ("/", 401), ("/_confkube/nothing", 404)):
        method = "GET" if path.startswith("/_") else "POST"
        connection.request(method, path, NOTHING, {"Authorization": f"Bearer {daemon.token}"})
        first = connection.sock
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert connection.sock is first
    connection.close()


@pytest.mark.parametrize(
    "path",
    ["/_confkube/../status", "/_confkube//status", "/_confkube/%2e%2e/status", "/_confkube/status/", "/_confkube/"],
)
def test_control_answers_to_exact_names(path: str, daemon: client.DaemonClient) -> None:
    token = f"Authorization: Bearer {daemon.token}"
    got = _raw(daemon.url, f"GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 404")


SCOPE = f"{signature.DEFAULT_ACCESS_KEY}/20260101/us-east-2/ec2/aws4_request"


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=, Signature=",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=xyz",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=;;;, Signature={'0' * 64}",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
        "Basic eA==",
        "\xe9" * 50,
    ],
)
@pytest.mark.parametrize("host", ["localhost", "[", "a b"])
def test_malformed_signatures_are_refused(header: str, host: str) -> None:
    headers = {"Authorization": header, "Host": host, "X-Amz-Date": "20260101T000000Z"}
    with pytest.raises(signature.ApiError, match="AuthFailure"):
        signature.Authenticator("secret").authenticate(Incoming("POST", "/", headers, NOTHING))


class _Changed:
    """Passes a signed request on with another body."""

    def __init__(self, app: Aws, body: bytes) -> None:
        self._app, self._body = app, body

    def handle(self, request: Incoming) -> Any:
        return self._app.handle(Incoming("POST", "/", request.headers, self._body))


def test_header_that_names_the_body_is_not_believed(app: Aws) -> None:
    clients = Clients("secret")
    ec2 = clients.client("ec2")
    ec2.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")
    )
    changed: Any = _Changed(app, b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.9.0.0%2F16")
    ec2.meta.events.register("before-send", in_process(changed))
    with pytest.raises(ClientError, match="AuthFailure"):
        ec2.describe_vpcs()


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("secretsmanager", "list_secrets", "InvalidSignatureException"),
    ],
)
def test_region_that_does_not_exist(service: str, call: str, code: str, app: Aws) -> None:
    with pytest.raises(ClientError, match=f"{code}.*valid Region, not 'mars-north-1'"):
        getattr(Clients("secret", app=app).client(service, "mars-north-1"), call)()


def test_internal_fault_is_logged_without_what_it_carried(
    app: Aws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    value = secrets.token_hex(16)

    def fail(*_: object) -> None:
        raise KeyError(value)

    monkeypatch.setattr(moto, "call", fail)
    with pytest.raises(ClientError, match="InternalFailure"):
        Clients("secret", app=app).client("secretsmanager").create_secret(Name="a", SecretString=value)
    assert "internal fault: KeyError" in caplog.text
    assert value not in caplog.text


def test_changes_that_are_due_happen_once_however_many_ask(app: Aws) -> None:
    ec2 = Clients("secret", app=app).client("ec2")
    scaling = Clients("secret", app=app).client("autoscaling")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-2b")["Subnet"]["SubnetId"]
    image = ec2.describe_images(Owners=["099720109477"])["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "m6a.large"}
    ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=data)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="w",
        MinSize=3,
        MaxSize=3,
        VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": "pool"},
    )
    met: list[int] = []

    def look() -> None:
        mine = Clients("secret", app=app).client("ec2")
        met.append(len(mine.describe_instances()["Reservations"]))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(met) == {3}


def test_settings_and_clock_outlive_the_process(app: Aws, home: SandboxHome) -> None:
    app.change_settings(
        {"quotas": {"vpcs": 2}, "faults": [{"service": "ec2", "operation": "CreateVpc", "kind": "slow"}]}
    )
    ahead: timedelta = clock.parse_duration("365d")
    clock.advance(home, ahead)
    again = Aws(home, "secret")
    again.store.load()
    assert again.settings == app.settings
    assert clock.offset(home) == ahead


@pytest.fixture
def stranger(home: SandboxHome) -> Iterator[list[str]]:
    """Another program at the address of a daemon that is gone; it notes the headers that it is sent."""
    noted: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            noted.append(str(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_GET  # noqa: N815  the base class's name

        def log_message(self, *_: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    about = {"url": f"http://127.0.0.1:{server.server_port}", "token": "t" * 64, "pid": 1}
    write_private(home.daemon_file, json.dumps(about))
    write_private(client.lock_file(home), "")
    yield noted
    server.shutdown()
    thread.join()
    server.server_close()


def test_port_taken_by_another_program(stranger: list[str], home: SandboxHome) -> None:
    """The token is not told to the stranger, and the daemon takes another port. Whatever it writes is private."""
    before = json.loads(home.daemon_file.read_text("utf-8"))
    with pytest.raises(client.DaemonUnreachableError, match="is not running"):
        client.connect(home)
    old = os.umask(0)
    try:
        again = client.ensure_running(home)
    finally:
        os.umask(old)
    try:
        assert again.url != before["url"]
        assert again.token == before["token"]
        assert f"endpoint_url = {again.url}\n" in home.aws_config.read_text("utf-8")
        for path in home.root.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    finally:
        again.stop()
    assert stranger == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 5, "token": "x", "pid": 1}'])
def test_description_that_is_none(text: str, home: SandboxHome) -> None:
    home.daemon_file.write_text(text, encoding="utf-8")
    with pytest.raises(client.DaemonUnreachableError):
        client.connect(home)


def test_reset_clears_a_state_that_the_daemon_refuses(
    app: Aws, home: SandboxHome, capsys: pytest.CaptureFixture[str]
) -> None:
    Clients("secret", app=app).client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    path = home.cloud / "aws.state"
    path.write_bytes(path.read_bytes().replace(b'"schema": 2', b'"schema": 0', 1))
    arguments = ["--home", str(home.root), "reset"]
    cli.sandbox.main(arguments, standalone_mode=False)
    told = capsys.readouterr().out
    assert "would go: what the simulated clouds hold, which cannot be listed" in told
    assert "written with schema 0" in told
    assert path.exists()
    cli.sandbox.main([*arguments, "--yes"], standalone_mode=False)
    assert "removed: what the simulated clouds hold" in capsys.readouterr().out
    assert client.ensure_running(home).inventory() == []
    client.connect(home).stop()


def test_reset_does_not_work_behind_a_daemon_that_is_silent(home: SandboxHome) -> None:
    kept = home.cloud / "aws.state"
    kept.write_bytes(b"x")
    handle = os.open(client.lock_file(home), os.O_RDWR | os.O_CREAT, 0o600)
    client.fcntl.flock(handle, client.fcntl.LOCK_EX)
    try:
        with pytest.raises(Refusal, match="end that process first"):
            client.reset(home)
    finally:
        os.close(handle)
    assert kept.exists()
