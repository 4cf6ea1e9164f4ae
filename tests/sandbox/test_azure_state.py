"""Azure: acknowledged changes survive, planned faults strike, and many callers at once do no harm."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import azure_world
import pytest
from azure.core.exceptions import AzureError, HttpResponseError
from azure_client import ACCOUNT, Clients
from azure_world import GROUP, REGION

from confkube_sandbox.daemon import client
from confkube_sandbox.daemon.azure.app import Azure, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.home import SandboxHome

_OPERATION = "VirtualNetworks_CreateOrUpdate"


@pytest.fixture
def azure(home: SandboxHome) -> Azure:
    made = Azure(home, "secret")
    made.change_settings({"speed": azure_world.INSTANT})
    return made


@pytest.fixture
def clients(azure: Azure) -> Clients:
    made = Clients("secret", app=azure)
    made.client("resources").resource_groups.create_or_update(GROUP, {"location": REGION})
    return made


@pytest.fixture
def running(home: SandboxHome) -> Iterator[client.DaemonClient]:
    yield client.ensure_running(home)
    client.ensure_running(home).stop()


def _names(clients: Clients) -> set[str]:
    return {each.name for each in clients.client("network").virtual_networks.list(GROUP)}


def _network(clients: Clients, name: str) -> Any:
    sdk = clients.client("network").virtual_networks
    return sdk.begin_create_or_update(GROUP, name, azure_world.network()).result()


def test_state_is_the_same_after_a_restart(azure: Azure, clients: Clients, home: SandboxHome) -> None:
    clients.client("resources").resource_groups.begin_delete(GROUP).result()
    azure_world.build(clients, lambda **wanted: azure.change_settings(wanted))
    again = load(home, "secret")
    assert again.inventory() == azure.inventory()
    assert again.settings == azure.settings
    shown = [
        [each.as_dict() for each in Clients("secret", app=app).client("compute").virtual_machines.list(GROUP)]
        for app in (azure, again)
    ]
    assert shown[0] == shown[1]
    deleted = Clients("secret", app=again).client("keyvault").vaults.list_deleted()
    assert [each.name for each in deleted] == [azure_world.vault_name(clients, "gone")]


def test_acknowledged_changes_survive_a_kill(running: client.DaemonClient, home: SandboxHome) -> None:
    running.settings(speed=azure_world.INSTANT)
    clients = Clients(running.token, running.url)
    clients.client("resources").resource_groups.create_or_update(GROUP, {"location": REGION})
    acknowledged: list[str] = []
    enough = threading.Event()

    def work(number: int) -> None:
        own = Clients(running.token, running.url).client("network")
        try:
            while True:
                name = f"net-{number}-{len(acknowledged)}"
                own.virtual_networks.begin_create_or_update(GROUP, name, azure_world.network(), polling=False)
                acknowledged.append(name)
                if len(acknowledged) >= 30:
                    enough.set()
        except AzureError:
            return

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(work, number)
        assert enough.wait(timeout=60)
        os.kill(running.pid, signal.SIGKILL)
    again = client.ensure_running(home)
    assert again.pid != running.pid
    assert set(acknowledged) <= _names(Clients(again.token, again.url))


def test_sixteen_callers_at_once(azure: Azure, clients: Clients) -> None:
    network = clients.client("network")
    _network(clients, "net")
    subnet = network.subnets.begin_create_or_update(
        GROUP, "net", "nodes", {"properties": {"addressPrefix": "10.8.0.0/24"}}
    ).result()
    before = azure.inventory(ACCOUNT)

    def work(number: int) -> str:
        own = Clients("secret", app=azure).client("network")
        names = [f"card-{number}-{each}" for each in range(4)]
        made = [
            own.network_interfaces.begin_create_or_update(GROUP, name, azure_world.interface(subnet.id)).result()
            for name in names
        ]
        own.network_interfaces.begin_delete(GROUP, names[0]).result()
        return ",".join(each.ip_configurations[0].private_ip_address for each in made[1:])

    with ThreadPoolExecutor(16) as pool:
        taken = ",".join(pool.map(work, range(16))).split(",")
    assert len(taken) == 48
    assert len(set(taken)) == 48
    for each in network.network_interfaces.list(GROUP):
        network.network_interfaces.begin_delete(GROUP, each.name).result()
    assert azure.inventory(ACCOUNT) == before


def test_one_vault_name_goes_to_one_of_many(azure: Azure, clients: Clients) -> None:
    del clients

    def work(number: int) -> str:
        own = Clients("secret", app=azure, account=f"00000000-0000-4000-8000-00000000{number:04d}")
        own.client("resources").resource_groups.create_or_update(GROUP, {"location": REGION})
        vaults = own.client("keyvault").vaults
        try:
            return vaults.begin_create_or_update(GROUP, "only-one", azure_world.vault_body()).result().name
        except HttpResponseError as refused:
            return str(refused.error.code if refused.error else "")

    with ThreadPoolExecutor(16) as pool:
        found = sorted(pool.map(work, range(16)))
    assert found == ["VaultAlreadyExists"] * 15 + ["only-one"]


@pytest.mark.parametrize(
    ("kind", "made", "status"),
    [("error", False, 500), ("throttle", False, 429), ("created-but-error", True, 500)],
)
def test_planned_fault_strikes_once(kind: str, made: bool, status: int, azure: Azure, clients: Clients) -> None:
    azure.change_settings({"faults": [{"service": "azure", "operation": _OPERATION, "kind": kind, "nth": 2}]})
    _network(clients, "first")
    with pytest.raises(HttpResponseError) as caught:
        _network(clients, "second")
    assert caught.value.status_code == status
    assert ("Retry-After" in caught.value.response.headers) is (kind == "throttle")
    assert _names(clients) == ({"first", "second"} if made else {"first"})
    _network(clients, "third")


def test_lost_response_has_done_the_work(azure: Azure, clients: Clients) -> None:
    azure.change_settings({"faults": [{"service": "azure", "operation": _OPERATION, "kind": "lost-response"}]})
    with pytest.raises(AzureError):
        _network(clients, "first")
    assert _names(clients) == {"first"}


def test_a_slow_answer_comes_late(azure: Azure, clients: Clients) -> None:
    fault = {"service": "azure", "operation": _OPERATION, "kind": "slow", "seconds": 0.3}
    azure.change_settings({"faults": [fault]})
    began = time.monotonic()
    _network(clients, "net")
    assert time.monotonic() - began >= 0.3


def test_reset_leaves_nothing(azure: Azure, clients: Clients) -> None:
    _network(clients, "net")
    azure.reset()
    assert azure.inventory() == []
