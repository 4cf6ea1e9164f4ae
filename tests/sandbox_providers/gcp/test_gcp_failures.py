"""What a failure says, what it leaves in the state, and what is tried again."""

from __future__ import annotations

import re

import gcp_resources as w
import pytest
from driver import Engine, Partial, Refused, Resource

from confkube_sandbox.daemon import client
from confkube_sandbox.home import SandboxHome
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import connection
from confkube_sandbox.providers.handler import Context


def _fault(method, kind="error", **more):
    return [{"service": "gcp", "operation": method, "kind": kind, **more}]


def test_a_refused_call_leaves_nothing(gcp, cloud):
    with pytest.raises(Refused) as refused:
        gcp.create(w.SUBNETWORK, "a", {"network": "nowhere", "ipCidrRange": "10.0.0.0/24"})
    assert not isinstance(refused.value, Partial)
    assert str(refused.value).startswith("Error creating Subnetwork: googleapi: Error 404: ")
    assert str(refused.value).endswith(", notFound")
    assert cloud.inventory() == []


def test_a_machine_for_which_there_is_no_room_was_not_made(world, cloud):
    world.network().identity()
    before = cloud.inventory()
    cloud.settings(capacity=[{"type": "n2d-standard-2", "zone": w.ZONE, "count": 0}])
    with pytest.raises(Refused) as refused:
        world.machine()
    assert not isinstance(refused.value, Partial)
    assert str(refused.value).startswith("Error waiting for instance to create: ")
    assert "does not have enough resources" in str(refused.value)
    assert cloud.inventory() == before
    cloud.settings(capacity=[])
    world.machine()


def test_a_pool_for_which_there_is_no_room_is_in_the_state_and_can_be_mended(world, cloud):
    engine = world.network().identity().engine
    world.make(w.TEMPLATE, "template", world.template_inputs())
    cloud.settings(capacity=[{"type": "n2d-standard-2", "zone": w.ZONE, "count": 0}])
    inputs = engine.check(w.GROUP, "pool", world.group_inputs())
    with pytest.raises(Partial) as partial:
        engine.create(w.GROUP, "pool", world.group_inputs(), timeout=30)
    assert "timeout while waiting for state to become 'created' (last state: 'creating')" in str(partial.value)
    assert partial.value.id.endswith(f"/instanceGroupManagers/{inputs['name']}")
    assert partial.value.inputs["targetSize"] == 2
    cloud.settings(capacity=[])
    known = Resource(w.GROUP, "pool", partial.value.id, inputs, partial.value.outputs)
    found = engine.read(known)
    mended = engine.update(found, world.group_inputs())
    assert mended.outputs["statuses"][0]["isStable"] is True
    engine.delete(mended)


def test_what_passes_is_tried_again(gcp, cloud):
    for status in (429, 500, 502, 503):
        cloud.settings(faults=_fault("compute.networks.insert", status=status, code="backendError", times=2))
        gcp.delete(gcp.create(w.NETWORK, f"n{status}", {"autoCreateSubnetworks": False}))
    text = "The resource 'projects/p/global/networks/n' is not ready"
    cloud.settings(faults=_fault("compute.networks.insert", status=400, code="resourceNotReady", message=text))
    gcp.create(w.NETWORK, "ready", {"autoCreateSubnetworks": False})
    cloud.settings(faults=_fault("secretmanager.projects.secrets.create", "throttle"))
    gcp.create(w.SECRET, "secret", {"replication": {"auto": {}}})


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"kind": "throttle"}, "googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded"),
        (
            {"status": 403, "code": "forbidden", "message": "Required 'compute.networks.create' permission"},
            "googleapi: Error 403: Required 'compute.networks.create' permission, forbidden",
        ),
        ({"status": 400, "code": "invalid", "message": "no"}, "googleapi: Error 400: no, invalid"),
    ],
)
def test_what_does_not_pass_is_said_at_once(gcp, cloud, fault, text):
    cloud.settings(faults=_fault("compute.networks.insert", **fault))
    with pytest.raises(Refused) as refused:
        gcp.create(w.NETWORK, "n", {})
    assert str(refused.value) == f"Error creating Network: {text}"
    gcp.create(w.NETWORK, "n", {"autoCreateSubnetworks": False})


def test_a_lost_answer_is_not_asked_for_again_and_leaves_an_object_behind(gcp, cloud):
    cloud.settings(faults=_fault("compute.networks.insert", "lost-response"))
    with pytest.raises(Refused) as refused:
        gcp.create(w.NETWORK, "n", {"autoCreateSubnetworks": False, "name": "lost"})
    assert str(refused.value).startswith('Error creating Network: Post "http://127.0.0.1:')
    assert str(refused.value).endswith('/compute/v1/projects/confkube-sandbox-0000/global/networks?alt=json": EOF')
    cloud.settings(faults=[])
    assert cloud.inventory() == ["confkube-sandbox-0000/network/global/lost"]
    with pytest.raises(Refused, match=r"Error 409: The resource '.*/networks/lost' already exists, alreadyExists"):
        gcp.create(w.NETWORK, "n", {"autoCreateSubnetworks": False, "name": "lost"})


def test_a_repeated_call_that_had_done_its_work_meets_its_own_object(gcp, cloud):
    fault = _fault("compute.networks.insert", "created-but-error", status=503, code="backendError")
    cloud.settings(faults=fault)
    with pytest.raises(Refused, match=r"Error 409: .*, alreadyExists"):
        gcp.create(w.NETWORK, "n", {"autoCreateSubnetworks": False})


def test_an_object_in_use_is_not_deleted(world):
    engine = world.network().engine
    with pytest.raises(
        Refused, match=r"Error when reading or editing Network: googleapi: Error 400: .*AnotherResource|"
    ):
        engine.delete(world.made["net"])
    assert engine.read(world.made["net"]) is not None


def test_a_protected_machine_is_not_deleted(world):
    engine = world.network().identity().engine
    known = engine.create(w.INSTANCE, "m", world.instance_inputs() | {"deletionProtection": True})
    with pytest.raises(Refused) as refused:
        engine.delete(known)
    assert str(refused.value).startswith(
        f"Cannot delete instance {known.outputs['name']}: instance Deletion Protection"
    )


def test_an_update_that_fails_half_way_keeps_the_state(world, cloud):
    engine = world.network().identity().machine().engine
    machine = world.made["machine"]
    fault = _fault("compute.instances.setTags", status=400, code="invalid", message="no")
    cloud.settings(faults=fault)
    wanted = world.instance_inputs() | {"tags": ["other"], "metadata": {"user-data": "2"}}
    with pytest.raises(Partial) as partial:
        engine.update(machine, wanted)
    assert str(partial.value) == "Error updating tags: googleapi: Error 400: no, invalid"
    assert partial.value.inputs == {k: v for k, v in machine.inputs.items() if k != "__defaults"}
    cloud.settings(faults=[])
    found = engine.read(machine)
    # What was done before the failure is there.
    assert (found.outputs["metadata"], found.outputs["tags"]) == ({"user-data": "2"}, ["node"])
    assert engine.update(found, wanted).outputs["tags"] == ["other"]


def test_a_value_that_is_not_base64_is_refused_without_it(world):
    secret = world.identity().secrets().made["secret"]
    inputs = {"secret": secret.id, "secretData": "so-secret!", "isSecretDataBase64": True}
    with pytest.raises(Refused) as refused:
        world.engine.create(w.VERSION, "v", inputs)
    assert "so-secret" not in str(refused.value)


@pytest.fixture
def nowhere(monkeypatch):
    """An environment that names no place."""
    for names in connection._ENVIRONMENT.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    connection._world.cache_clear()
    yield monkeypatch
    connection._world.cache_clear()


def _connected(home, config, inputs=None):
    return connection.connect(Context(home=home, config=config), inputs or {})


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("project", "project: required field is not set"),
        ("region", "Cannot determine region: set in this resource, or set provider-level 'region' or 'zone'."),
        ("zone", "Cannot determine zone: set in this resource, or set provider-level zone."),
    ],
)
def test_a_place_that_nobody_names(home, cloud, nowhere, place, text):
    with pytest.raises(CloudError, match=re.escape(text)):
        getattr(_connected(home, {}), place)


def test_who_names_the_place(home, cloud, nowhere):
    nowhere.setenv("GCLOUD_PROJECT", "from-environment")
    nowhere.setenv("CLOUDSDK_COMPUTE_ZONE", "europe-west4-b")
    found = _connected(home, {})
    assert (found.project, found.region, found.zone) == ("from-environment", "europe-west4", "europe-west4-b")
    nowhere.setenv("GOOGLE_PROJECT", "first-of-all")
    connection._world.cache_clear()
    assert _connected(home, {}).project == "first-of-all"
    config = {"project": "from-config", "region": "us-east1"}
    found = _connected(home, config)
    assert (found.project, found.region) == ("from-config", "us-east1")
    own = _connected(home, config, {"project": "own", "zone": "projects/own/zones/us-east4-c"})
    assert (own.project, own.region, own.zone) == ("own", "us-east4", "us-east4-c")


def test_another_project_is_refused_as_google_does(gcp):
    with pytest.raises(Refused, match=r"Error creating Network: googleapi: Error 40[34]: "):
        gcp.create(w.NETWORK, "n", {"project": "another-project"})


def test_a_setting_that_the_provider_does_not_know(home):
    started = Engine("gcp", home, {"regoin": w.REGION})
    try:
        with pytest.raises(Refused, match="`gcp:regoin` is not a valid configuration key for the gcp provider"):
            started.configure()
    finally:
        started.stop()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"goog-pulumi-provisioned": "true", "a": "b"}),
        ({"addPulumiAttributionLabel": "false"}, {"a": "b"}),
        ({"defaultLabels": '{"team":"x","a":"default"}'}, {"goog-pulumi-provisioned": "true", "team": "x", "a": "b"}),
    ],
)
def test_labels_of_the_provider(home, cloud, config, expected):
    started = Engine("gcp", home, {"project": w.PROJECT, "region": w.REGION, **config}).configure()
    try:
        known = started.create(w.ADDRESS, "a", {"labels": {"a": "b"}})
        assert known.outputs["effectiveLabels"] == expected
        assert known.outputs["pulumiLabels"] == expected
        assert known.outputs["labels"] == {"a": "b"}
    finally:
        assert started.stop() == 0


@pytest.mark.parametrize(
    ("token", "args", "text"),
    [
        ("gcp:compute/getImage:getImage", {}, "one of `family,filter,name` must be specified"),
        ("gcp:compute/getImage:getImage", {"family": "a", "name": "b"}, "only one of `family,filter,name` can be"),
        (
            "gcp:compute/getImage:getImage",
            {"family": "no-such-family", "project": "ubuntu-os-cloud"},
            "error retrieving image information: googleapi: Error 404: ",
        ),
        ("gcp:organizations/getProject:getProject", {"projectId": "another-project"}, "may not exist|Error 40"),
        ("gcp:organizations/getProject:getProject", {"projectId": "Bad_Project"}, "project_id must be 6 to 30"),
    ],
)
def test_looking_up_what_is_not_there(gcp, token, args, text):
    with pytest.raises(Refused, match=text):
        gcp.invoke(token, args)


def test_looking_up_images(gcp):
    by_family = gcp.invoke(
        "gcp:compute/getImage:getImage", {"family": "ubuntu-2404-lts-amd64", "project": "ubuntu-os-cloud"}
    )
    by_name = gcp.invoke("gcp:compute/getImage:getImage", {"name": by_family["name"], "project": "ubuntu-os-cloud"})
    assert by_name["selfLink"] == by_family["selfLink"]
    assert by_name["id"] == f"projects/ubuntu-os-cloud/global/images/{by_family['name']}"
    assert by_name["diskSizeGb"] > 0


def test_a_daemon_that_is_gone_is_said_to_be(home, tmp_path):
    other = SandboxHome(tmp_path / "other")
    running = client.ensure_running(other)
    started = Engine("gcp", other, {"project": w.PROJECT}).configure()
    try:
        running.stop()
        with pytest.raises(Refused, match=r'Error creating Network: Post "http://.*": .*Connection refused'):
            started.create(w.NETWORK, "a", {})
    finally:
        assert started.stop() == 0
