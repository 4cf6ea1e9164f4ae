"""Everything can be made, read, changed, listed and deleted with the official SDK."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import azure_world
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobClient, ContentSettings
from azure_client import ACCOUNT, Clients
from azure_world import GROUP, OTHER, REGION

from confkube_sandbox.daemon.azure import blobs
from confkube_sandbox.daemon.azure.app import Azure
from confkube_sandbox.home import SandboxHome

_KINDS = {
    "bastion-host": 1,
    "blob-container": 3,
    "federated-identity-credential": 21,
    "gallery": 1,
    "gallery-image": 2,
    "gallery-image-version": 2,
    "image": 3,
    "role-definition": 1,
    "storage-account": 3,
    "disk": 2,
    "key-vault": 1,
    "key-vault-secret": 1,
    "nat-gateway": 1,
    "network-interface": 10,
    "network-security-group": 1,
    "public-ip-address": 6,
    "resource-group": 3,
    "role-assignment": 2,
    "scale-set-instance": 2,
    "security-rule": 2,
    "subnet": 6,
    "user-assigned-identity": 2,
    "virtual-machine": 2,
    "virtual-machine-scale-set": 1,
    "virtual-network": 3,
}


@pytest.fixture
def azure(home: SandboxHome) -> Azure:
    return Azure(home, "secret")


@pytest.fixture
def clients(azure: Azure) -> Clients:
    return Clients("secret", app=azure)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """A world that is only read."""
    home = SandboxHome(tmp_path_factory.mktemp("azure") / "sandbox")
    home.prepare()
    made = Azure(home, "secret")
    found = Clients("secret", app=made)
    azure_world.build(found, lambda **wanted: made.change_settings(wanted))
    return found


@pytest.fixture
def world(clients: Clients, azure: Azure) -> dict[str, str]:
    return azure_world.build(clients, lambda **wanted: azure.change_settings(wanted))


def _plain(found: Any) -> dict[str, Any]:
    return found.as_dict()


def test_the_world_is_in_the_inventory(world: dict[str, str], azure: Azure) -> None:
    del world
    found = Counter(kind for account, kind, _ in azure.inventory(ACCOUNT) if account == ACCOUNT)
    assert found == _KINDS
    assert (ACCOUNT, "virtual-machine", f"{REGION}/{GROUP}/cp") in azure.inventory()
    assert azure.inventory("00000000-0000-4000-8000-000000002222") == []


@pytest.mark.parametrize(
    ("service", "group", "names", "listed"),
    [
        ("resources", "resource_groups", [GROUP], []),
        ("network", "virtual_networks", [GROUP, "net"], [GROUP]),
        ("network", "subnets", [GROUP, "net", "nodes"], [GROUP, "net"]),
        ("network", "network_security_groups", [GROUP, "guard"], [GROUP]),
        ("network", "security_rules", [GROUP, "guard", "ssh"], [GROUP, "guard"]),
        ("network", "public_ip_addresses", [GROUP, "api"], [GROUP]),
        ("network", "nat_gateways", [GROUP, "nat"], [GROUP]),
        ("network", "network_interfaces", [GROUP, "cp"], [GROUP]),
        ("compute", "virtual_machines", [GROUP, "cp"], [GROUP]),
        ("compute", "virtual_machine_scale_sets", [GROUP, "pool"], [GROUP]),
        ("compute", "virtual_machine_scale_set_vms", [GROUP, "pool", "0"], [GROUP, "pool"]),
        ("keyvault", "secrets", [GROUP, "kept-1111", "ca"], [GROUP, "kept-1111"]),
        ("storage", "blob_containers", [GROUP, "open1111", "public"], [GROUP, "open1111"]),
        ("identity", "federated_identity_credentials", [GROUP, "reader", "first"], [GROUP, "reader"]),
    ],
)
def test_what_is_read_is_what_is_listed(
    service: str, group: str, names: list[str], listed: list[str], shared: Clients
) -> None:
    operations = getattr(shared.client(service), group)
    read = operations.get(*names)
    assert read.name == names[-1] or group == "virtual_machine_scale_set_vms"
    assert read.id in {each.id for each in operations.list(*listed)}
    assert operations.get(*[each.upper() for each in names]).id == read.id
    with pytest.raises(ResourceNotFoundError):
        operations.get(*[*names[:-1], "9" if group == "virtual_machine_scale_set_vms" else "nobody"])


def test_resource_lists_follow_their_filters(world: dict[str, str], clients: Clients) -> None:
    del world
    sdk, network = clients.client("resources"), clients.client("network")
    tags = {"tags": {"cluster": "one", "Role": "api"}}
    network.public_ip_addresses.update_tags(GROUP, "api", tags)
    sdk.resource_groups.update(OTHER, tags)
    for filtered in ("tagName eq 'cluster' and tagValue eq 'one'", "tagName eq 'role'"):
        assert [each.name for each in sdk.resources.list(filter=filtered)] == ["api"]
    assert [each.name for each in sdk.resources.list_by_resource_group(GROUP, filter="tagName eq 'role'")] == ["api"]
    assert [each.name for each in sdk.resource_groups.list(filter="tagName eq 'cluster'")] == [OTHER]
    kinds = Counter(each.type for each in sdk.resources.list_by_resource_group(OTHER))
    assert kinds == {"Microsoft.Network/networkInterfaces": 2}
    named = sdk.resources.list(filter="resourceType eq 'Microsoft.Compute/virtualMachines'")
    assert {each.name for each in named} == {"cp", "trust"}
    with pytest.raises(HttpResponseError, match="InvalidFilterInQueryString"):
        list(sdk.resources.list(filter="size gt 3"))


def test_secrets_are_never_shown(world: dict[str, str], clients: Clients) -> None:
    compute, vaults = clients.client("compute"), clients.client("keyvault")
    shown = [
        _plain(compute.virtual_machines.get(GROUP, "trust")),
        _plain(compute.virtual_machine_scale_sets.get(GROUP, "pool")),
        *[_plain(each) for each in compute.virtual_machine_scale_set_vms.list(GROUP, "pool")],
        _plain(vaults.secrets.get(GROUP, world["vault_name"], "ca")),
    ]
    text = json.dumps(shown, default=str)
    assert "hidden" not in text
    assert "customData" not in text
    assert "secretUriWithVersion" in text or "secret_uri_with_version" in text


def test_tags_change_and_nothing_else(world: dict[str, str], clients: Clients) -> None:
    del world
    network = clients.client("network")
    before = _plain(network.virtual_networks.get(GROUP, "net"))
    after = _plain(network.virtual_networks.update_tags(GROUP, "net", {"tags": {"a": "b"}}))
    assert after.pop("tags") == {"a": "b"}
    assert before.pop("etag") != after.pop("etag")
    assert json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)


def test_a_network_keeps_its_subnets_and_a_group_does_not_keep_its_rules(
    world: dict[str, str], clients: Clients
) -> None:
    del world
    network = clients.client("network")
    network.virtual_networks.begin_create_or_update(GROUP, "net", azure_world.network("10.0.0.0/16")).result()
    assert len(list(network.subnets.list(GROUP, "net"))) == 4
    network.network_security_groups.begin_create_or_update(GROUP, "guard", {"location": REGION}).result()
    assert list(network.security_rules.list(GROUP, "guard")) == []
    guard = _plain(network.network_security_groups.get(GROUP, "guard"))["properties"]
    assert len(guard["defaultSecurityRules"]) == 6


def test_links_are_shown_from_both_sides(world: dict[str, str], clients: Clients) -> None:
    network = clients.client("network")
    subnet = _plain(network.subnets.get(GROUP, "net", "nodes"))["properties"]
    assert {each["id"].split("/")[8] for each in subnet["ipConfigurations"]} >= {"cp", "trust", "pool"}
    card = _plain(network.network_interfaces.get(GROUP, "cp"))["properties"]
    assert card["virtualMachine"]["id"] == world["cp"]
    address = _plain(network.public_ip_addresses.get(GROUP, "api"))["properties"]
    assert address["ipConfiguration"]["id"].startswith(world["cp_nic"])
    assert address["ipAddress"].count(".") == 3
    guard = _plain(network.network_security_groups.get(GROUP, "guard"))["properties"]
    assert [each["id"] for each in guard["subnets"]] == [world["nodes"]]
    gateway = _plain(network.nat_gateways.get(GROUP, "nat"))["properties"]
    assert [each["id"] for each in gateway["subnets"]] == [world["nodes"]]


def test_facts_of_the_region_can_be_asked_for(world: dict[str, str], clients: Clients) -> None:
    del world
    compute = clients.client("compute")
    skus = {each.name: each for each in compute.resource_skus.list(filter=f"location eq '{REGION}'")}
    told = {each.name: each.value for each in skus["Standard_DC2as_v5"].capabilities}
    assert (told["ConfidentialComputingType"], told["vCPUs"]) == ("SNP", "2")
    assert "Standard_DC4as_cc_v5" not in skus
    usages = {each.name.value: each for each in compute.usage.list(REGION)}
    assert usages["cores"].current_value == 14
    reference = azure_world.image()
    found = compute.virtual_machine_images.get(REGION, *reference.values())
    assert {each.name: each.value for each in found.features}["SecurityType"].startswith("Confidential")
    assert found.hyper_v_generation == "V2"


@pytest.mark.parametrize(
    ("group", "names", "listing", "listed"),
    [
        ("images", [GROUP, "disk"], "list_by_resource_group", [GROUP]),
        ("galleries", [GROUP, "gallery"], "list_by_resource_group", [GROUP]),
        ("gallery_images", [GROUP, "gallery", "pods"], "list_by_gallery", [GROUP, "gallery"]),
        (
            "gallery_image_versions",
            [GROUP, "gallery", "pods", "1.0.0"],
            "list_by_gallery_image",
            [GROUP, "gallery", "pods"],
        ),
    ],
)
def test_images_of_ones_own_are_read_and_listed(
    group: str, names: list[str], listing: str, listed: list[str], shared: Clients
) -> None:
    operations = getattr(shared.client("compute"), group)
    read = operations.get(*names)
    assert read.name == names[-1]
    assert read.id in {each.id for each in getattr(operations, listing)(*listed)}


def test_a_custom_role_is_found_wherever_it_is_asked_for(shared: Clients) -> None:
    roles = shared.client("authorization").role_definitions
    guid = "55555555-5555-4555-8555-555555555555"
    whole = f"/subscriptions/{ACCOUNT}"
    for scope in (whole, f"{whole}/resourceGroups/{GROUP}"):
        found = roles.get(scope, guid)
        assert (found.role_name, found.role_type) == ("used role", "CustomRole")
        assert found.id == f"{whole}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        assert {"used role", "Reader"} <= {each.role_name for each in roles.list(scope)}
    assert [each.name for each in roles.list(whole, filter="roleName eq 'used role'")] == [guid]


def test_sizes_of_the_older_form(shared: Clients) -> None:
    found = {each.name: each for each in shared.client("compute").virtual_machine_sizes.list(REGION)}
    assert (found["Standard_DC2as_v5"].number_of_cores, found["Standard_DC2as_v5"].memory_in_mb) == (2, 8192)
    assert "Standard_DC2es_v6" not in found


def _blob(clients: Clients, account: str, container: str, name: str) -> BlobClient:
    key = clients.client("storage").storage_accounts.list_keys(GROUP, account).keys_property[0].value
    address = f"http://127.0.0.1:9{blobs.PREFIX}{account}"
    credential = {"account_name": account, "account_key": key}
    return BlobClient(address, container, name, credential=credential, transport=clients.transport(), retry_total=0)


def test_the_official_sdk_writes_blobs_that_anybody_reads(shared: Clients) -> None:
    blob = _blob(shared, "open1111", "public", ".well-known/a document")
    blob.upload_blob(b"{}", overwrite=True, content_settings=ContentSettings(content_type="application/json"))
    seen = blob.get_blob_properties()
    assert (seen.content_settings.content_type, seen.blob_type.value, seen.size) == ("application/json", "BlockBlob", 2)
    path = f"{blobs.PREFIX}open1111/public/.well-known/a%20document"
    assert shared.raw("GET", path, Authorization="") == (200, {})
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    blob.set_blob_metadata({"one": "1"})
    seen = blob.get_blob_properties()
    assert (seen.content_settings.content_type, seen.metadata) == ("text/plain", {"one": "1"})
    assert blob.download_blob().readall() == b"{}"
    blob.delete_blob(delete_snapshots="include")
    with pytest.raises(ResourceNotFoundError, match="The specified blob does not exist"):
        blob.get_blob_properties()
    nowhere = _blob(shared, "open1111", "nothing", "a")
    with pytest.raises(ResourceNotFoundError, match="The specified container does not exist"):
        nowhere.upload_blob(b"x")


def test_a_machine_brings_its_interface_and_takes_it_along(world: dict[str, str], clients: Clients) -> None:
    """As cloud-api-adaptor asks for pod VMs."""
    body = azure_world.machine(world["free_nic"])
    subnet = {"name": "one", "properties": {"subnet": {"id": world["nodes"]}}}
    own = {"ipConfigurations": [subnet], "deleteOption": "Delete", "networkSecurityGroup": {"id": world["guard"]}}
    profile = {
        "networkApiVersion": "2022-11-01",
        "networkInterfaceConfigurations": [{"name": "own", "properties": own}],
    }
    body["properties"]["networkProfile"] = profile
    body["properties"]["storageProfile"]["imageReference"] = {"id": f"{world['gallery']}/images/pods/versions/1.0.0"}
    compute, network = clients.client("compute"), clients.client("network")
    made = compute.virtual_machines.begin_create_or_update(GROUP, "pod", body).result()
    (reference,) = made.network_profile.network_interfaces
    card = network.network_interfaces.get(GROUP, "own")
    assert (reference.id, card.virtual_machine.id) == (card.id, made.id)
    assert card.network_security_group.id == world["guard"]
    taken = card.ip_configurations[0].private_ip_address
    another = network.network_interfaces.begin_create_or_update(
        GROUP, "another", azure_world.interface(world["nodes"])
    ).result()
    assert another.ip_configurations[0].private_ip_address != taken
    compute.virtual_machines.begin_delete(GROUP, "pod").result()
    with pytest.raises(ResourceNotFoundError):
        network.network_interfaces.get(GROUP, "own")


def test_images_go_from_the_version_up(world: dict[str, str], clients: Clients, azure: Azure) -> None:
    sdk = clients.client("compute")
    for name in ("pods", "scsi"):
        sdk.gallery_image_versions.begin_delete(GROUP, "gallery", name, "1.0.0").result()
        sdk.gallery_images.begin_delete(GROUP, "gallery", name).result()
    sdk.galleries.begin_delete(GROUP, "gallery").result()
    sdk.images.begin_delete(GROUP, "disk").result()
    assert not [place for _, kind, place in azure.inventory(ACCOUNT) if kind.startswith("gallery")]
    del world


def test_a_deleted_vault_can_be_recovered_or_purged(world: dict[str, str], clients: Clients) -> None:
    sdk, name = clients.client("keyvault"), world["vault_name"]
    deleted = world["deleted_vault"]
    assert {each.name for each in sdk.vaults.list_deleted()} == {deleted}
    sdk.vaults.delete(GROUP, name)
    free = sdk.vaults.check_name_availability({"name": name, "type": "Microsoft.KeyVault/vaults"})
    assert free.name_available is False
    with pytest.raises(ResourceNotFoundError):
        sdk.secrets.get(GROUP, name, "ca")
    sdk.vaults.begin_create_or_update(GROUP, name, azure_world.vault_body(createMode="recover")).result()
    assert sdk.secrets.get(GROUP, name, "ca").name == "ca"
    sdk.vaults.begin_purge_deleted(deleted, REGION).result()
    assert list(sdk.vaults.list_deleted()) == []
    sdk.vaults.begin_create_or_update(GROUP, deleted, azure_world.vault_body()).result()


def test_role_assignments_belong_to_their_scope(world: dict[str, str], clients: Clients) -> None:
    sdk = clients.client("authorization")
    held = list(sdk.role_assignments.list_for_scope(world["vault"]))
    assert [each.id for each in held] == [world["assignment"]]
    assert (held[0].principal_id, held[0].scope) == (world["principal"], world["secret"])
    role = sdk.role_definitions.get_by_id(held[0].role_definition_id)
    assert role.role_name == "Key Vault Secrets User"
    sdk.role_assignments.delete(world["secret"], held[0].name)
    assert list(sdk.role_assignments.list_for_scope(world["vault"])) == []
    assert sdk.role_assignments.delete(world["secret"], held[0].name) is None


def test_everything_can_be_deleted_one_by_one(world: dict[str, str], clients: Clients, azure: Azure) -> None:
    del world
    azure.change_settings({"speed": azure_world.INSTANT})
    compute, network = clients.client("compute"), clients.client("network")
    groups = (GROUP, OTHER)
    network.virtual_networks.begin_delete(GROUP, "net2").result()
    for deletes in (
        [compute.virtual_machine_scale_sets, compute.virtual_machines, network.bastion_hosts],
        [network.network_interfaces, compute.disks],
    ):
        for operations in deletes:
            for group in groups:
                listing = getattr(operations, "list_by_resource_group", None) or operations.list
                for each in list(listing(group)):
                    if each.name != "held":
                        operations.begin_delete(group, each.name).result()
    found = {kind for _, kind, _ in azure.inventory(ACCOUNT)}
    assert not found & {"virtual-machine", "disk", "virtual-machine-scale-set", "bastion-host", "scale-set-instance"}
    assert [place for _, kind, place in azure.inventory(ACCOUNT) if kind == "network-interface"] == [
        f"{REGION}/{GROUP}/held"
    ]
