"""Whatever is said when an object is created is what asking for the object gives back."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import gcp_world
import pytest
from gcp_client import Clients, until
from gcp_world import REGION, SCOPE, ZONE
from google.api_core.exceptions import NotFound
from google.cloud import compute_v1
from googleapiclient.errors import HttpError

from confkube_sandbox.daemon.gcp.app import Gcp
from confkube_sandbox.daemon.gcp.checksum import crc32c

if TYPE_CHECKING:
    from confkube_sandbox.home import SandboxHome

LABELS = {"confkube-cluster": "c", "part": "nodes"}
POLICY = {"bindings": [{"role": "roles/secretmanager.secretAccessor", "members": []}]}


@pytest.fixture
def app(home: SandboxHome) -> Gcp:
    made = Gcp(home, "secret")
    made.store.load()
    made.change_settings({"speed": gcp_world.INSTANT})
    return made


class World:
    """A cluster's objects, made one after the other with all the fields that the library sets."""

    def __init__(self, app: Gcp) -> None:
        self.app = app
        self.clients = Clients("secret", app=app)
        self.project = self.clients.account
        found = self.get("images.getFromFamily", project="ubuntu-os-cloud", family="ubuntu-2404-lts-amd64")
        self.image = found["selfLink"]

    def run(self, operation: str, body: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        return self.clients.run(operation, body, **parameters)

    def get(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.clients.call("compute", operation, **{"project": self.project, **parameters})

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.clients.call(service, operation, **parameters)

    def network(self) -> None:
        self.run("networks.insert", gcp_world.network("net"))
        self.run("subnetworks.insert", gcp_world.subnetwork("nodes", "net", "10.0.0.0/20"), region=REGION)

    def account(self, name: str = "nodes-account") -> str:
        body = {"accountId": name, "serviceAccount": {"displayName": "nodes", "description": "of c"}}
        parent = f"projects/{self.project}"
        return self.call("iam", "projects.serviceAccounts.create", name=parent, body=body)["email"]

    def instance(self, name: str = "vm") -> dict[str, Any]:
        return self.get("instances.get", zone=ZONE, instance=name)

    def group(self, size: int, template: str = "template", **more: Any) -> None:
        body = {
            "name": "workers",
            "targetSize": size,
            "baseInstanceName": "worker",
            "versions": [{"instanceTemplate": f"global/instanceTemplates/{template}"}],
            **more,
        }
        self.run("instanceGroupManagers.insert", body, zone=ZONE)

    def template(self, name: str = "template", **more: Any) -> None:
        self.run("instanceTemplates.insert", {"name": name, "properties": gcp_world.properties(self.image, **more)})

    def manager(self) -> dict[str, Any]:
        return self.get("instanceGroupManagers.get", zone=ZONE, instanceGroupManager="workers")

    def machines(self) -> list[dict[str, Any]]:
        found = self.get("instanceGroupManagers.listManagedInstances", zone=ZONE, instanceGroupManager="workers")
        return found.get("managedInstances", [])

    def stable(self) -> list[dict[str, Any]]:
        until(lambda: self.manager()["status"]["isStable"])
        return self.machines()


@pytest.fixture
def world(app: Gcp) -> World:
    return World(app)


def has(shown: dict[str, Any], **wanted: Any) -> None:
    assert {name: shown.get(name) for name in wanted} == wanted


def link(world: World, rest: str) -> str:
    return f"https://www.googleapis.com/compute/v1/projects/{world.project}/{rest}"


def test_network(world: World) -> None:
    world.network()
    held = world.get("networks.get", network="net")
    has(held, autoCreateSubnetworks=False, mtu=1460, routingConfig={"routingMode": "REGIONAL"})
    assert held["subnetworks"] == [link(world, f"regions/{REGION}/subnetworks/nodes")]
    assert held["id"].isdigit()
    has(
        world.get("subnetworks.get", region=REGION, subnetwork="nodes"),
        ipCidrRange="10.0.0.0/20",
        gatewayAddress="10.0.0.1",
        privateIpGoogleAccess=True,
        network=held["selfLink"],
        purpose="PRIVATE",
        stackType="IPV4_ONLY",
    )
    routes = world.get("routes.list", filter=f'network = "{held["selfLink"]}"')["items"]
    assert [each["destRange"] for each in routes] == ["0.0.0.0/0"]


def test_firewall(world: World) -> None:
    world.network()
    rule = {
        "name": "ssh",
        "network": "global/networks/net",
        "direction": "INGRESS",
        "priority": 900,
        "allowed": [{"IPProtocol": "TCP", "ports": ["22", "6443-6444"]}, {"IPProtocol": "icmp"}],
        "sourceRanges": ["192.0.2.0/24"],
        "targetTags": ["node"],
    }
    world.run("firewalls.insert", rule)
    allowed = [{"IPProtocol": "tcp", "ports": ["22", "6443-6444"]}, {"IPProtocol": "icmp"}]
    given = {name: rule[name] for name in ("direction", "priority", "sourceRanges", "targetTags")}
    has(world.get("firewalls.get", firewall="ssh"), **given, allowed=allowed, disabled=False)
    world.run("firewalls.patch", {"name": "ssh", "priority": 1100}, firewall="ssh")
    has(world.get("firewalls.get", firewall="ssh"), **{**given, "priority": 1100}, allowed=allowed)


def test_ways_out(world: World) -> None:
    world.network()
    world.run("routers.insert", {"name": "router", "network": "global/networks/net"}, region=REGION)
    nat = {
        "name": "nat",
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
        "logConfig": {"enable": True, "filter": "ERRORS_ONLY"},
    }
    world.run("routers.patch", {"nats": [nat]}, region=REGION, router="router")
    has(world.get("routers.get", region=REGION, router="router")["nats"][0], **nat)
    world.run("routers.insert", {"name": "second", "network": "global/networks/net"}, region=REGION)
    manual = {**nat, "natIpAllocateOption": "MANUAL_ONLY", "natIps": [link(world, f"regions/{REGION}/addresses/ip")]}
    world.run("addresses.insert", {"name": "ip", "labels": LABELS}, region=REGION)
    world.run("routers.patch", {"nats": [manual]}, region=REGION, router="router")
    held = world.get("addresses.get", region=REGION, address="ip")
    has(held, status="IN_USE", addressType="EXTERNAL", networkTier="PREMIUM", labels=LABELS)
    assert held["users"] == [link(world, f"regions/{REGION}/routers/router")]


def test_machine(world: World) -> None:
    world.network()
    email = world.account()
    world.run("addresses.insert", {"name": "public"}, region=REGION)
    public = world.get("addresses.get", region=REGION, address="public")["address"]
    nic = {
        "subnetwork": link(world, f"regions/{REGION}/subnetworks/nodes"),
        "networkIP": "10.0.0.10",
        "nicType": "GVNIC",
        "accessConfigs": [{"natIP": public}],
    }
    account = [{"email": email, "scopes": [SCOPE]}]
    items = [{"key": "user-data", "value": "#!/bin/sh\n"}]
    body = gcp_world.instance(
        "vm",
        world.image,
        networkInterfaces=[nic],
        serviceAccounts=account,
        metadata={"items": items},
        labels=LABELS,
        tags={"items": ["node"]},
    )
    body["disks"][0]["initializeParams"]["labels"] = LABELS
    world.run("instances.insert", body, zone=ZONE)
    held = world.instance()
    has(
        held,
        status="RUNNING",
        machineType=link(world, f"zones/{ZONE}/machineTypes/n2d-standard-2"),
        minCpuPlatform="AMD Milan",
        confidentialInstanceConfig={"confidentialInstanceType": "SEV_SNP"},
        labels=LABELS,
        serviceAccounts=account,
        shieldedInstanceConfig=body["shieldedInstanceConfig"],
        deletionProtection=False,
    )
    has(held["scheduling"], onHostMaintenance="TERMINATE", automaticRestart=True, preemptible=False)
    assert held["metadata"]["items"] == items
    assert held["tags"]["items"] == ["node"]
    shown = held["networkInterfaces"][0]
    has(shown, networkIP="10.0.0.10", nicType="GVNIC", network=link(world, "global/networks/net"), name="nic0")
    assert [each["natIP"] for each in shown["accessConfigs"]] == [public]
    has(held["disks"][0], boot=True, autoDelete=True, interface="NVME", diskSizeGb="40", index=0)
    disk = world.get("disks.get", zone=ZONE, disk="vm")
    has(disk, sizeGb="40", labels=LABELS, users=[held["selfLink"]], sourceImage=world.image, status="READY")
    assert disk["type"].endswith("/diskTypes/pd-balanced")


def test_public_address_comes_to_a_running_machine_and_goes(world: World) -> None:
    world.network()
    world.run("instances.insert", gcp_world.plain("vm", world.image), zone=ZONE)
    started = world.instance()
    world.run("addresses.insert", {"name": "public"}, region=REGION)
    public = world.get("addresses.get", region=REGION, address="public")["address"]
    where = {"zone": ZONE, "instance": "vm", "networkInterface": "nic0"}
    world.run("instances.addAccessConfig", {"name": "external-nat", "natIP": public}, **where)
    held = world.instance()
    assert held["networkInterfaces"][0]["accessConfigs"][0]["natIP"] == public
    assert (held["id"], held["lastStartTimestamp"]) == (started["id"], started["lastStartTimestamp"])
    assert world.get("addresses.get", region=REGION, address="public")["status"] == "IN_USE"
    world.run("instances.deleteAccessConfig", accessConfig="external-nat", **where)
    assert "accessConfigs" not in world.instance()["networkInterfaces"][0]
    assert world.get("addresses.get", region=REGION, address="public")["status"] == "RESERVED"


def test_changes_of_a_machine(world: World) -> None:
    world.network()
    world.run("instances.insert", gcp_world.plain("vm", world.image, labels={"a": "b"}), zone=ZONE)
    where = {"zone": ZONE, "instance": "vm"}
    held = world.instance()
    world.run("instances.setLabels", {"labels": LABELS, "labelFingerprint": held["labelFingerprint"]}, **where)
    world.run("instances.setTags", {"items": ["x"], "fingerprint": held["tags"]["fingerprint"]}, **where)
    items = [{"key": "user-data", "value": "new"}]
    world.run("instances.setMetadata", {"items": items, "fingerprint": held["metadata"]["fingerprint"]}, **where)
    world.run("instances.stop", **where)
    size = f"zones/{ZONE}/machineTypes/n2d-standard-4"
    until(lambda: world.instance()["status"] == "TERMINATED")
    world.run("instances.setMachineType", {"machineType": size}, **where)
    world.run("instances.setMinCpuPlatform", {"minCpuPlatform": "AMD Milan"}, **where)
    world.run("instances.setServiceAccount", {"email": world.account(), "scopes": [SCOPE]}, **where)
    world.run("instances.start", **where)
    until(lambda: world.instance()["status"] == "RUNNING")
    changed = world.instance()
    has(changed, labels=LABELS, machineType=link(world, size), minCpuPlatform="AMD Milan", cpuPlatform="AMD Milan")
    assert changed["tags"]["items"] == ["x"]
    assert changed["metadata"]["items"] == items
    assert changed["fingerprint"] != held["fingerprint"]
    assert changed["labelFingerprint"] != held["labelFingerprint"]


def test_deleted_machine_takes_its_disk_unless_told_otherwise(world: World) -> None:
    world.network()
    kept = gcp_world.plain("kept", world.image)
    kept["disks"][0]["autoDelete"] = False
    for body in (gcp_world.plain("gone", world.image), kept):
        world.run("instances.insert", body, zone=ZONE)
        world.run("instances.delete", zone=ZONE, instance=body["name"])
    found = {name for _, kind, name in world.app.inventory() if kind in {"instance", "disk"}}
    assert found == {f"{ZONE}/kept"}


def test_group_keeps_its_size(world: World) -> None:
    world.network()
    world.template()
    world.group(2)
    first = world.stable()
    assert {each["instanceStatus"] for each in first} == {"RUNNING"}
    has(
        world.manager(),
        targetSize=2,
        baseInstanceName="worker",
        instanceTemplate=link(world, "global/instanceTemplates/template"),
    )
    name = first[0]["name"]
    made = world.instance(name)
    assert {each["key"] for each in made["metadata"]["items"]} == {"instance-template", "created-by"}
    world.run("instances.delete", zone=ZONE, instance=name)
    until(lambda: {each["name"] for each in world.stable()} == {each["name"] for each in first})
    assert world.instance(name)["id"] != made["id"]
    world.run("instanceGroupManagers.resize", zone=ZONE, instanceGroupManager="workers", size=4)
    assert len(world.stable()) == 4
    world.run("instanceGroupManagers.resize", zone=ZONE, instanceGroupManager="workers", size=1)
    assert len(world.stable()) == 1
    plain = world.get("instanceGroups.listInstances", zone=ZONE, instanceGroup="workers")
    assert [each["status"] for each in plain["items"]] == ["RUNNING"]


def test_stopped_machine_of_a_group_is_started_again(world: World) -> None:
    world.network()
    world.template()
    world.group(1)
    name = world.stable()[0]["name"]
    before = world.instance(name)["lastStartTimestamp"]
    world.run("instances.stop", zone=ZONE, instance=name)
    until(lambda: world.instance(name)["status"] == "RUNNING" and world.instance(name)["lastStartTimestamp"] != before)


@pytest.mark.parametrize("kind", ["OPPORTUNISTIC", "PROACTIVE"])
def test_new_template_renews_machines_only_if_the_policy_says_so(world: World, kind: str) -> None:
    world.network()
    world.template()
    world.group(2, updatePolicy={"type": kind, "minimalAction": "REPLACE"})
    before = {each["name"] for each in world.stable()}
    world.template("second", labels={"a": "b"})
    versions = [{"instanceTemplate": "global/instanceTemplates/second"}]
    where = {"zone": ZONE, "instanceGroupManager": "workers"}
    world.run("instanceGroupManagers.patch", {"versions": versions}, **where)
    if kind == "PROACTIVE":
        until(lambda: world.manager()["status"]["versionTarget"]["isReached"])
        assert not {each["name"] for each in world.stable()} & before
        return
    assert {each["name"] for each in world.stable()} == before
    assert not world.manager()["status"]["versionTarget"]["isReached"]
    name = next(iter(before))
    world.run("instanceGroupManagers.recreateInstances", {"instances": [f"zones/{ZONE}/instances/{name}"]}, **where)
    until(lambda: world.instance(name).get("labels") == {"a": "b"} if name in _names(world) else False)


def _names(world: World) -> set[str]:
    return {each["name"] for each in world.get("instances.list", zone=ZONE)["items"]}


def test_group_says_what_its_machines_lack_and_tries_again(world: World) -> None:
    world.network()
    world.template()
    world.app.change_settings({"capacity": [{"type": "n2d-standard-2", "zone": ZONE, "count": 1}]})
    world.group(2)
    where = {"zone": ZONE, "instanceGroupManager": "workers"}
    errors = until(lambda: world.get("instanceGroupManagers.listErrors", **where).get("items"))
    assert {each["error"]["code"] for each in errors} == {"ZONE_RESOURCE_POOL_EXHAUSTED"}
    assert not world.manager()["status"]["isStable"]
    world.app.change_settings({"capacity": []})
    assert len(world.stable()) == 2


def test_deleted_group_takes_its_machines(world: World) -> None:
    world.network()
    world.template()
    world.group(2)
    world.stable()
    world.run("instanceGroupManagers.delete", zone=ZONE, instanceGroupManager="workers")
    world.run("instanceTemplates.delete", instanceTemplate="template")
    until(lambda: {kind for _, kind, _ in world.app.inventory()} == {"network", "subnetwork"})


def test_identity_and_secret(world: World) -> None:
    email = world.account()
    name = f"projects/{world.project}/serviceAccounts/{email}"
    held = world.call("iam", "projects.serviceAccounts.get", name=name)
    has(held, email=email, displayName="nodes", description="of c", projectId=world.project, name=name)
    parent = f"projects/{world.project}"
    body = {"replication": {"userManaged": {"replicas": [{"location": REGION}]}}, "labels": LABELS}
    world.call("secretmanager", "projects.secrets.create", parent=parent, secretId="key", body=body)
    secret = f"{parent}/secrets/key"
    held = world.call("secretmanager", "projects.secrets.get", name=secret)
    has(held, labels=LABELS, replication=body["replication"])
    number = world.call("cloudresourcemanager", "projects.get", projectId=world.project)["projectNumber"]
    assert held["name"] == f"projects/{number}/secrets/key"
    payload = {"payload": {"data": base64.b64encode(b"value").decode(), "dataCrc32c": str(crc32c(b"value"))}}
    made = world.call("secretmanager", "projects.secrets.addVersion", parent=secret, body=payload)
    has(made, state="ENABLED", name=f"{held['name']}/versions/1")
    read = world.call("secretmanager", "projects.secrets.versions.access", name=f"{secret}/versions/latest")
    assert read["payload"] == payload["payload"]
    policy = world.call("secretmanager", "projects.secrets.getIamPolicy", resource=secret)
    assert policy == {"version": 1, "etag": "ACAB"}
    binding = {"role": "roles/secretmanager.secretAccessor", "members": [f"serviceAccount:{email}"]}
    wanted = {"policy": {"bindings": [binding], "etag": "ACAB"}}
    world.call("secretmanager", "projects.secrets.setIamPolicy", resource=secret, body=wanted)
    policy = world.call("secretmanager", "projects.secrets.getIamPolicy", resource=secret)
    assert policy["bindings"] == [binding]
    with pytest.raises(HttpError, match="concurrent policy changes"):
        world.call("secretmanager", "projects.secrets.setIamPolicy", resource=secret, body=wanted)


def test_checksum_is_the_one_that_is_meant() -> None:
    # The check value of CRC-32C, https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-32-iscsi
    assert crc32c(b"123456789") == 0xE3069283


def test_account_of_the_same_name_is_another_account(world: World) -> None:
    email = world.account()
    parent = f"projects/{world.project}"
    world.call(
        "secretmanager",
        "projects.secrets.create",
        parent=parent,
        secretId="key",
        body={"replication": {"automatic": {}}},
    )
    secret = f"{parent}/secrets/key"
    binding = {"role": "roles/secretmanager.secretAccessor", "members": [f"serviceAccount:{email}"]}
    body = {"policy": {"bindings": [binding]}}
    world.call("secretmanager", "projects.secrets.setIamPolicy", resource=secret, body=body)
    name = f"{parent}/serviceAccounts/{email}"
    first = world.call("iam", "projects.serviceAccounts.get", name=name)["uniqueId"]
    world.call("iam", "projects.serviceAccounts.delete", name=name)
    world.account()
    assert world.call("iam", "projects.serviceAccounts.get", name=name)["uniqueId"] != first
    policy = world.call("secretmanager", "projects.secrets.getIamPolicy", resource=secret)
    assert policy["bindings"][0]["members"] == [f"deleted:serviceAccount:{email}?uid={first}"]
    world.call("iam", "projects.serviceAccounts.delete", name=name)
    world.call("iam", "projects.serviceAccounts.undelete", name=f"{parent}/serviceAccounts/{first}", body={})
    policy = world.call("secretmanager", "projects.secrets.getIamPolicy", resource=secret)
    assert policy["bindings"] == [binding]


def test_project_in_both_versions(world: World) -> None:
    first = world.call("cloudresourcemanager", "projects.get", projectId=world.project)
    second = world.clients.call("cloudresourcemanager", "projects.get", "v3", name=f"projects/{world.project}")
    assert second["name"] == f"projects/{first['projectNumber']}"
    assert first["projectNumber"] == "000000000002"
    policy = world.call("cloudresourcemanager", "projects.getIamPolicy", resource=world.project, body={})
    assert [each["role"] for each in policy["bindings"]] == ["roles/owner"]
    by_number = world.get("regions.get", project=first["projectNumber"], region=REGION)
    assert ZONE in by_number["zones"][0]


def test_lists_are_filtered_and_paged(world: World) -> None:
    world.network()
    for number in range(5):
        body = gcp_world.plain(f"vm-{number}", world.image, labels={"role": "a" if number % 2 else "b"})
        world.run("instances.insert", body, zone=ZONE)
    instances = world.clients.compute("instances")
    asked = compute_v1.ListInstancesRequest(project=world.project, zone=ZONE, filter="labels.role=b", max_results=2)
    assert [each.name for each in instances.list(request=asked)] == ["vm-0", "vm-2", "vm-4"]
    for wanted, names in (
        ("name=vm-1", ["vm-1"]),
        ("name eq vm-[01]", ["vm-0", "vm-1"]),
        ("(labels.role=a) (name != vm-1)", ["vm-3"]),
        ("labels.role:* AND status = RUNNING AND name=vm-4", ["vm-4"]),
        ('name = "vm-*" AND labels.role=a', ["vm-1", "vm-3"]),
    ):
        found = world.get("instances.list", zone=ZONE, filter=wanted)
        assert [each["name"] for each in found["items"]] == names, wanted
    assert "items" not in world.get("instances.list", zone=ZONE, filter="labels.nothing=x")
    gathered = {scope: held for scope, held in instances.aggregated_list(project=world.project) if held.instances}
    assert list(gathered) == [f"zones/{ZONE}"]
    with pytest.raises(HttpError, match="Invalid list filter expression"):
        world.get("instances.list", zone=ZONE, filter="labels.role ~ b")


def test_operations_are_waited_for_by_the_official_client(world: World) -> None:
    world.app.change_settings({"speed": 60.0})
    operation = world.clients.compute("networks").insert(
        project=world.project, network_resource={"name": "net", "auto_create_subnetworks": False}
    )
    assert operation.status.name in {"PENDING", "RUNNING"}
    operation.result(timeout=20)
    assert operation.status.name == "DONE"
    assert world.get("networks.get", network="net")["name"] == "net"


def test_repeated_request_is_carried_out_once(world: World) -> None:
    request = {"requestId": gcp_world.REQUEST}
    first = world.run("networks.insert", gcp_world.network("net"), **request)
    assert world.run("networks.insert", gcp_world.network("net"), **request)["name"] == first["name"]
    world.run("networks.delete", network="net")
    assert world.run("networks.insert", gcp_world.network("net"), **request)["name"] == first["name"]
    with pytest.raises(NotFound):
        world.clients.compute("networks").get(project=world.project, network="net")


def test_catalogue(world: World) -> None:
    has(world.get("machineTypes.get", zone=ZONE, machineType="n2d-standard-2"), guestCpus=2, memoryMb=8192)
    sizes = {each["name"] for each in world.get("machineTypes.list", zone=ZONE)["items"]}
    assert {"n2d-standard-2", "c3-standard-4", "e2-standard-8", "n2-standard-4"} <= sizes
    assert "c3-standard-4" not in {each["name"] for each in world.get("machineTypes.list", zone="us-east1-b")["items"]}
    zones = {each["name"]: each for each in world.get("zones.list")["items"]}
    assert "AMD Milan" in zones[ZONE]["availableCpuPlatforms"]
    image = world.get("images.get", project="ubuntu-os-cloud", image=world.image.rpartition("/")[2])
    assert {"SEV_SNP_CAPABLE", "TDX_CAPABLE", "UEFI_COMPATIBLE"} <= {each["type"] for each in image["guestOsFeatures"]}
    quotas = {each["metric"]: each for each in world.get("regions.get", region=REGION)["quotas"]}
    assert quotas["N2D_CPUS"]["usage"] == 0
    has(world.get("projects.get"), name=world.project, quotas=world.get("projects.get")["quotas"])


def test_subnetwork_changes_with_its_fingerprint(world: World) -> None:
    world.network()
    where = {"region": REGION, "subnetwork": "nodes"}
    # Fingerprints are base64 of the alphabet for addresses; among this many some have its letters.
    for number in range(20):
        held = world.get("subnetworks.get", **where)
        ranges = [{"rangeName": "pods", "ipCidrRange": f"10.1.{number}.0/24"}]
        world.run("subnetworks.patch", {"secondaryIpRanges": ranges, "fingerprint": held["fingerprint"]}, **where)
    assert world.get("subnetworks.get", **where)["secondaryIpRanges"] == ranges
    world.run("subnetworks.setPrivateIpGoogleAccess", {"privateIpGoogleAccess": False}, **where)
    world.run("subnetworks.expandIpCidrRange", {"ipCidrRange": "10.0.0.0/19"}, **where)
    has(world.get("subnetworks.get", **where), privateIpGoogleAccess=False, ipCidrRange="10.0.0.0/19")
