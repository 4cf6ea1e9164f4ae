"""Custom roles, keys, tags and images of the simulated Google Cloud over time."""

from __future__ import annotations

import base64
import json
import pickle
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import gcp_world
import pytest
from gcp_client import Clients
from googleapiclient.errors import HttpError

from confkube_sandbox import clock
from confkube_sandbox.daemon.gcp.app import Gcp

if TYPE_CHECKING:
    from confkube_sandbox.home import SandboxHome

MANAGER = "cloudresourcemanager"


@pytest.fixture
def app(home: SandboxHome) -> Gcp:
    made = Gcp(home, "secret")
    made.store.load()
    made.change_settings({"speed": gcp_world.INSTANT})
    return made


@pytest.fixture
def clients(app: Gcp) -> Clients:
    return Clients("secret", app=app)


def _role(clients: Clients, name: str) -> str:
    role = {"title": name, "includedPermissions": ["compute.instances.get"]}
    body = {"roleId": name, "role": role}
    return clients.call("iam", "projects.roles.create", parent=f"projects/{clients.account}", body=body)["name"]


def _status(act: Any) -> int:
    with pytest.raises(HttpError) as refused:
        act()
    return int(refused.value.resp.status)


def test_a_deleted_role_can_be_undeleted_for_7_days_and_keeps_its_id_for_37(
    clients: Clients, home: SandboxHome
) -> None:
    name = _role(clients, "pod_vms")
    deleted = clients.call("iam", "projects.roles.delete", name=name)
    assert deleted["deleted"] is True
    listed = clients.call("iam", "projects.roles.list", parent=f"projects/{clients.account}")
    assert "roles" not in listed
    clock.advance(home, timedelta(days=6))
    assert "deleted" not in clients.call("iam", "projects.roles.undelete", name=name, body={})
    clients.call("iam", "projects.roles.delete", name=name)
    clock.advance(home, timedelta(days=8))
    assert _status(lambda: clients.call("iam", "projects.roles.get", name=name)) == 404
    assert _status(lambda: clients.call("iam", "projects.roles.undelete", name=name, body={})) == 404
    assert _status(lambda: _role(clients, "pod_vms")) == 400
    clock.advance(home, timedelta(days=30))
    assert _role(clients, "pod_vms") == name


def test_a_deleted_role_is_no_longer_bound_anew(clients: Clients) -> None:
    name = _role(clients, "pod_vms")
    project = {"resource": clients.account}
    policy = clients.call(MANAGER, "projects.getIamPolicy", **project, body={})
    account = clients.call(
        "iam",
        "projects.serviceAccounts.create",
        name=f"projects/{clients.account}",
        body={"accountId": "adaptor-account"},
    )
    bound = {"role": name, "members": [f"serviceAccount:{account['email']}"]}
    wanted = {**policy, "bindings": [*policy["bindings"], bound]}
    kept = clients.call(MANAGER, "projects.setIamPolicy", **project, body={"policy": wanted})
    clients.call("iam", "projects.roles.delete", name=name)
    again = {"policy": {**kept, "etag": kept["etag"]}}
    assert _status(lambda: clients.call(MANAGER, "projects.setIamPolicy", **project, body=again)) == 400


def test_nobody_keeps_the_private_half_of_a_key(clients: Clients, app: Gcp) -> None:
    where = {"name": f"projects/{clients.account}"}
    account = clients.call("iam", "projects.serviceAccounts.create", **where, body={"accountId": "adaptor-account"})[
        "name"
    ]
    made = clients.call("iam", "projects.serviceAccounts.keys.create", name=account, body={})
    told = json.loads(base64.b64decode(made["privateKeyData"]))
    kept = app.store.snapshot()
    assert b"PRIVATE KEY" not in kept
    assert told["private_key"].encode() not in kept
    assert made["privateKeyData"].encode() not in kept
    memory = pickle.loads(kept)
    assert told["private_key_id"] in str(memory)
    listed = clients.call("iam", "projects.serviceAccounts.keys.list", name=account)["keys"]
    assert [each["name"] for each in listed] == [made["name"]]
    assert not {"privateKeyData", "publicKeyData", "certificate", "raw"} & listed[0].keys()


def _bound(clients: Clients) -> tuple[str, str, str]:
    """A machine with a tag; returns its resource, the value and the binding."""
    clients.run("networks.insert", gcp_world.network("net"))
    clients.run("subnetworks.insert", gcp_world.subnetwork("nodes", "net", "10.0.0.0/24"), region=gcp_world.REGION)
    image = clients.call("compute", "images.list", project="ubuntu-os-cloud")["items"][0]["selfLink"]
    clients.run("instances.insert", gcp_world.plain("podvm-web", image), zone=gcp_world.ZONE)
    held = clients.call("compute", "instances.get", project=clients.account, zone=gcp_world.ZONE, instance="podvm-web")
    body = {"parent": f"projects/{clients.account}", "shortName": "confkube-cluster-a"}
    key = clients.settled(clients.call(MANAGER, "tagKeys.create", "v3", body=body))["name"]
    value = clients.settled(clients.call(MANAGER, "tagValues.create", "v3", body={"parent": key, "shortName": "a"}))[
        "name"
    ]
    place = f"//compute.googleapis.com/projects/{clients.account}/zones/{gcp_world.ZONE}"
    resource = f"{place}/instances/{held['id']}"
    bound = {"parent": resource, "tagValue": value}
    made = clients.settled(clients.call(MANAGER, "tagBindings.create", "v3", gcp_world.ZONE, body=bound))
    return resource, value, made["name"]


def test_a_tag_is_seen_and_taken_off_where_the_machine_is(clients: Clients) -> None:
    resource, value, name = _bound(clients)
    seen = clients.call(MANAGER, "effectiveTags.list", "v3", gcp_world.ZONE, parent=resource)["effectiveTags"]
    assert [(each["tagValue"], each["namespacedTagKey"]) for each in seen] == [
        (value, f"{clients.account}/confkube-cluster-a")
    ]
    clients.settled(clients.call(MANAGER, "tagBindings.delete", "v3", gcp_world.ZONE, name=name))
    assert clients.call(MANAGER, "tagBindings.list", "v3", gcp_world.ZONE, parent=resource) == {}
    clients.settled(clients.call(MANAGER, "tagValues.delete", "v3", name=value))


def test_the_tag_of_a_machine_that_is_gone_lingers_for_a_while(clients: Clients, app: Gcp) -> None:
    resource, value, _ = _bound(clients)
    app.change_settings({"speed": 100.0})
    clients.run("instances.delete", zone=gcp_world.ZONE, instance="podvm-web")
    assert not [each for each in app.inventory() if each[1] == "tag-binding"]
    listing = {"operation": "effectiveTags.list", "version": "v3", "location": gcp_world.ZONE}
    assert _status(lambda: clients.call(MANAGER, **listing, parent=resource)) == 403
    refused = clients._ended(clients.call(MANAGER, "tagValues.delete", "v3", name=value))
    assert "active or deleted resource" in refused["error"]["message"]
    time.sleep(0.7)
    clients.settled(clients.call(MANAGER, "tagValues.delete", "v3", name=value))


def test_a_project_does_not_see_the_tags_of_another(app: Gcp, clients: Clients) -> None:
    other = Clients("secret", app=app, account="confkube-sandbox-0002")
    body = {"parent": f"projects/{clients.account}", "shortName": "mine"}
    clients.settled(clients.call(MANAGER, "tagKeys.create", "v3", body=body))
    assert other.call(MANAGER, "tagKeys.list", "v3", parent=f"projects/{other.account}") == {}
    other.settled(
        other.call(MANAGER, "tagKeys.create", "v3", body={"parent": f"projects/{other.account}", "shortName": "mine"})
    )
    assert _status(lambda: clients.call(MANAGER, "tagKeys.get", "v3", name="tagKeys/1")) == 403


def test_both_archives_are_there_for_every_project(clients: Clients) -> None:
    for tee in ("snp", "tdx"):
        body = gcp_world.pod_image(f"podvm-{tee}")
        body["rawDisk"]["source"] = f"https://storage.googleapis.com/confkube-sandbox-images/podvm-{tee}.tar.gz"
        clients.run("images.insert", body)
        held = clients.call("compute", "images.get", project=clients.account, image=f"podvm-{tee}")
        assert held["status"] == "READY"
        assert held["rawDisk"]["source"] == ""
    listed = clients.call("compute", "images.list", project=clients.account)["items"]
    assert [each["name"] for each in listed] == ["podvm-snp", "podvm-tdx"]
    clients.run("images.delete", image="podvm-snp")
    assert _status(lambda: clients.call("compute", "images.get", project=clients.account, image="podvm-snp")) == 404
