"""What cloud-api-adaptor's rights, tags and images are made of: changes, what others did meanwhile, and refusals."""

from __future__ import annotations

import base64
import json
import time

import gcp_resources as w
import pytest
from driver import Refused

PARENT = f"projects/{w.PROJECT}"


def test_a_key_is_told_once_and_works_as_credentials(world, google):
    key = world.network().identity().rights().made["key"]
    told = json.loads(base64.b64decode(key.outputs["privateKey"]))
    assert told["type"] == "service_account"
    assert told["client_email"] == world.made["node"].outputs["email"]
    assert told["private_key"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert key.id.endswith(told["private_key_id"])
    assert b"BEGIN CERTIFICATE" in base64.b64decode(key.outputs["publicKey"])
    held = google("iam").projects().serviceAccounts().keys().get(name=key.id).execute()
    assert "privateKeyData" not in held
    assert world.engine.read(key).outputs["privateKey"] == key.outputs["privateKey"]


def test_a_key_that_others_deleted_is_gone(world, google):
    key = world.network().identity().rights().made["key"]
    google("iam").projects().serviceAccounts().keys().delete(name=key.id).execute()
    assert world.engine.read(key) is None
    world.engine.delete(key)


def test_a_role_is_changed_in_place_and_brought_back_from_deletion(world, google):
    role = world.network().identity().rights().made["role"]
    changed = {**world.role_inputs(), "permissions": ["compute.instances.get"], "title": "other"}
    updated = world.engine.update(role, changed)
    assert updated.outputs["permissions"] == ["compute.instances.get"]
    for name in ("subnet-user", "named", "role"):
        world.engine.delete(world.made.pop(name))
    assert google("iam").projects().roles().get(name=role.id).execute()["deleted"] is True
    again = world.engine.create(w.ROLE, "role", world.role_inputs())
    assert again.outputs["deleted"] is False
    assert again.outputs["title"] == "pod VMs"
    with pytest.raises(Refused, match=f"Custom project role {role.id} already exists and must be imported"):
        world.engine.create(w.ROLE, "twin", world.role_inputs())


def test_a_role_without_a_permission_of_its_kind_is_refused(world):
    wrong = {**world.role_inputs(), "permissions": ["compute.instances.insert"]}
    text = (
        "Error creating the custom project role projects/confkube-sandbox-0000/roles/pod_vms: googleapi: Error 400: "
        "Permission compute.instances.insert is not valid., badRequest"
    )
    with pytest.raises(Refused, match=text):
        world.engine.create(w.ROLE, "role", wrong)


def test_members_of_a_project_keep_each_other_and_have_conditions(world, google):
    world.network().identity().rights()
    plain = {key: each for key, each in world.member_inputs().items() if key != "condition"}
    other = world.engine.create(w.PROJECT_MEMBER, "other", {**plain, "role": "roles/compute.viewer"})
    projects = google("cloudresourcemanager").projects()
    policy = projects.getIamPolicy(resource=w.PROJECT, body={"options": {"requestedPolicyVersion": 3}}).execute()
    roles = {each["role"]: each.get("condition", {}).get("title") for each in policy["bindings"]}
    assert roles == {"roles/owner": None, world.made["role"].outputs["name"]: "pod VMs", "roles/compute.viewer": None}
    world.engine.delete(other)
    assert world.engine.read(world.made["named"]) is not None


def test_a_member_with_a_condition_that_nobody_can_read_is_refused(world):
    world.network().identity().rights()
    wrong = {**world.member_inputs(), "condition": {"title": "x", "expression": "resource.name.startsWith("}}
    with pytest.raises(Refused, match=r"Request `Create IAM Members .*` returned error: Error applying IAM policy"):
        world.engine.create(w.PROJECT_MEMBER, "wrong", wrong)


def test_a_changed_condition_replaces_and_deletes_first(world):
    named = world.network().identity().rights().made["named"]
    found = world.engine.diff(named, {**world.member_inputs(), "condition": {"title": "y", "expression": "true"}})
    assert found.replaces
    assert found.deleteBeforeReplace


def test_a_tag_key_in_a_project_by_its_id_is_no_change_for_one_by_its_number(world):
    key = world.identity().tags().made["tag-key"]
    assert key.outputs["parent"] == "projects/000000000001"
    assert key.outputs["namespacedName"] == f"{w.PROJECT}/confkube-cluster-c1"
    assert not world.engine.diff(key, {**key.inputs, "parent": f"projects/{w.PROJECT}"}).diffs
    changed = world.engine.update(world.made["tag-value"], {**world.made["tag-value"].inputs, "description": "d"})
    assert changed.outputs["description"] == "d"


def test_tags_are_unique_and_go_in_order(world):
    world.identity().tags()
    again = {"parent": f"projects/{w.PROJECT}", "shortName": "confkube-cluster-c1"}
    text = "Error waiting to create TagKey: Error waiting for Creating TagKey: Error code 6, message: .*already exists"
    with pytest.raises(Refused, match=text):
        world.engine.create(w.TAG_KEY, "twin", again)
    with pytest.raises(Refused, match=r"Error waiting for Deleting TagKey: Error code 9, message: .*child TagValues"):
        world.engine.delete(world.made["tag-key"])


def test_a_tag_that_a_machine_has_is_not_deleted_and_goes_a_while_after_it(world, google):
    """As cloud-api-adaptor binds it: at the zone's own address, by the machine's number."""
    world.network().identity().machine().tags()
    machine, value = world.made["machine"], world.made["tag-value"]
    number = google("compute").instances().get(project=w.PROJECT, zone=w.ZONE, instance=machine.outputs["name"])
    resource = f"//compute.googleapis.com/projects/{w.PROJECT}/zones/{w.ZONE}/instances/{number.execute()['id']}"
    bindings = google("tags", w.ZONE).tagBindings()
    bindings.create(body={"parent": resource, "tagValue": value.id}).execute()
    (tag,) = google("tags", w.ZONE).effectiveTags().list(parent=resource).execute()["effectiveTags"]
    assert tag["namespacedTagValue"] == f"{w.PROJECT}/confkube-cluster-c1/c1"
    world.engine.delete(world.made.pop("tag-user"))
    with pytest.raises(Refused, match="because it is still attached to resources in 'us-central1-a' region"):
        world.engine.delete(value)
    world.engine.delete(world.made.pop("machine"))
    _repeat(lambda: world.engine.delete(value), "active or deleted resource")
    world.engine.delete(world.made["tag-key"])


def _repeat(act, refusal):
    """Do again what is refused for a while, as a user repeats ``pulumi destroy``."""
    for _ in range(100):
        try:
            return act()
        except Refused as refused:
            assert refusal in str(refused)
        time.sleep(0.05)
    raise AssertionError(refusal)


def test_an_image_is_made_labelled_and_read_with_its_features(world, google):
    image = world.pod_image().made["podvm"]
    assert {each["type"] for each in image.outputs["guestOsFeatures"]} == {
        "UEFI_COMPATIBLE",
        "GVNIC",
        "SEV_SNP_CAPABLE",
    }
    updated = world.engine.update(image, {**world.image_inputs(), "name": image.inputs["name"], "labels": {"a": "b"}})
    assert (
        google("compute").images().get(project=w.PROJECT, image=image.outputs["name"]).execute()["labels"]["a"] == "b"
    )
    assert not world.engine.diff(updated, updated.inputs).diffs


def test_an_image_of_another_project_can_be_read(gcp):
    from driver import Resource

    id_ = "projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20260906"
    found = gcp.read(Resource(w.IMAGE, "public", id_))
    assert found.outputs["project"] == "ubuntu-os-cloud"
    assert "TDX_CAPABLE" in {each["type"] for each in found.outputs["guestOsFeatures"]}


def test_an_image_for_a_tee_without_uefi_is_refused(world):
    wrong = {**world.image_inputs(), "guestOsFeatures": [{"type": "SEV_SNP_CAPABLE"}]}
    with pytest.raises(Refused, match=r"Error creating Image: googleapi: Error 400: .*requires UEFI_COMPATIBLE"):
        world.engine.create(w.IMAGE, "podvm", wrong)


def test_a_rule_for_what_comes_in_names_where_it_goes(world, google):
    given = {**world.network().firewall_inputs(), "destinationRanges": ["10.0.1.0/24"]}
    del given["targetTags"]
    rule = world.make(w.FIREWALL, "to-pods", given)
    assert rule.outputs["destinationRanges"] == ["10.0.1.0/24"]
    changed = world.engine.update(rule, {**rule.inputs, "destinationRanges": ["10.0.1.0/25"]})
    assert changed.outputs["destinationRanges"] == ["10.0.1.0/25"]


def test_a_host_of_ordinary_children_and_its_template_are_made_on_intel(world):
    world.network().identity()
    nested = {
        "machineType": "n2-standard-4",
        "advancedMachineFeatures": {"enableNestedVirtualization": True},
        "minCpuPlatform": None,
        "confidentialInstanceConfig": None,
        "scheduling": None,
    }

    def plain(inputs):
        return {key: each for key, each in {**inputs, **nested}.items() if each is not None}

    host = world.make(w.INSTANCE, "host", plain(world.instance_inputs()))
    assert host.outputs["advancedMachineFeatures"]["enableNestedVirtualization"] is True
    template = world.make(w.TEMPLATE, "hosts", plain(world.template_inputs()))
    assert template.outputs["advancedMachineFeatures"]["enableNestedVirtualization"] is True
    for known in (host, template):
        assert not world.engine.diff(known, known.inputs).diffs
        assert world.engine.read(known).outputs == known.outputs
