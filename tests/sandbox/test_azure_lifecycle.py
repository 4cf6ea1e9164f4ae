"""What takes time in Azure takes time here, in the order and with the states that Azure shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import azure_world
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure_client import ACCOUNT, Clients
from azure_world import GROUP, OTHER, REGION

from confkube_sandbox.daemon.azure.app import Azure

if TYPE_CHECKING:
    from confkube_sandbox.home import SandboxHome

SLOW = 0.001
_SUBNET = {"properties": {"addressPrefix": "10.8.0.0/24"}}


@pytest.fixture
def azure(home: SandboxHome) -> Azure:
    return Azure(home, "secret")


@pytest.fixture
def clients(azure: Azure) -> Clients:
    made = Clients("secret", app=azure)
    azure.change_settings({"speed": azure_world.INSTANT})
    made.client("resources").resource_groups.create_or_update(GROUP, {"location": REGION})
    return made


@pytest.fixture
def subnet(clients: Clients) -> str:
    network = clients.client("network")
    network.virtual_networks.begin_create_or_update(GROUP, "net", azure_world.network()).result()
    return network.subnets.begin_create_or_update(GROUP, "net", "nodes", _SUBNET).result().id


def _inventory(azure: Azure, kind: str) -> list[str]:
    return [place for _, found, place in azure.inventory(ACCOUNT) if found == kind]


def _card(clients: Clients, name: str, subnet: str, public: str | None = None) -> str:
    sdk = clients.client("network").network_interfaces
    return sdk.begin_create_or_update(GROUP, name, azure_world.interface(subnet, public)).result().id


def _pool(clients: Clients, subnet: str, capacity: int, **changes: Any) -> Any:
    body = azure_world.changed(azure_world.scale_set(subnet, capacity), changes)
    return clients.client("compute").virtual_machine_scale_sets.begin_create_or_update(GROUP, "pool", body)


def test_states_follow_each_other(clients: Clients, azure: Azure) -> None:
    network = clients.client("network")
    azure.change_settings({"speed": SLOW})
    network.virtual_networks.begin_create_or_update(GROUP, "net", azure_world.network(), polling=False)
    assert network.virtual_networks.get(GROUP, "net").provisioning_state == "Updating"
    with pytest.raises(HttpResponseError, match="AnotherOperationInProgress"):
        network.subnets.begin_create_or_update(GROUP, "net", "nodes", _SUBNET)
    azure.change_settings({"speed": azure_world.INSTANT})
    network.virtual_networks.begin_create_or_update(GROUP, "other", azure_world.network()).result()
    assert network.virtual_networks.get(GROUP, "other").provisioning_state == "Succeeded"
    azure.change_settings({"speed": SLOW})
    network.virtual_networks.begin_delete(GROUP, "other", polling=False)
    assert network.virtual_networks.get(GROUP, "other").provisioning_state == "Deleting"


def test_an_operation_tells_how_far_it_is(clients: Clients, azure: Azure) -> None:
    azure.change_settings({"speed": 40.0})
    answered: list[Any] = []
    network = clients.client("network")
    poller = network.virtual_networks.begin_create_or_update(
        GROUP, "net", azure_world.network(), raw_response_hook=lambda each: answered.append(each.http_response)
    )
    first = answered[0]
    assert (first.status_code, "Azure-AsyncOperation" in first.headers) == (201, True)
    place = first.headers["Azure-AsyncOperation"].partition("127.0.0.1:9")[2]
    assert clients.raw("GET", place)[1]["status"] == "InProgress"
    assert poller.result().provisioning_state == "Succeeded"
    assert clients.raw("GET", place)[1]["status"] == "Succeeded"


def test_a_machine_takes_with_it_what_says_so(clients: Clients, azure: Azure, subnet: str) -> None:
    compute = clients.client("compute")
    for name, option in (("both", "Delete"), ("none", "Detach")):
        body = azure_world.machine(_card(clients, name, subnet))
        body["properties"]["storageProfile"]["osDisk"]["deleteOption"] = option
        body["properties"]["networkProfile"]["networkInterfaces"][0]["properties"]["deleteOption"] = option
        compute.virtual_machines.begin_create_or_update(GROUP, name, body).result()
        compute.virtual_machines.begin_delete(GROUP, name).result()
    assert _inventory(azure, "network-interface") == [f"{REGION}/{GROUP}/none"]
    assert [each.partition("_")[0] for each in _inventory(azure, "disk")] == [f"{REGION}/{GROUP}/none"]


def test_a_host_may_encrypt_beside_the_machine(clients: Clients, subnet: str) -> None:
    """Refused until 2026: github.com/hashicorp/terraform-provider-azurerm/pull/32885."""
    machines = clients.client("compute").virtual_machines
    body = azure_world.machine(_card(clients, "one", subnet))
    disk = body["properties"]["storageProfile"]["osDisk"]["managedDisk"]
    assert disk["securityProfile"]["securityEncryptionType"] == "DiskWithVMGuestState"
    body["properties"]["securityProfile"]["encryptionAtHost"] = True
    made = machines.begin_create_or_update(GROUP, "one", body).result()
    assert made.security_profile.encryption_at_host


def test_a_deallocated_machine_is_told_by_its_instance_view_and_can_have_a_larger_disk(
    clients: Clients, subnet: str
) -> None:
    compute = clients.client("compute")
    machines = compute.virtual_machines
    body = azure_world.machine(_card(clients, "one", subnet))
    machines.begin_create_or_update(GROUP, "one", body).result()

    def power() -> str:
        return machines.get(GROUP, "one", expand="instanceView").instance_view.statuses[-1].code

    assert power() == "PowerState/running"
    machines.begin_deallocate(GROUP, "one").result()
    assert power() == "PowerState/deallocated"
    body["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] = 80
    machines.begin_create_or_update(GROUP, "one", body).result()
    assert [each.disk_size_gb for each in compute.disks.list_by_resource_group(GROUP)] == [80]
    assert power() == "PowerState/deallocated"
    machines.begin_start(GROUP, "one").result()
    assert power() == "PowerState/running"


def test_a_running_machine_is_resized_in_its_series_and_a_deallocated_one_to_any(clients: Clients, subnet: str) -> None:
    machines = clients.client("compute").virtual_machines
    card = _card(clients, "one", subnet)

    def resize(size: str) -> str:
        made = machines.begin_create_or_update(GROUP, "one", azure_world.machine(card, size)).result()
        return made.hardware_profile.vm_size

    resize("Standard_DC2as_v5")
    assert resize("Standard_DC4as_v5") == "Standard_DC4as_v5"
    with pytest.raises(HttpResponseError, match="current hardware cluster"):
        resize("Standard_EC2as_v5")
    machines.begin_power_off(GROUP, "one").result()
    with pytest.raises(HttpResponseError, match="current hardware cluster"):
        resize("Standard_EC2as_v5")
    machines.begin_deallocate(GROUP, "one").result()
    assert resize("Standard_EC2as_v5") == "Standard_EC2as_v5"
    machines.begin_start(GROUP, "one").result()


def test_a_scale_set_changes_its_series_while_it_has_no_machines(clients: Clients, subnet: str) -> None:
    _pool(clients, subnet, 1).result()
    assert _pool(clients, subnet, 1, **{"sku.name": "Standard_DC4as_v5"}).result().sku.name == "Standard_DC4as_v5"
    for capacity in (1, 0):
        with pytest.raises(HttpResponseError, match="existing allocation unit"):
            _pool(clients, subnet, capacity, **{"sku.name": "Standard_EC2as_v5"})
    _pool(clients, subnet, 0, **{"sku.name": "Standard_DC4as_v5"}).result()
    assert _pool(clients, subnet, 1, **{"sku.name": "Standard_EC2as_v5"}).result().sku.name == "Standard_EC2as_v5"


def test_a_scale_set_that_found_no_room_can_have_another_series(clients: Clients, azure: Azure, subnet: str) -> None:
    azure.change_settings({"capacity": [{"type": "Standard_DC2as_v5", "zone": REGION, "count": 1}]})
    with pytest.raises(HttpResponseError, match="AllocationFailed"):
        _pool(clients, subnet, 2).result()
    assert _pool(clients, subnet, 2, **{"sku.name": "Standard_EC2as_v5"}).result().sku.name == "Standard_EC2as_v5"


def test_a_scale_set_grows_and_shrinks(clients: Clients, azure: Azure, subnet: str) -> None:
    instances = clients.client("compute").virtual_machine_scale_set_vms
    _pool(clients, subnet, 2).result()
    first = {each.instance_id: each.vm_id for each in instances.list(GROUP, "pool")}
    _pool(clients, subnet, 4).result()
    second = {each.instance_id: each.vm_id for each in instances.list(GROUP, "pool")}
    assert (len(second), second | first) == (4, second)
    sdk = clients.client("network").network_interfaces
    cards = sdk.list_virtual_machine_scale_set_network_interfaces(GROUP, "pool")
    assert len({each.ip_configurations[0].private_ip_address for each in cards}) == 4
    clients.client("compute").virtual_machine_scale_sets.begin_delete_instances(
        GROUP, "pool", {"instanceIds": ["0"]}
    ).result()
    assert [each.instance_id for each in instances.list(GROUP, "pool")] == ["1", "2", "3"]
    assert clients.client("compute").virtual_machine_scale_sets.get(GROUP, "pool").sku.capacity == 3
    _pool(clients, subnet, 0).result()
    assert _inventory(azure, "scale-set-instance") == []


def test_instances_are_upgraded_by_hand(clients: Clients, subnet: str) -> None:
    sets, instances = (
        clients.client("compute").virtual_machine_scale_sets,
        clients.client("compute").virtual_machine_scale_set_vms,
    )
    _pool(clients, subnet, 2).result()
    _pool(clients, subnet, 2).result()
    assert all(each.latest_model_applied for each in instances.list(GROUP, "pool"))
    changes = {"properties.virtualMachineProfile.osProfile.customData": "I2Nsb3VkLWNvbmZpZzI="}
    _pool(clients, subnet, 3, **changes).result()
    assert [each.latest_model_applied for each in instances.list(GROUP, "pool")] == [False, False, True]
    sets.begin_update_instances(GROUP, "pool", {"instanceIds": ["1"]}).result()
    assert [each.latest_model_applied for each in instances.list(GROUP, "pool")] == [False, True, True]


def test_instances_that_find_no_room_fail(clients: Clients, azure: Azure, subnet: str) -> None:
    _pool(clients, subnet, 1).result()
    azure.change_settings({"capacity": [{"type": "*", "zone": REGION, "count": 2}]})
    with pytest.raises(HttpResponseError, match="AllocationFailed"):
        _pool(clients, subnet, 3).result()
    compute = clients.client("compute")
    assert compute.virtual_machine_scale_sets.get(GROUP, "pool").provisioning_state == "Failed"
    states = [each.provisioning_state for each in compute.virtual_machine_scale_set_vms.list(GROUP, "pool")]
    assert states == ["Succeeded", "Failed", "Failed"]


def test_an_address_is_added_to_a_running_machine(clients: Clients, subnet: str) -> None:
    network, compute = clients.client("network"), clients.client("compute")
    card = _card(clients, "one", subnet)
    before = compute.virtual_machines.begin_create_or_update(GROUP, "one", azure_world.machine(card)).result()
    private = network.network_interfaces.get(GROUP, "one").ip_configurations[0].private_ip_address
    address = network.public_ip_addresses.begin_create_or_update(GROUP, "api", azure_world.address()).result()
    _card(clients, "one", subnet, address.id)
    after = network.network_interfaces.get(GROUP, "one")
    assert after.ip_configurations[0].public_ip_address.id == address.id
    assert after.ip_configurations[0].private_ip_address == private
    assert after.virtual_machine.id == before.id
    assert compute.virtual_machines.get(GROUP, "one").vm_id == before.vm_id
    _card(clients, "one", subnet)
    network.public_ip_addresses.begin_delete(GROUP, "api").result()


def test_interfaces_of_a_failed_machine_are_free_after_a_while(clients: Clients, azure: Azure, subnet: str) -> None:
    card = _card(clients, "one", subnet)
    azure.change_settings({"quotas": {"azure-cores": 0}, "speed": 200.0})
    with pytest.raises(HttpResponseError, match="OperationNotAllowed"):
        clients.client("compute").virtual_machines.begin_create_or_update(GROUP, "one", azure_world.machine(card))
    with pytest.raises(HttpResponseError, match="NicReservedForAnotherVm"):
        clients.client("network").network_interfaces.begin_delete(GROUP, "one")
    time.sleep(1)
    clients.client("network").network_interfaces.begin_delete(GROUP, "one").result()


def test_a_group_goes_with_everything_in_it(clients: Clients, azure: Azure) -> None:
    groups = clients.client("resources").resource_groups
    groups.begin_delete(GROUP).result()
    assert azure.inventory(ACCOUNT) == []
    world = azure_world.build(clients, lambda **wanted: azure.change_settings(wanted))
    groups.begin_delete(OTHER).result()
    azure.change_settings({"speed": 40.0})
    groups.begin_delete(GROUP, polling=False)
    assert groups.get(GROUP).properties.provisioning_state == "Deleting"
    seen: list[set[str]] = []
    for _ in range(600):
        kinds = {kind for _, kind, _ in azure.inventory(ACCOUNT)}
        if kinds == {"resource-group", "role-definition"} and len(azure.inventory(ACCOUNT)) == 2:
            break
        seen.append(kinds)
        time.sleep(0.02)
    # The world has a group whose deletion takes days, and a custom role is no group's.
    role = f"subscriptions/{ACCOUNT}/55555555-5555-4555-8555-555555555555"
    assert azure.inventory(ACCOUNT) == [
        (ACCOUNT, "resource-group", f"{REGION}/leaving"),
        (ACCOUNT, "role-definition", role),
    ]
    # Users go before what they use: never a machine without its interface, never an interface without its network.
    assert all("network-interface" in kinds for kinds in seen if "virtual-machine" in kinds)
    assert all("virtual-network" in kinds for kinds in seen if "network-interface" in kinds)
    deleted = {each.name for each in clients.client("keyvault").vaults.list_deleted()}
    assert deleted == {world["vault_name"], world["deleted_vault"]}


def test_a_group_that_another_one_uses_stays(clients: Clients, subnet: str) -> None:
    resources = clients.client("resources")
    resources.resource_groups.create_or_update(OTHER, {"location": REGION})
    cards = clients.client("network").network_interfaces
    cards.begin_create_or_update(OTHER, "guest", azure_world.interface(subnet)).result()
    with pytest.raises(HttpResponseError, match="ResourceGroupDeletionBlocked"):
        resources.resource_groups.begin_delete(GROUP).result()
    assert resources.resource_groups.get(GROUP).properties.provisioning_state == "Succeeded"
    resources.resource_groups.begin_delete(OTHER).result()
    resources.resource_groups.begin_delete(GROUP).result()
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        resources.resource_groups.get(GROUP)


def test_a_new_principal_is_not_known_at_once(clients: Clients, azure: Azure) -> None:
    azure.change_settings({"consistency_lag": 600.0, "speed": 1.0})
    identity = clients.client("identity").user_assigned_identities.create_or_update(GROUP, "new", {"location": REGION})
    scope = f"/subscriptions/{ACCOUNT}/resourceGroups/{GROUP}"
    body = azure_world.assignment_body(ACCOUNT, identity.principal_id)
    assignments = clients.client("authorization").role_assignments
    name = "11111111-1111-4111-8111-111111111111"
    with pytest.raises(HttpResponseError, match="PrincipalNotFound"):
        assignments.create(scope, name, azure_world.changed(body, {"properties.principalType": "-"}))
    assert assignments.create(scope, name, body).principal_id == identity.principal_id
