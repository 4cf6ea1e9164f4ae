"""Every type from its preview to its end."""

from __future__ import annotations

import copy

import gcp_left_out
import gcp_resources as w
import pytest
from driver import UNKNOWN, Refused

from confkube_sandbox.providers import gcp as package
from confkube_sandbox.providers import sdk

SDK_SECRETS = {
    w.ADDRESS: {"effectiveLabels", "pulumiLabels"},
    w.INSTANCE: {"effectiveLabels", "pulumiLabels"},
    w.TEMPLATE: {"effectiveLabels", "pulumiLabels"},
    w.SECRET: {"effectiveLabels", "pulumiLabels"},
    w.VERSION: {"secretData"},
    w.IMAGE: {"effectiveLabels", "pulumiLabels"},
    w.KEY: {"privateKey"},
}
HANDLERS = {handler.token: handler for handler in package.handlers()}


def test_a_whole_life_leaves_nothing(world, cloud):
    before = cloud.inventory()
    world.everything()
    alive = cloud.inventory()
    assert len(alive) > len(world.made)
    for name, known in list(world.made.items()):
        found = world.engine.read(known)
        assert found is not None, name
        assert found.inputs == known.inputs, name
        assert found.outputs == known.outputs, name
        assert not world.engine.diff(known, known.inputs).diffs, name
    assert cloud.inventory() == alive
    world.delete_all()
    assert cloud.inventory() == before


def test_outputs_are_those_of_the_sdk(world):
    for known in world.everything().made.values():
        declared = set(sdk.result_types("pulumi_gcp", known.token))
        assert declared - known.outputs.keys() == gcp_left_out.names(known.token), known.token
        assert known.outputs.keys() <= declared, known.token


def test_a_preview_promises_what_is_given_later(world):
    for known in world.everything().made.values():
        given = {key: value for key, value in known.inputs.items() if not key.startswith("__")}
        seen = world.engine.preview(known.token, known.name, given)
        late = {key for key, value in seen.items() if value == UNKNOWN}
        assert late <= known.outputs.keys() | gcp_left_out.names(known.token), known.token
        assert {key: seen[key] for key in given} == given
        unsaid = known.outputs.keys() - seen.keys()
        # What is neither promised nor given has to be what an absent input reads as.
        assert not {key for key in unsaid if known.outputs[key] not in ("", 0, False, [], {}, None)}, known.token


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_secret_outputs_are_those_of_the_sdk(token):
    assert set(HANDLERS[token].secret_outputs) == SDK_SECRETS.get(token, set())


def test_unknown_inputs_pass_a_preview(gcp):
    for token, inputs in {
        w.SUBNETWORK: {"network": UNKNOWN, "ipCidrRange": UNKNOWN},
        w.FIREWALL: {"network": UNKNOWN, "allows": UNKNOWN, "sourceRanges": [UNKNOWN]},
        w.NAT: {"router": UNKNOWN, "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS", "subnetworks": [UNKNOWN]},
        w.INSTANCE: {
            "machineType": UNKNOWN,
            "bootDisk": UNKNOWN,
            "networkInterfaces": [{"subnetwork": UNKNOWN, "accessConfigs": [{"natIp": UNKNOWN}]}],
            "metadata": UNKNOWN,
            "labels": UNKNOWN,
            "serviceAccount": {"email": UNKNOWN, "scopes": ["cloud-platform"]},
        },
        w.TEMPLATE: {"machineType": "n2d-standard-2", "disks": UNKNOWN, "networkInterfaces": UNKNOWN},
        w.GROUP: {"baseInstanceName": "a", "versions": [{"instanceTemplate": UNKNOWN}], "targetSize": UNKNOWN},
        w.SECRET: {"replication": UNKNOWN, "labels": UNKNOWN},
        w.VERSION: {"secret": UNKNOWN, "secretData": UNKNOWN},
        w.MEMBER: {"secretId": UNKNOWN, "role": UNKNOWN, "member": UNKNOWN},
    }.items():
        seen = gcp.preview(token, "a", inputs)
        assert {key: seen[key] for key in inputs if key != "bootDisk"} == {
            key: value for key, value in _with_defaults(token, inputs).items() if key != "bootDisk"
        }


def _with_defaults(token, inputs):
    found = copy.deepcopy(inputs)
    if token == w.TEMPLATE:
        found.setdefault("canIpForward", False)
        return {key: found[key] for key in inputs}
    return found


def test_an_account_is_known_before_it_exists(gcp):
    seen = gcp.preview(w.ACCOUNT, "a", {"accountId": "node-account", "project": w.PROJECT})
    email = f"node-account@{w.PROJECT}.iam.gserviceaccount.com"
    assert (seen["email"], seen["member"]) == (email, f"serviceAccount:{email}")
    assert gcp.preview(w.ACCOUNT, "a", {"accountId": "node-account", "project": UNKNOWN})["email"] == UNKNOWN


@pytest.mark.parametrize(
    ("kind", "delete"),
    [
        ("ssh", lambda compute, name: compute.firewalls().delete(project=w.PROJECT, firewall=name)),
        ("address", lambda compute, name: compute.addresses().delete(project=w.PROJECT, region=w.REGION, address=name)),
        ("router", lambda compute, name: compute.routers().delete(project=w.PROJECT, region=w.REGION, router=name)),
    ],
)
def test_what_others_deleted_is_gone(world, google, kind, delete):
    known = world.network().edge().made[kind]
    compute = google("compute")
    if kind == "router":
        world.engine.delete(world.made["nat"])
    operation = delete(compute, known.outputs["name"]).execute()
    _await(compute, operation)
    assert world.engine.read(known) is None
    if kind == "router":
        assert world.engine.read(world.made["nat"]) is None
    world.engine.delete(known)


def test_a_machine_and_a_group_that_are_gone_cannot_be_deleted(world, google):
    """The real provider asks and fails, other than for what is made from its templates."""
    world.network().identity().machine().pool()
    machine, pool, compute = world.made["machine"], world.made["pool"], google("compute")
    place = {"project": w.PROJECT, "zone": w.ZONE}
    _await(compute, compute.instances().delete(**place, instance=machine.outputs["name"]).execute())
    groups = compute.instanceGroupManagers()
    _await(compute, groups.delete(**place, instanceGroupManager=pool.outputs["name"]).execute())
    assert world.engine.read(machine) is None
    assert world.engine.read(pool) is None
    with pytest.raises(Refused, match=r"Error deleting instance: googleapi: Error 404: .*, notFound"):
        world.engine.delete(machine)
    with pytest.raises(Refused, match=r"Error deleting instance group manager: googleapi: Error 404: .*, notFound"):
        world.engine.delete(pool)


def test_a_secret_and_its_readers_go_together(world, google):
    world.identity().secrets()
    google("secretmanager").projects().secrets().delete(name=world.made["secret"].id).execute()
    for name in ("secret", "version", "reader"):
        assert world.engine.read(world.made[name]) is None
        world.engine.delete(world.made[name])


def test_a_destroyed_version_and_a_removed_member_are_gone(world, google):
    world.identity().secrets()
    secrets = google("secretmanager").projects().secrets()
    secrets.versions().destroy(name=world.made["version"].id, body={}).execute()
    assert world.engine.read(world.made["version"]) is None
    secrets.setIamPolicy(resource=world.made["secret"].id, body={"policy": {"bindings": []}}).execute()
    assert world.engine.read(world.made["reader"]) is None


@pytest.mark.parametrize("name", ["net", "subnet", "ssh", "router", "nat", "address", "node", "secret", "reader"])
def test_an_import_finds_everything(world, name):
    known = world.network().edge().identity().secrets().made[name]
    found = world.engine.read(type(known)(known.token, known.name, known.id))
    assert found is not None
    # The labels of an imported object are not known to be the provider's.
    free = {"pulumiLabels", "labels", "deleteDefaultRoutesOnCreate"}
    assert {k: v for k, v in found.outputs.items() if k not in free} == {
        k: v for k, v in known.outputs.items() if k not in free
    }
    assert found.inputs.keys() <= set(sdk.resource_shape("pulumi_gcp", known.token).properties)


def test_a_wrong_import_id_says_what_is_right(gcp):
    from driver import Resource

    text = (
        r'Import id "a/b" doesn\'t match any of the accepted formats: \[projects/\{project\}/global/networks/\{name\}\]'
    )
    with pytest.raises(Refused, match=text):
        gcp.read(Resource(w.NETWORK, "a", "a/b"))


def _await(compute, operation):
    place = {key: operation[key].rpartition("/")[2] for key in ("zone", "region") if key in operation}
    calls = (
        compute.zoneOperations()
        if "zone" in place
        else compute.regionOperations()
        if place
        else compute.globalOperations()
    )
    while operation["status"] != "DONE":
        operation = calls.wait(project=w.PROJECT, operation=operation["name"], **place).execute()
    assert "error" not in operation
