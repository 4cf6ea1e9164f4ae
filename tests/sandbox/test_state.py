"""Acknowledged changes survive anything that happens to the daemon, and a state that cannot be trusted is refused."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from aws_client import Clients
from botocore.exceptions import BotoCoreError, ClientError

from confkube.errors import Refusal
from confkube_sandbox.daemon import client, store
from confkube_sandbox.daemon.aws.app import Aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.home import SandboxHome


@pytest.fixture
def running(home: SandboxHome) -> Iterator[client.DaemonClient]:
    yield client.ensure_running(home)
    client.ensure_running(home).stop()


def _kill(daemon: client.DaemonClient) -> None:
    os.kill(daemon.pid, signal.SIGKILL)
    # The lock is free once the process is gone.
    handle = os.open(daemon.lock, os.O_RDWR)
    client.fcntl.flock(handle, client.fcntl.LOCK_SH)
    os.close(handle)


def test_acknowledged_changes_survive_a_kill(running: client.DaemonClient, home: SandboxHome) -> None:
    clients = Clients(running.token, running.url)
    ec2 = clients.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    acknowledged: list[str] = []
    enough = threading.Event()

    def work(number: int) -> None:
        try:
            while True:
                name = f"group-{number}-{len(acknowledged)}"
                acknowledged.append(ec2.create_security_group(VpcId=vpc, GroupName=name, Description="x")["GroupId"])
                if len(acknowledged) >= 30:
                    enough.set()
        except (BotoCoreError, ClientError, KeyError):
            return

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(work, number)
        enough.wait(timeout=60)
        _kill(running)
    again = client.ensure_running(home)
    assert (again.url, again.token) == (running.url, running.token)
    assert again.pid != running.pid
    shown = (
        Clients(again.token, again.url)
        .client("ec2")
        .describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    )
    assert len(acknowledged) >= 30
    assert set(acknowledged) <= {group["GroupId"] for group in shown["SecurityGroups"]}


def test_second_daemon_is_refused_and_starters_agree(running: client.DaemonClient, home: SandboxHome) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = {each.pid for each in pool.map(lambda _: client.ensure_running(home), range(4))}
    assert found == {running.pid}


def test_no_daemon_is_said_so(home: SandboxHome) -> None:
    with pytest.raises(client.DaemonUnreachableError, match="no sandbox daemon was ever started"):
        client.connect(home)


def test_state_is_the_same_after_a_restart(app: Aws, home: SandboxHome) -> None:
    secrets = Clients("secret", app=app).client("secretsmanager")
    secrets.create_secret(Name="key", SecretString="value")
    again = Aws(home, "secret")
    assert again.store.load()
    assert again.settings == app.settings
    assert (
        Clients("secret", app=again).client("secretsmanager").get_secret_value(SecretId="key")["SecretString"]
        == "value"
    )


def test_full_disk_takes_the_change_back(app: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Clients("secret", app=app).client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store.os, "fsync", full)
        with pytest.raises(ClientError) as caught:
            ec2.create_vpc(CidrBlock="10.1.0.0/16")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert [each["CidrBlock"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]] == ["10.0.0.0/16"]
    ec2.create_vpc(CidrBlock="10.1.0.0/16")


def test_damaged_state_is_refused(app: Aws, home: SandboxHome) -> None:
    path = home.cloud / "aws.state"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Refusal, match="damaged; run `confkube sandbox reset`"):
        Aws(home, "secret").store.load()


def test_state_of_another_version_is_refused(app: Aws, home: SandboxHome) -> None:
    path = home.cloud / "aws.state"
    path.write_bytes(path.read_bytes().replace(b'"schema": 2', b'"schema": 0', 1))
    with pytest.raises(Refusal, match="written with schema 0, this is schema 2; run `confkube sandbox reset`"):
        Aws(home, "secret").store.load()


def test_state_that_others_can_reach_is_refused(app: Aws, home: SandboxHome) -> None:
    home.cloud.chmod(0o755)
    with pytest.raises(Refusal, match="mode 0755"):
        Aws(home, "secret").store.load()


@pytest.mark.parametrize(
    ("kind", "made"),
    [("error", False), ("throttle", False), ("created-but-error", True)],
)
def test_planned_fault_strikes_once(kind: str, made: bool, app: Aws) -> None:
    ec2 = Clients("secret", app=app).client("ec2")
    app.change_settings({"faults": [{"service": "ec2", "operation": "CreateVpc", "kind": kind, "nth": 2}]})
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    with pytest.raises(ClientError):
        ec2.create_vpc(CidrBlock="10.1.0.0/16")
    blocks = {each["CidrBlock"] for each in ec2.describe_vpcs()["Vpcs"]}
    assert ("10.1.0.0/16" in blocks) is made
    ec2.create_vpc(CidrBlock="10.2.0.0/16")


def test_lost_response_has_done_the_work(running: client.DaemonClient) -> None:
    ec2 = Clients(running.token, running.url).client("ec2")
    running.settings(faults=[{"service": "ec2", "operation": "CreateVpc", "kind": "lost-response"}])
    with pytest.raises(BotoCoreError):
        ec2.create_vpc(CidrBlock="10.1.0.0/16")
    assert "10.1.0.0/16" in {each["CidrBlock"] for each in ec2.describe_vpcs()["Vpcs"]}


def test_reset_leaves_nothing(running: client.DaemonClient) -> None:
    Clients(running.token, running.url).client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert len(running.inventory()) == 1
    running.reset()
    assert running.inventory() == []
    assert running.status()["resources"] == {}


def test_a_daemon_of_older_code_is_renewed_only_between_operations(
    running: client.DaemonClient, home: SandboxHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    vpc = Clients(running.token, running.url).client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert client.ensure_running(home, renew=True).pid == running.pid
    monkeypatch.setattr(client, "code_stamp", lambda: "newer")
    assert client.ensure_running(home).pid == running.pid
    renewed = client.ensure_running(home, renew=True)
    assert renewed.pid != running.pid
    assert (renewed.url, renewed.token) == (running.url, running.token)
    assert any(each.endswith(vpc) for each in renewed.inventory())
