"""What an update does, and what it is announced as."""

from __future__ import annotations

import gcp_resources as w
import pytest
from driver import Partial, Refused
from pulumi.runtime.proto import provider_pb2

REFUSED_STOP = (
    "Changing the machine_type, min_cpu_platform, service_account, enable_display, shielded_instance_config, "
    "scheduling.node_affinities, scheduling.max_run_duration or network_interface.[#d].(network/subnetwork/"
    "subnetwork_project) or advanced_machine_features on a started instance requires stopping it. To acknowledge this, "
    "please set allow_stopping_for_update = true in your config. You can also stop it by setting desired_status = "
    '"TERMINATED", but the instance will not be restarted after the update.'
)


def given(known):
    """The inputs as the program wrote them."""
    noted = set(known.inputs.get("__defaults") or [])
    return {key: value for key, value in known.inputs.items() if key not in noted and key != "__defaults"}


def replaces(engine, known, **changes):
    return list(engine.diff(known, given(known) | changes).replaces)


def announced(engine, known, **changes):
    """Changed properties with what the change does."""
    answer = engine.diff(known, {k: v for k, v in (given(known) | changes).items() if v is not None})
    kinds = {value.number: name for name, value in provider_pb2.PropertyDiff.Kind.DESCRIPTOR.values_by_name.items()}
    return {path: kinds[change.kind] for path, change in answer.detailedDiff.items()}


def updated(engine, known, **changes):
    """Update, and look whether a refresh agrees."""
    wanted = {k: v for k, v in (given(known) | changes).items() if v is not None}
    after = engine.update(known, wanted)
    found = engine.read(after)
    assert found is not None
    assert found.inputs == after.inputs
    assert found.outputs == after.outputs
    return after


def test_networks(world):
    net, engine = world.network().made["net"], world.engine
    assert announced(engine, net, routingMode="GLOBAL") == {"routingMode": "ADD"}
    assert updated(engine, net, routingMode="GLOBAL", mtu=1500).outputs["routingMode"] == "GLOBAL"
    assert replaces(engine, net, autoCreateSubnetworks=True) == ["autoCreateSubnetworks"]
    assert replaces(engine, net, description="other") == ["description"]


def test_leaving_out_what_the_cloud_fills_in_changes_nothing(world):
    engine = world.engine
    net = engine.create(w.NETWORK, "net", {"autoCreateSubnetworks": False, "routingMode": "GLOBAL", "mtu": 1460})
    assert announced(engine, net, routingMode=None, mtu=None) == {}
    known = engine.create(w.ADDRESS, "a", {"networkTier": "PREMIUM", "region": w.REGION})
    assert announced(engine, known, networkTier=None, region=None) == {}
    assert announced(engine, known, networkTier="STANDARD") == {"networkTier": "UPDATE_REPLACE"}


def test_a_subnetwork_grows_but_does_not_shrink(world):
    subnet, engine = world.network().made["subnet"], world.engine
    assert announced(engine, subnet, ipCidrRange="10.0.0.0/20") == {"ipCidrRange": "UPDATE"}
    assert replaces(engine, subnet, ipCidrRange="10.0.1.0/25") == ["ipCidrRange"]
    assert replaces(engine, subnet, ipCidrRange="10.9.0.0/20") == ["ipCidrRange"]
    assert updated(engine, subnet, ipCidrRange="10.0.0.0/20").outputs["ipCidrRange"] == "10.0.0.0/20"
    subnet = engine.create(w.SUBNETWORK, "b", {"network": world.made["net"].id, "ipCidrRange": "10.8.0.0/24"})
    after = updated(engine, subnet, privateIpGoogleAccess=True)
    assert after.outputs["privateIpGoogleAccess"] is True
    assert announced(engine, after, privateIpGoogleAccess=None) == {}
    logged = updated(engine, after, logConfig={"flowSampling": 0.25})
    assert logged.outputs["logConfig"]["flowSampling"] == 0.25
    assert logged.inputs["logConfig"]["aggregationInterval"] == "INTERVAL_5_SEC"
    assert "logConfig" not in updated(engine, logged, logConfig=None).outputs


def test_ranges_of_a_subnetwork_come_and_go(world):
    subnet, engine = world.network().made["subnet"], world.engine
    one, two = (
        {"rangeName": "pods", "ipCidrRange": "10.64.0.0/16"},
        {"rangeName": "more", "ipCidrRange": "10.65.0.0/16"},
    )
    both = updated(engine, subnet, secondaryIpRanges=[one, two])
    moved = updated(engine, both, secondaryIpRanges=[{**two, "rangeName": "pods"}])
    assert [each["rangeName"] for each in moved.outputs["secondaryIpRanges"]] == ["pods"]
    assert announced(engine, moved, secondaryIpRanges=None) == {}
    gone = updated(engine, moved, secondaryIpRanges=None, sendSecondaryIpRangeIfEmpty=True)
    assert gone.outputs["secondaryIpRanges"] == []


def test_firewalls(world):
    ssh, engine = world.network().edge().made["ssh"], world.engine
    after = updated(engine, ssh, sourceRanges=["10.0.0.0/9"], priority=900, description=None, disabled=True)
    assert (after.outputs["sourceRanges"], after.outputs["priority"]) == (["10.0.0.0/9"], 900)
    assert (
        announced(engine, after, direction="EGRESS", sourceRanges=None, destinationRanges=["10.0.0.0/8"]).items()
        >= {"direction": "UPDATE_REPLACE"}.items()
    )
    logged = updated(engine, after, logConfig={"metadata": "INCLUDE_ALL_METADATA"})
    assert logged.outputs["enableLogging"] is True


def test_the_order_of_ports_and_the_case_of_protocols_do_not_count(world):
    ssh, engine = world.network().edge().made["ssh"], world.engine
    assert announced(engine, ssh, allows=[{"protocol": "TCP", "ports": ["6443", "22"]}]) == {}
    assert announced(engine, ssh, network=world.made["net"].outputs["name"]) == {}
    assert announced(engine, ssh, network=world.made["net"].outputs["selfLink"]) == {}


def test_a_list_that_became_empty_stays_as_with_the_real_provider(world):
    ssh, engine = world.network().edge().made["ssh"], world.engine
    wanted = {key: value for key, value in given(ssh).items() if key != "targetTags"}
    after = engine.update(ssh, wanted)
    assert after.outputs["targetTags"] == ["node"]
    assert engine.read(after).inputs["targetTags"] == ["node"]


def test_a_nat_is_changed_beside_others_of_its_router(world):
    engine = world.network().edge().engine
    other = {"natIpAllocateOption": "AUTO_ONLY", "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS"}
    subnet = {"name": world.made["subnet"].id, "sourceIpRangesToNats": ["ALL_IP_RANGES"]}
    nat = updated(engine, world.made["nat"], minPortsPerVm=128, logConfig={"enable": True, "filter": "ERRORS_ONLY"})
    assert (nat.outputs["minPortsPerVm"], nat.outputs["logConfig"]["filter"]) == (128, "ERRORS_ONLY")
    assert replaces(engine, nat, router="elsewhere") == ["router"]
    with pytest.raises(Refused):
        # The first one already serves all subnetworks.
        engine.create(w.NAT, "second", {"router": nat.outputs["router"], **other, "subnetworks": [subnet]})
    with pytest.raises(Refused, match="Unable to create RouterNat, existing object already found"):
        engine.create(w.NAT, "third", {**world.nat_inputs(), "name": nat.outputs["name"]})


def test_labels_of_an_address(world, google):
    address, engine = world.network().edge().made["address"], world.engine
    assert address.outputs["effectiveLabels"] == w.LABELS | {"goog-pulumi-provisioned": "true"}
    after = updated(engine, address, labels={"a": "1"})
    assert after.outputs["effectiveLabels"] == {"a": "1", "goog-pulumi-provisioned": "true"}
    body = {"labels": {"others": "x"}, "labelFingerprint": after.outputs["labelFingerprint"]}
    place = {"project": w.PROJECT, "region": w.REGION, "resource": after.outputs["name"]}
    google("compute").addresses().setLabels(**place, body=body).execute()
    drifted = engine.read(after)
    assert drifted.inputs["labels"] == {"a": ""}
    assert drifted.outputs["effectiveLabels"] == {"others": "x"}
    # The state that was not refreshed has a fingerprint that is no longer right.
    with pytest.raises(Partial, match=r"googleapi: Error 412: .*, conditionNotMet"):
        engine.update(after, given(after) | {"labels": {"a": "2"}})
    mended = engine.update(drifted, given(drifted) | {"labels": {"a": "1"}})
    assert mended.outputs["effectiveLabels"] == {"others": "x", "a": "1"}


def test_accounts(world):
    node, engine = world.identity().made["node"], world.engine
    after = updated(engine, node, displayName="other", description="d", disabled=True)
    assert (after.outputs["displayName"], after.outputs["disabled"]) == ("other", True)
    assert updated(engine, after, disabled=None).outputs["disabled"] is False
    assert replaces(engine, node, accountId="other-account") == ["accountId"]
    with pytest.raises(Refused, match=r"Error creating service account: googleapi: Error 409: .*"):
        engine.create(w.ACCOUNT, "again", {"accountId": "node-account"})
    same = engine.create(w.ACCOUNT, "again", {"accountId": "node-account", "createIgnoreAlreadyExists": True})
    assert same.id == node.id


def test_secrets(world):
    secret, engine = world.identity().secrets().made["secret"], world.engine
    after = updated(engine, secret, labels={"a": "1"}, annotations={"note": "x"})
    assert after.outputs["effectiveLabels"] == {"a": "1", "goog-pulumi-provisioned": "true"}
    assert after.outputs["effectiveAnnotations"] == {"note": "x"}
    answer = engine.diff(
        secret, given(secret) | {"replication": {"userManaged": {"replicas": [{"location": w.REGION}]}}}
    )
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["replication"], True)
    version = updated(engine, world.made["version"], enabled=False)
    assert (version.outputs["enabled"], version.outputs["secretData"]) == (False, "hush")
    assert updated(engine, version, enabled=True).outputs["secretData"] == "hush"
    assert replaces(engine, version, secretData="other") == ["secretData"]
    assert announced(engine, version, secret="ca") == {}


def test_words_of_a_machine(world):
    machine, engine = world.network().edge().identity().machine().made["machine"], world.engine
    after = updated(engine, machine, labels={"a": "1"}, tags=["b", "a"], metadata={"user-data": "2", "x": "y"})
    assert after.outputs["effectiveLabels"] == {"a": "1", "goog-pulumi-provisioned": "true"}
    assert (after.outputs["metadata"], after.outputs["currentStatus"]) == ({"user-data": "2", "x": "y"}, "RUNNING")
    assert announced(engine, after, tags=["a", "b"]) == {}
    assert updated(engine, after, deletionProtection=True).outputs["deletionProtection"] is True


def test_a_public_address_comes_and_goes_without_a_stop(world):
    machine, engine = world.network().edge().identity().machine().made["machine"], world.engine
    nic = given(machine)["networkInterfaces"][0]
    access = [{"natIp": world.made["address"].outputs["address"], "networkTier": "PREMIUM"}]
    wanted = [{**nic, "accessConfigs": access}]
    assert set(announced(engine, machine, networkInterfaces=wanted).values()) == {"ADD"}
    public = updated(engine, machine, networkInterfaces=wanted, allowStoppingForUpdate=False)
    (found,) = public.outputs["networkInterfaces"][0]["accessConfigs"]
    assert found["natIp"] == access[0]["natIp"]
    private = updated(engine, public, networkInterfaces=[nic])
    assert private.outputs["networkInterfaces"][0]["accessConfigs"] == []
    assert private.outputs["instanceId"] == machine.outputs["instanceId"]


def test_some_changes_stop_a_machine_and_only_if_it_may_be_stopped(world):
    machine, engine = world.network().identity().machine().made["machine"], world.engine
    assert announced(engine, machine, machineType="n2d-standard-4") == {"machineType": "UPDATE"}
    strict = updated(engine, machine, allowStoppingForUpdate=None)
    with pytest.raises(Partial) as refused:
        engine.update(strict, given(strict) | {"machineType": "n2d-standard-4"})
    assert str(refused.value) == REFUSED_STOP
    assert refused.value.inputs["machineType"] == "n2d-standard-2"
    account = {"email": world.made["node"].outputs["email"], "scopes": ["logging-write"]}
    after = updated(
        engine,
        machine,
        machineType="n2d-standard-4",
        shieldedInstanceConfig={"enableSecureBoot": False},
        serviceAccount=account,
    )
    assert (after.outputs["machineType"], after.outputs["currentStatus"]) == ("n2d-standard-4", "RUNNING")
    assert after.outputs["serviceAccount"]["scopes"] == ["https://www.googleapis.com/auth/logging.write"]
    stopped = updated(engine, after, desiredStatus="TERMINATED")
    assert stopped.outputs["currentStatus"] == "TERMINATED"
    assert updated(engine, stopped, desiredStatus="RUNNING").outputs["currentStatus"] == "RUNNING"


def test_the_disk_of_a_machine_grows(world):
    machine, engine = world.network().identity().machine().made["machine"], world.engine
    disk = given(machine)["bootDisk"]
    grown = {
        **disk,
        "autoDelete": False,
        "initializeParams": {**disk["initializeParams"], "size": 30, "labels": {"a": "1"}},
    }
    after = updated(engine, machine, bootDisk=grown)
    params = after.outputs["bootDisk"]["initializeParams"]
    assert (params["size"], params["labels"], after.outputs["bootDisk"]["autoDelete"]) == (30, {"a": "1"}, False)


@pytest.mark.parametrize(
    ("change", "property_"),
    [
        ({"zone": "us-central1-b"}, "zone"),
        ({"hostname": "a.example"}, "hostname"),
        ({"scheduling": {"onHostMaintenance": "TERMINATE", "preemptible": True}}, "scheduling"),
    ],
)
def test_what_needs_a_new_machine(world, change, property_):
    machine = world.network().identity().machine().made["machine"]
    assert replaces(world.engine, machine, **change) == [property_]


def test_a_private_address_needs_a_new_machine_and_a_new_image_too(world):
    machine, engine = world.network().identity().machine().made["machine"], world.engine
    nic, disk = given(machine)["networkInterfaces"][0], given(machine)["bootDisk"]
    assert replaces(engine, machine, networkInterfaces=[{**nic, "networkIp": "10.0.1.11"}]) == ["networkInterfaces"]
    assert announced(engine, machine, networkInterfaces=[{k: v for k, v in nic.items() if k != "networkIp"}]) == {}
    exact = machine.outputs["bootDisk"]["initializeParams"]["image"]
    other = {**disk, "initializeParams": {**disk["initializeParams"], "image": "debian-cloud/debian-12"}}
    assert replaces(engine, machine, bootDisk=other) == ["bootDisk"]
    pinned = world.engine.create(w.INSTANCE, "b", _elsewhere(world, exact))
    loose = {**disk, "initializeParams": {**disk["initializeParams"], "image": w.FAMILY}}
    assert announced(engine, pinned, bootDisk=loose) == {}


def _elsewhere(world, image):
    inputs = world.instance_inputs()
    inputs["bootDisk"]["initializeParams"]["image"] = image
    inputs["networkInterfaces"][0]["networkIp"] = "10.0.1.12"
    return inputs


def test_ignored_changes_keep_a_machine(world):
    machine, engine = world.network().identity().machine().made["machine"], world.engine
    wanted = given(machine) | {"metadata": {"user-data": "other"}}
    assert list(engine.diff(machine, wanted, ['metadata["user-data"]']).diffs) == []
    assert list(engine.diff(machine, wanted).diffs) == ["metadata"]


def test_what_the_sandbox_cannot_change_is_refused_when_it_is_planned(world):
    machine = world.network().identity().machine().made["machine"]
    with pytest.raises(Refused, match=r"the sandbox does not simulate compute\.instances\.update, which changes 'desc"):
        world.engine.diff(machine, given(machine) | {"description": "other"})


def test_a_template_is_replaced(world):
    template, engine = world.network().identity().pool().made["template"], world.engine
    assert replaces(engine, template, metadata={"user-data": "other"}) == ["metadata"]
    assert replaces(engine, template, labels={"a": "1"}) == ["labels"]
    # A family stays a family: which image it is, is decided when a machine starts.
    assert template.outputs["disks"][0]["sourceImage"] == w.FAMILY
    disk = given(template)["disks"][0]
    assert announced(engine, template, disks=[{**disk, "sourceImage": "ubuntu-os-cloud/ubuntu-2404-lts-amd64"}]) == {}
    assert replaces(engine, template, disks=[{**disk, "sourceImage": "debian-cloud/debian-12"}]) == ["disks"]


def test_a_pool_grows_and_follows_a_new_template(world, google):
    engine = world.network().identity().pool().engine
    pool = updated(engine, world.made["pool"], targetSize=3)
    assert (pool.outputs["targetSize"], pool.outputs["statuses"][0]["isStable"]) == (3, True)
    second = engine.create(w.TEMPLATE, "second", world.template_inputs() | {"metadata": {"user-data": "2"}})
    version = [{"instanceTemplate": second.outputs["selfLinkUnique"]}]
    assert announced(engine, pool, versions=version) == {"versions[0].instanceTemplate": "UPDATE"}
    moved = updated(engine, pool, versions=version)
    # Opportunistic: what runs keeps its template.
    group = google("compute").instanceGroupManagers()
    place = {"project": w.PROJECT, "zone": w.ZONE, "instanceGroupManager": pool.outputs["name"]}
    held = group.listManagedInstances(**place).execute()["managedInstances"]
    assert {each["version"]["instanceTemplate"].rpartition("/")[2] for each in held} == {
        world.made["template"].outputs["name"]
    }
    smaller = updated(engine, moved, targetSize=1)
    assert len(group.listManagedInstances(**place).execute()["managedInstances"]) == 1
    assert replaces(engine, smaller, zone="us-central1-b", baseInstanceName="x") == ["baseInstanceName", "zone"]


def test_drift_is_seen_and_mended(world, google):
    world.network().edge().identity().machine()
    engine, compute = world.engine, google("compute")
    machine = world.made["machine"]
    place = {"project": w.PROJECT, "zone": w.ZONE, "instance": machine.outputs["name"]}
    body = {"items": ["node", "extra"], "fingerprint": machine.outputs["tagsFingerprint"]}
    operation = compute.instances().setTags(**place, body=body).execute()
    compute.zoneOperations().wait(project=w.PROJECT, zone=w.ZONE, operation=operation["name"]).execute()
    drifted = engine.read(machine)
    assert drifted.inputs["tags"] == ["node", "extra"]
    mended = updated(engine, drifted, tags=["node"])
    assert mended.outputs["tags"] == ["node"]
    access = {"type": "ONE_TO_ONE_NAT", "name": "others"}
    operation = compute.instances().addAccessConfig(**place, networkInterface="nic0", body=access).execute()
    compute.zoneOperations().wait(project=w.PROJECT, zone=w.ZONE, operation=operation["name"]).execute()
    drifted = engine.read(mended)
    assert len(drifted.inputs["networkInterfaces"][0]["accessConfigs"]) == 1
    clean = updated(engine, drifted, networkInterfaces=given(machine)["networkInterfaces"])
    assert clean.outputs["networkInterfaces"][0]["accessConfigs"] == []


def test_a_deletion_policy_keeps_an_object(world, cloud):
    net, engine = world.network().made["net"], world.engine
    engine.delete(world.made["subnet"])
    kept = updated(engine, net, deletionPolicy="PREVENT")
    text = 'cannot destroy ComputeNetwork without setting deletion_policy="DELETE" and running `terraform apply`'
    with pytest.raises(Refused) as refused:
        engine.delete(kept)
    assert str(refused.value) == text
    before = cloud.inventory()
    engine.delete(updated(engine, kept, deletionPolicy="ABANDON"))
    assert cloud.inventory() == before
