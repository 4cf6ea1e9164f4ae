"""Acknowledged changes survive anything that happens to the daemon; planned faults strike as planned."""

from __future__ import annotations

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import corpus
import gcp_world
import pytest
import requests
from gcp_client import Clients
from gcp_world import REGION, ZONE
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import compute_v1

from confkube_sandbox.daemon import client
from confkube_sandbox.daemon.gcp import discovery
from confkube_sandbox.daemon.gcp.app import Gcp
from confkube_sandbox.daemon.gcp.registry import HANDLERS
from confkube_sandbox.home import SandboxHome

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACEMENTS = ("", "x", "zones/x/y/z", 0, -1, True, [], {}, [{}], ["x"], None)
DOCUMENTS = {"iam": "iam.v1", "secretmanager": "secretmanager.v1", "cloudresourcemanager": "cloudresourcemanager.v1"}


@pytest.fixture
def app(home: SandboxHome) -> Gcp:
    made = Gcp(home, "secret")
    made.store.load()
    made.change_settings({"speed": gcp_world.INSTANT})
    return made


@pytest.fixture
def running(home: SandboxHome) -> Iterator[client.DaemonClient]:
    started = client.ensure_running(home)
    started.settings(speed=gcp_world.INSTANT)
    yield started
    client.ensure_running(home).stop()


def _kill(daemon: client.DaemonClient) -> None:
    os.kill(daemon.pid, signal.SIGKILL)
    # The lock is free once the process is gone.
    handle = os.open(daemon.lock, os.O_RDWR)
    client.fcntl.flock(handle, client.fcntl.LOCK_SH)
    os.close(handle)


def _names(clients: Clients) -> set[str]:
    return {each.name for each in clients.compute("networks").list(project=clients.account)}


def test_acknowledged_changes_survive_a_kill(running: client.DaemonClient, home: SandboxHome) -> None:
    running.settings(quotas={"gcp-networks": 10_000})
    acknowledged: list[str] = []
    enough = threading.Event()

    def work(number: int) -> None:
        clients = Clients(running.token, running.url)
        try:
            for count in range(10_000):
                name = f"net-{number}-{count}"
                clients.run("networks.insert", gcp_world.network(name))
                acknowledged.append(name)
                if len(acknowledged) >= 30:
                    enough.set()
        except (requests.ConnectionError, GoogleAPICallError, KeyError):
            return

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(work, number)
        enough.wait(timeout=60)
        _kill(running)
    again = client.ensure_running(home)
    assert (again.url, again.token) == (running.url, running.token)
    assert again.pid != running.pid
    assert len(acknowledged) >= 30
    assert set(acknowledged) <= _names(Clients(again.token, again.url))


def test_sixteen_at_once_get_different_addresses(running: client.DaemonClient) -> None:
    first = Clients(running.token, running.url)
    first.run("networks.insert", gcp_world.network("net"))
    first.run("subnetworks.insert", gcp_world.subnetwork("nodes", "net", "10.0.0.0/24"), region=REGION)
    image = first.call("compute", "images.getFromFamily", project="ubuntu-os-cloud", family="ubuntu-2404-lts-amd64")

    def make(number: int) -> None:
        body = gcp_world.plain(f"vm-{number}", image["selfLink"])
        Clients(running.token, running.url).run("instances.insert", body, zone=ZONE)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(make, range(16)))
    asked = compute_v1.ListInstancesRequest(project=first.account, zone=ZONE)
    addresses = {each.network_interfaces[0].network_i_p for each in first.compute("instances").list(request=asked)}
    assert len(addresses) == 16


def test_state_is_the_same_after_a_restart(app: Gcp, home: SandboxHome) -> None:
    clients = Clients("secret", app=app)
    gcp_world.build(clients, lambda **wanted: app.change_settings(wanted))
    again = Gcp(home, "secret")
    assert again.store.load()
    assert again.settings == app.settings
    assert again.inventory() == app.inventory()
    other = Clients("secret", app=again)
    for name in ("vm", "stopped"):
        where = {"project": clients.account, "zone": ZONE, "instance": name}
        assert other.call("compute", "instances.get", **where) == clients.call("compute", "instances.get", **where)


def test_everything_can_be_deleted_again(app: Gcp) -> None:
    clients = Clients("secret", app=app)
    before = app.inventory()
    gcp_world.build(clients, lambda **wanted: app.change_settings(wanted))
    assert {kind for _, kind, _ in app.inventory()} == {
        "address",
        "disk",
        "firewall",
        "image",
        "instance",
        "instance-group-manager",
        "instance-template",
        "network",
        "role",
        "router",
        "secret",
        "secret-version",
        "service-account",
        "service-account-key",
        "subnetwork",
        "tag-binding",
        "tag-key",
        "tag-value",
    }
    app.reset()
    assert app.inventory() == before == []


@pytest.mark.parametrize(
    ("kind", "made"), [("error", False), ("throttle", False), ("created-but-error", True), ("lost-response", True)]
)
def test_planned_fault_strikes_once(kind: str, made: bool, app: Gcp) -> None:
    clients = Clients("secret", app=app)
    fault = {"service": "gcp", "operation": "compute.networks.insert", "kind": kind, "nth": 2}
    app.change_settings({"faults": [fault]})
    clients.run("networks.insert", gcp_world.network("first"))
    with pytest.raises((GoogleAPICallError, requests.ConnectionError)) as caught:
        clients.send("networks.insert", {"project": clients.account, "body": gcp_world.network("second")})
    if kind == "throttle":
        assert caught.value.response.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"
        assert caught.value.response.status_code == 403
    assert ("second" in _names(clients)) is made
    clients.run("networks.insert", gcp_world.network("third"))


def test_projects_do_not_see_each_other(app: Gcp) -> None:
    one, other = Clients("secret", app=app), Clients("secret", app=app, account="confkube-sandbox-0002")
    one.run("networks.insert", gcp_world.network("net"))
    assert _names(other) == set()
    other.run("networks.insert", gcp_world.network("net"))
    assert [owner for owner, _, _ in app.inventory()] == [one.account, other.account]
    assert [owner for owner, _, _ in app.inventory(other.account)] == [other.account]


def test_failed_operation_leaves_nothing(app: Gcp) -> None:
    clients = Clients("secret", app=app)
    app.change_settings({"quotas": {"gcp-networks": 0}})
    given = {"body": gcp_world.network("net")}
    status, code, text = clients.answer("compute", "networks.insert", given, "", {})
    assert (status, code, text) == (403, "QUOTA_EXCEEDED", "Quota 'NETWORKS' exceeded.  Limit: 0.0 globally.")
    assert app.inventory() == []


def _good_requests() -> list[tuple[str, str, dict[str, Any]]]:
    image, where = "${image}", "/compute/v1/projects/{project}"
    group = {
        "name": "new",
        "targetSize": 1,
        "baseInstanceName": "new",
        "versions": [{"instanceTemplate": "global/instanceTemplates/template"}],
        "updatePolicy": {"type": "PROACTIVE", "minimalAction": "REPLACE", "maxSurge": {"fixed": 1}},
    }
    nic = {
        "network": "global/networks/net",
        "subnetwork": f"regions/{REGION}/subnetworks/nodes",
        "networkIP": "10.0.0.99",
        "accessConfigs": [{"natIP": "${free_ip}"}],
    }
    machine = gcp_world.instance(
        "new",
        image,
        networkInterfaces=[nic],
        serviceAccounts=[{"email": "${nodes_account}", "scopes": [gcp_world.SCOPE]}],
        labels={"a": "b"},
        tags={"items": ["node"]},
        metadata={"items": [{"key": "user-data", "value": "x"}]},
    )
    nat = {
        "name": "nat",
        "natIpAllocateOption": "MANUAL_ONLY",
        "natIps": [f"regions/{REGION}/addresses/free-ip"],
        "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
        "subnetworks": [{"name": f"regions/{REGION}/subnetworks/nodes", "sourceIpRangesToNat": ["ALL_IP_RANGES"]}],
    }
    rule = {
        "name": "new",
        "network": "global/networks/net",
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "sourceRanges": ["192.0.2.0/24"],
        "targetTags": ["node"],
        "priority": 1000,
    }
    internal = {
        "name": "new",
        "addressType": "INTERNAL",
        "subnetwork": f"regions/{REGION}/subnetworks/nodes",
        "address": "10.0.0.77",
    }
    binding = {"role": "roles/secretmanager.secretAccessor", "members": ["serviceAccount:${nodes_account}"]}
    secret = {"replication": {"userManaged": {"replicas": [{"location": REGION}]}}, "labels": {"a": "b"}}
    secrets = "/gcp/secretmanager/v1/projects/{project}/secrets"
    condition = {"title": "x", "expression": "resource.type == 'a' && !(resource.name.endsWith('b'))"}
    region, zone = f"{where}/regions/{REGION}", f"{where}/zones/{ZONE}"
    return [
        ("networks.insert", f"{where}/global/networks", gcp_world.network("new")),
        ("subnetworks.insert", f"{region}/subnetworks", gcp_world.subnetwork("new", "net", "10.9.0.0/24")),
        ("firewalls.insert", f"{where}/global/firewalls", rule),
        ("firewalls.patch", f"{where}/global/firewalls/ssh", rule),
        ("routers.insert", f"{region}/routers", {"name": "new", "network": "global/networks/net", "nats": [nat]}),
        ("routers.patch", f"{region}/routers/router", {"nats": [nat], "bgp": {"asn": 64512}}),
        ("addresses.insert", f"{region}/addresses", internal),
        ("disks.insert", f"{zone}/disks", {"name": "new", "sizeGb": "20", "sourceImage": image}),
        ("instances.insert", f"{zone}/instances", machine),
        (
            "instanceTemplates.insert",
            f"{where}/global/instanceTemplates",
            {"name": "new", "properties": gcp_world.properties(image)},
        ),
        ("instanceGroupManagers.insert", f"{zone}/instanceGroupManagers", group),
        ("instanceGroupManagers.patch", f"{zone}/instanceGroupManagers/workers", group),
        ("secrets.create", f"{secrets}?secretId=new", secret),
        ("secrets.patch", f"{secrets}/cluster-key?updateMask=labels", {"labels": {"a": "b"}}),
        ("secrets.addVersion", f"{secrets}/cluster-key:addVersion", {"payload": {"data": "dg==", "dataCrc32c": "1"}}),
        ("secrets.setIamPolicy", f"{secrets}/cluster-key:setIamPolicy", {"policy": {"bindings": [binding]}}),
        (
            "serviceAccounts.create",
            "/gcp/iam/v1/projects/{project}/serviceAccounts",
            {"accountId": "new-account", "serviceAccount": {"displayName": "x"}},
        ),
        ("images.insert", f"{where}/global/images", {**gcp_world.pod_image("new"), "labels": {"a": "b"}}),
        (
            "subnetworks.setIamPolicy",
            f"{region}/subnetworks/nodes/setIamPolicy",
            {"policy": {"bindings": [binding]}},
        ),
        (
            "roles.create",
            "/gcp/iam/v1/projects/{project}/roles",
            {"roleId": "new_role", "role": {"title": "x", "includedPermissions": ["compute.instances.get"]}},
        ),
        (
            "projects.setIamPolicy",
            "/gcp/cloudresourcemanager/v1/projects/{project}:setIamPolicy",
            {"policy": {"version": 3, "bindings": [{**binding, "condition": condition}]}},
        ),
        (
            "tagValues.create",
            "/gcp/cloudresourcemanager/v3/tagValues",
            {"parent": "${tag_key_1}", "shortName": "x", "description": "y"},
        ),
        (
            "tagBindings.create",
            f"/gcp/{ZONE}-cloudresourcemanager/v3/tagBindings",
            {"parent": "${plain_resource}", "tagValue": "${tag_green}"},
        ),
    ]


def _spoilt(value: Any) -> Iterator[Any]:
    """Every version of a value in which one part is another, or missing."""
    yield from REPLACEMENTS
    if isinstance(value, dict):
        for name, each in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: spoilt} for spoilt in _spoilt(each))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from ([*value[:index], spoilt, *value[index + 1 :]] for spoilt in _spoilt(each))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, str]]:
    """The fixture world as bytes, with its ids."""
    home = SandboxHome(tmp_path_factory.mktemp("world") / "sandbox")
    home.prepare()
    app = Gcp(home, "secret")
    app.store.load()
    app.change_settings({"speed": gcp_world.INSTANT})
    ids = gcp_world.build(Clients("secret", app=app), lambda **wanted: app.change_settings(wanted))
    return app.store.snapshot(), ids


@pytest.mark.parametrize("method", sorted(HANDLERS))
def test_empty_request_is_answered_and_never_a_fault(method: str, app: Gcp, kept: tuple[bytes, dict[str, str]]) -> None:
    """Whatever the caller leaves out is refused in the service's words, not by a fault of the simulation."""
    service = method.partition(".")[0]
    found, version = _method(service, method)
    app.store.put_back(kept[0])
    clients = Clients("secret", app=app)
    path = _filled(found.pattern.pattern, clients.account)
    base = "/compute/v1/" if service == "compute" else f"/gcp/{service}/{version}/"
    # Resource Manager tells of a tag that is not there that the caller may not.
    denied = {403} if service == "cloudresourcemanager" else set()
    for text in ("", "{}", "[]", "x"):
        status, body = clients.raw(base + path, found.http, text)
        assert status in {200, 400, 404, 409, 412, 429, 501} | denied, body


def _method(service: str, method: str) -> tuple[discovery.Method, str]:
    documents = [DOCUMENTS.get(service, "compute.v1"), "cloudresourcemanager.v3"]
    found = [(each, name[-2:]) for name in documents for each in discovery.api(name).methods if each.id == method]
    return found[0]


@pytest.mark.parametrize("case", _good_requests(), ids=lambda each: each[0])
def test_spoilt_request_is_never_a_fault(
    case: tuple[str, str, dict[str, Any]], app: Gcp, kept: tuple[bytes, dict[str, str]]
) -> None:
    """Each value of a good request is replaced by others in turn; the answer is a refusal or a success."""
    method, path, body = case
    clients = Clients("secret", app=app)
    http = "PATCH" if method.endswith("patch") else "POST"
    for spoilt in _spoilt(corpus._filled(body, kept[1])):
        app.store.put_back(kept[0])
        status, answer = clients.raw(path.format(project=clients.account), http, json.dumps(spoilt))
        assert status < 500 or status == 501, (spoilt, answer)


def _filled(pattern: str, project: str) -> str:
    """Put the fixture's names into the path of a method."""
    names = {
        "project": project,
        "projectsId": project,
        "projectId": project,
        "zone": ZONE,
        "region": REGION,
        "resource": "spare",
        "instance": "vm",
        "network": "empty-net",
        "subnetwork": "nodes",
        "firewall": "ssh",
        "router": "router",
        "address": "free-ip",
        "disk": "spare",
        "instanceTemplate": "spare-template",
        "instanceGroupManager": "workers",
        "instanceGroup": "workers",
        "secretsId": "cluster-key",
        "versionsId": "1",
        "serviceAccountsId": f"nodes-account@{project}.iam.gserviceaccount.com",
    }
    pattern = pattern.replace("Id>.+)", "Id>[^/:]+)")
    if "projects/(?P<resource>" in pattern:
        names["resource"] = project
    text = pattern
    for name, value in names.items():
        text = text.replace(f"(?P<{name}>[^/:]+)", value)
    return text.replace("(?P<", "").replace(">[^/:]+)", "").replace("\\", "")
