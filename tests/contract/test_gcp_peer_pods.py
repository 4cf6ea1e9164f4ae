"""What cloud-api-adaptor gets on Google Cloud, its images, and hosts of ordinary children."""

import re
from ipaddress import IPv4Network

import pulumi
import pytest
import recorder

from confkube.clouds.gcp import GcpPlatform
from confkube.clouds.gcp.adaptor_rights import condition
from confkube.errors import Refusal
from confkube.platform import (
    Cvm,
    Disk,
    Existing,
    Group,
    Image,
    ImageSpec,
    MachineSpec,
    Nested,
    NetworkSpec,
    Opening,
    PeerPodSpec,
    Plain,
    PodVms,
    Single,
    Tier,
)
from confkube.types import Tee

PROJECT, ZONE = "my-project", "us-central1-a"
LABELS = {
    "confkube-cluster": "demo-0a1b2c3d",
    "confkube-expires": "2026-12-01",
    "confkube-owner": "me",
    "confkube-proof": "0123456789abcdef0123456789abcdef",
    "confkube-stack": "demo",
}
ACCOUNT, KEY = "gcp:serviceaccount/account:Account", "gcp:serviceaccount/key:Key"
ROLE, MEMBER = "gcp:projects/iAMCustomRole:IAMCustomRole", "gcp:projects/iAMMember:IAMMember"
SUBNET_MEMBER = "gcp:compute/subnetworkIAMMember:SubnetworkIAMMember"
TAG_KEY, TAG_VALUE = "gcp:tags/tagKey:TagKey", "gcp:tags/tagValue:TagValue"
TAG_MEMBER = "gcp:tags/tagValueIamMember:TagValueIamMember"
IMAGE, FIREWALL = "gcp:compute/image:Image", "gcp:compute/firewall:Firewall"
INSTANCE, TEMPLATE = "gcp:compute/instance:Instance", "gcp:compute/instanceTemplate:InstanceTemplate"
OURS = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/images/podvm"
SNP = PodVms(
    tee=Tee.SNP,
    image=Image(image_id=OURS, root_device="unknown"),
    machine_types=("n2d-standard-2", "n2d-standard-4"),
)
MEMBER_NAME = "serviceAccount:machine@my-project.iam.gserviceaccount.com"


def platform():
    return GcpPlatform({"project": PROJECT, "zone": ZONE}, "args.platform.gcp")


def access(*pods):
    """Ask the platform for the access; returns the recorder, the access itself, and its plain values."""
    kept = []

    def program():
        found = platform().peer_pods(
            "demo-pods",
            PeerPodSpec(
                cluster_id=LABELS["confkube-cluster"],
                labels=LABELS,
                pod_vms=pods or (SNP,),
                disk_gib=20,
                network_id=f"projects/{PROJECT}/global/networks/net",
                subnet_id=f"projects/{PROJECT}/regions/us-central1/subnetworks/pods",
                firewall_id="10.20.192.0/19",
                token_key="-----BEGIN PUBLIC KEY-----",
                namespace="confidential-containers-system",
                service_accounts=("cloud-api-adaptor", "peerpodctrl-controller-manager"),
            ),
            pulumi.ResourceOptions(),
        )
        kept.append(found)
        return {"settings": pulumi.Output.all(**found.settings), "credentials": pulumi.Output.all(**found.credentials)}

    seen, values = recorder.run(program)
    return seen, kept[0], values


@pytest.fixture(scope="module")
def made():
    return access()


def test_the_settings_are_those_of_cloud_api_adaptor(made):
    _, found, values = made
    assert found.provider == "gcp"
    assert (found.charts, found.chart_values, found.issuer) == ((), {}, None)
    assert values["settings"] == {
        "DISABLECVM": "false",
        "GCP_CONFIDENTIAL_TYPE": "SEV_SNP",
        "GCP_DISK_TYPE": "pd-balanced",
        "GCP_INSTANCE_TYPES": "n2d-standard-2,n2d-standard-4",
        "GCP_MACHINE_TYPE": "n2d-standard-2",
        "GCP_NETWORK": "projects/my-project/global/networks/net",
        "GCP_PROJECT_ID": "my-project",
        "GCP_SUBNETWORK": "projects/my-project/regions/us-central1/subnetworks/pods",
        "GCP_ZONE": "us-central1-a",
        "PODVM_IMAGE_NAME": "projects/my-project/global/images/podvm",
        "ROOT_VOLUME_SIZE": "20",
        "TAGS": "confkube-cluster-demo-0a1b2c3d=demo-0a1b2c3d,"
        "confkube-proof-demo-0a1b2c3d=0123456789abcdef0123456789abcdef",
        "USE_PUBLIC_IP": "false",
        "VXLAN_PORT": "9000",
    }


def test_tdx_is_asked_for_by_its_name():
    _, _, values = access(PodVms(tee=Tee.TDX, image=SNP.image, machine_types=("c3-standard-4",)))
    assert values["settings"]["GCP_CONFIDENTIAL_TYPE"] == "TDX"
    assert values["settings"]["GCP_DISK_TYPE"] == "pd-balanced"


def test_the_key_is_a_secret_and_nowhere_else(made):
    seen, found, values = made
    assert values["credentials"] == {"GCP_CREDENTIALS": '{"type": "service_account"}'}
    assert 'service_account"' not in str([values["settings"], [each.inputs for each in seen.registered]])
    secret = found.credentials["GCP_CREDENTIALS"]
    assert recorder.run(lambda: {"hidden": pulumi.Output.from_input(secret.is_secret())})[1] == {"hidden": True}


def test_the_roles_have_only_what_the_code_calls(made):
    roles = {each.name: each.inputs for each in made[0].of_type(ROLE)}
    assert roles["demo-pods-pod-vms"]["permissions"] == [
        "compute.disks.create",
        "compute.images.get",
        "compute.images.useReadOnly",
        "compute.instances.create",
        "compute.instances.delete",
        "compute.instances.get",
        "compute.instances.setMetadata",
        "compute.subnetworks.use",
    ]
    assert roles["demo-pods-lookups"]["permissions"] == [
        "compute.instances.createTagBinding",
        "compute.machineTypes.get",
        "compute.zoneOperations.get",
        "resourcemanager.tagKeys.list",
        "resourcemanager.tagValues.list",
    ]
    for each in roles.values():
        assert re.fullmatch(r"[a-zA-Z0-9_.]{3,64}", each["roleId"])
        assert each["roleId"].endswith("_demo_0a1b2c3d"), "a deleted role's id is not free for weeks"
        assert each["description"].startswith("confkube-cluster=demo-0a1b2c3d confkube-proof=")


def test_the_id_of_a_role_fits_the_longest_cluster():
    longest = "c" * 30 + "-0a1b2c3d"
    assert len(f"confkube_pod_vms_{longest}") <= 64


def test_the_rights_are_bound_by_name_to_the_subnet_and_to_the_tags(made):
    seen = made[0]
    named = seen.named("demo-pods-pod-vms", MEMBER)
    assert named["condition"]["expression"] == condition(PROJECT, ZONE, f"projects/{PROJECT}/global/images/podvm")
    (subnet,) = [each.inputs for each in seen.of_type(SUBNET_MEMBER)]
    assert subnet["subnetwork"].endswith("/subnetworks/pods")
    assert subnet["role"] == named["role"]
    unbound = [each for each in seen.of_type(MEMBER) if "condition" not in each.inputs]
    assert [each.name for each in unbound] == ["demo-pods-lookups"]
    users = [each.inputs for each in seen.of_type(TAG_MEMBER)]
    assert {each["role"] for each in users} == {"roles/resourcemanager.tagUser"}
    assert {each["tagValue"] for each in users} == {"demo-pods-cluster_id", "demo-pods-proof_id"}
    members = [each.inputs["member"] for each in seen.registered if "member" in each.inputs]
    assert set(members) == {MEMBER_NAME}
    assert not [each for each in seen.registered if str(each.inputs.get("role", "")).startswith("roles/compute")]


ALLOWED = {
    ("Instance", "projects/my-project/zones/us-central1-a/instances/podvm-web-0a1b2c3d"),
    ("Disk", "projects/my-project/zones/us-central1-a/disks/podvm-web-0a1b2c3d"),
    ("Image", "projects/my-project/global/images/podvm"),
}
DENIED = {
    ("Instance", "projects/my-project/zones/us-central1-a/instances/demo-control-plane-0a1b2c3"),
    ("Instance", "projects/my-project/zones/us-central1-b/instances/podvm-web-0a1b2c3d"),
    ("Instance", "projects/other-project/zones/us-central1-a/instances/podvm-web-0a1b2c3d"),
    ("Disk", "projects/my-project/zones/us-central1-a/disks/demo-trust-0a1b2c3"),
    ("Image", "projects/my-project/global/images/podvm-other"),
    ("Image", "projects/my-project/zones/us-central1-a/instances/podvm-web-0a1b2c3d"),
    ("", ""),
}
"""The last is a subnetwork, of which a condition learns neither the type nor the name."""


def holds(expression, kind, name):
    """What the condition says; the three forms in it mean the same in Python once the words are exchanged."""
    words = {"&&": "and", "||": "or", "resource.type": "kind", "resource.name": "name", "startsWith": "startswith"}
    for theirs, ours in words.items():
        expression = expression.replace(theirs, ours)
    told = f"compute.googleapis.com/{kind}" if kind else ""
    return eval(expression, {"__builtins__": {}}, {"kind": told, "name": name})


@pytest.mark.parametrize(("kind", "name"), sorted(ALLOWED))
def test_the_condition_holds_for_pod_vms_and_their_image(kind, name):
    assert holds(condition(PROJECT, ZONE, f"projects/{PROJECT}/global/images/podvm"), kind, name)


@pytest.mark.parametrize(("kind", "name"), sorted(DENIED))
def test_the_condition_does_not_hold_for_anything_else(kind, name):
    assert not holds(condition(PROJECT, ZONE, f"projects/{PROJECT}/global/images/podvm"), kind, name)


def test_tags_exist_before_and_name_the_cluster(made):
    keys = {each.name: each.inputs for each in made[0].of_type(TAG_KEY)}
    assert {each["shortName"] for each in keys.values()} == {
        "confkube-cluster-demo-0a1b2c3d",
        "confkube-proof-demo-0a1b2c3d",
    }
    assert {each["parent"] for each in keys.values()} == {"projects/my-project"}
    values = {each.name: each.inputs for each in made[0].of_type(TAG_VALUE)}
    assert values["demo-pods-cluster"]["shortName"] == LABELS["confkube-cluster"]
    assert values["demo-pods-proof"]["shortName"] == LABELS["confkube-proof"]
    assert values["demo-pods-proof"]["parent"] == "demo-pods-proof_id"
    for each in keys.values():
        assert len(each["description"]) <= 256


def test_what_must_go_last_is_named(made):
    kinds = {each.pulumi_resource_type for each in made[1].ready}
    assert kinds == {ACCOUNT, KEY, TAG_VALUE, TAG_MEMBER, MEMBER, SUBNET_MEMBER}
    assert made[0].called == []


@pytest.mark.parametrize(
    ("pods", "text"),
    [
        ((SNP, SNP), "gcp starts pod VMs with one TEE, not 2"),
        (
            (
                PodVms(
                    tee=Tee.SNP,
                    image=Image(image_id="projects/other/global/images/podvm", root_device="x"),
                    machine_types=("n2d-standard-2",),
                ),
            ),
            "image podvm belongs to project other, where cloud-api-adaptor's identity may read nothing",
        ),
        (
            (PodVms(tee=Tee.TDX, image=SNP.image, machine_types=("c4-standard-2",)),),
            "pod VM type 'c4-standard-2' needs a processor by name and hyperdisk-balanced",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(pods, text):
    with pytest.raises(Exception, match=text) as refused:
        access(*pods)
    assert "\n" not in str(refused.value)


# -- images ------------------------------------------------------------------------------------------------------------


def image(content, isolation=None, seen=None):
    spec = ImageSpec(content=content, isolation=isolation or Cvm(tee=Tee.SNP), labels=LABELS)
    kept = []

    def program():
        kept.append(platform().image("demo-pods-snp", spec, pulumi.ResourceOptions()))
        return {"id": kept[0].image_id}

    found, values = recorder.run(program, recorder=seen)
    return found, values["id"], kept[0]


@pytest.mark.parametrize(("tee", "feature"), [(Tee.SNP, "SEV_SNP_CAPABLE"), (Tee.TDX, "TDX_CAPABLE")])
def test_a_disk_becomes_an_image_with_what_its_tee_needs(tee, feature):
    seen, _, found = image(Disk(address="gs://bucket/folder/podvm.tar.gz"), Cvm(tee=tee))
    made = seen.named("demo-pods-snp", IMAGE)
    assert made["rawDisk"] == {"source": "https://storage.googleapis.com/bucket/folder/podvm.tar.gz"}
    assert [each["type"] for each in made["guestOsFeatures"]] == ["UEFI_COMPATIBLE", "GVNIC", feature]
    assert made["labels"] == LABELS
    assert made["storageLocations"] == ["us-central1"]
    assert found.resource is not None


@pytest.mark.parametrize(
    "address", ["s3://bucket/podvm.tar.gz", "gs://bucket/podvm.raw", "gs://podvm.tar.gz", "gs://B/podvm.tar.gz", ""]
)
def test_another_address_of_a_disk_is_refused(address):
    text = re.escape(f"demo-pods-snp: {address!r} is no disk image on gcp; give gs://<bucket>/<name>.tar.gz")
    with pytest.raises(Exception, match=text):
        image(Disk(address=address))


def test_an_image_that_exists_is_looked_up_and_its_features_are_read():
    seen, link, found = image(Existing(image_id="projects/my-project/global/images/podvm"))
    assert link == OURS
    assert [token for token, _ in seen.called] == ["gcp:compute/getImage:getImage"]
    (read,) = seen.of_type(IMAGE)
    assert read.resource_id == "projects/my-project/global/images/podvm"
    assert found.resource is None


def test_an_image_without_the_features_is_refused(monkeypatch):
    without = {"guestOsFeatures": [{"type": "UEFI_COMPATIBLE"}, {"type": "GVNIC"}]}
    monkeypatch.setitem(recorder.MADE, IMAGE, without)
    text = "lacks the guest OS features SEV_SNP_CAPABLE; it has GVNIC, UEFI_COMPATIBLE"
    with pytest.raises(Exception, match=text):
        image(Existing(image_id="projects/my-project/global/images/podvm"))
    image(Existing(image_id="projects/my-project/global/images/podvm"), Plain())


@pytest.mark.parametrize(
    "address", ["podvm", "projects/my-project/global/images/family/podvm", "ami-00000000000000001", ""]
)
def test_what_is_no_address_of_an_image_is_refused(address):
    seen = recorder.Recorder()
    text = "is no image of gcp; give projects/<project>/global/images/<name>"
    with pytest.raises(Exception, match=re.escape(text)):
        image(Existing(image_id=address), seen=seen)
    assert (seen.called, seen.registered) == ([], [])


def test_a_published_image_without_an_attester_is_refused_where_a_tee_is_wanted():
    published = Existing(image_id="projects/my-project/global/images/podvm-generic-ubuntu-amd64-v0-22-0")
    with pytest.raises(Exception, match="cannot carry confidential pods"):
        image(published)
    image(published, Plain())


def test_an_image_that_is_not_ready_is_refused():
    with pytest.raises(Exception, match="is failed, not ready"):
        image(
            Existing(image_id="projects/my-project/global/images/podvm"), seen=recorder.Recorder(image_status="FAILED")
        )


# -- machines and networks ---------------------------------------------------------------------------------------------


def machines(isolation, machine_type, scale):
    spec = MachineSpec(
        isolation=isolation,
        scale=scale,
        image=Image(image_id="projects/ubuntu-os-cloud/global/images/x", root_device="unknown"),
        machine_type=machine_type,
        disk_gib=50,
        subnet_id="subnet",
        firewall_id="demo-workers",
        user_data="#cloud-config\n",
        labels=LABELS,
    )
    seen, _ = recorder.run(lambda: {"id": platform().machines("demo-workers", spec, pulumi.ResourceOptions()).group_id})
    return seen


@pytest.mark.parametrize("scale", [Group(count=2), Single(private_ip=next(IPv4Network("10.20.0.0/24").hosts()))])
def test_a_host_of_ordinary_children_gets_what_intel_has(scale):
    seen = machines(Nested(tee=None), "n2-standard-8", scale)
    (made,) = [*seen.of_type(INSTANCE), *seen.of_type(TEMPLATE)]
    assert made.inputs["advancedMachineFeatures"] == {"enableNestedVirtualization": True}
    assert "confidentialInstanceConfig" not in made.inputs
    assert "minCpuPlatform" not in made.inputs


def test_a_plain_pool_asks_for_neither():
    seen = machines(Plain(), "e2-standard-8", Group(count=3))
    made = seen.named("demo-workers", TEMPLATE)
    assert "advancedMachineFeatures" not in made
    assert "confidentialInstanceConfig" not in made


@pytest.mark.parametrize(
    ("isolation", "kind", "text"),
    [
        (Nested(tee=None), "n2d-standard-4", "'n2d-standard-4' starts no children; choose one of n2-standard"),
        (Nested(tee=None), "e2-standard-8", "'e2-standard-8' starts no children"),
        (Nested(tee=Tee.SNP), "n2-standard-8", "nested virtualization on gcp is Intel VT-x only"),
        (Nested(tee=Tee.TDX), "c3-standard-4", "no source tells that a vm on gcp can start TDX children"),
    ],
)
def test_hosts_that_there_are_not_are_refused_with_the_reason(isolation, kind, text):
    with pytest.raises(Exception, match=text):
        machines(isolation, kind, Group(count=1))


def test_openings_into_a_tier_of_foreign_machines_go_by_their_addresses():
    tiers = (
        Tier(name="workers", cidr=IPv4Network("10.20.0.0/17")),
        Tier(name="pods", cidr=IPv4Network("10.20.192.0/19"), foreign=True),
    )
    openings = (
        Opening(name="agent", tier="pods", source="workers", protocol="tcp", port=15150, why="a"),
        Opening(name="tunnel", tier="pods", source="workers", protocol="udp", port=9000, why="b"),
        Opening(name="back", tier="workers", source="pods", protocol="udp", port=9000, why="b"),
    )
    spec = NetworkSpec(cidr=IPv4Network("10.20.0.0/16"), tiers=tiers, openings=openings, labels=LABELS)
    kept = []

    def program():
        kept.append(platform().network("demo-network", spec, pulumi.ResourceOptions()))
        return {"pods": kept[0].firewall_ids["pods"], "workers": kept[0].firewall_ids["workers"]}

    seen, values = recorder.run(program)
    assert values == {"pods": "10.20.192.0/19", "workers": "demo-network-workers"}
    into = seen.named("demo-network-pods-from-workers", FIREWALL)
    assert into["destinationRanges"] == ["10.20.192.0/19"]
    assert into["sourceRanges"] == ["10.20.0.0/17"]
    assert "targetTags" not in into
    assert sorted(each["ports"][0] for each in into["allows"]) == ["15150", "9000"]
    back = seen.named("demo-network-workers-from-pods", FIREWALL)
    assert back["targetTags"] == ["demo-network-workers"]
    assert "destinationRanges" not in back


def test_a_refusal_is_one_line_for_the_user():
    with pytest.raises(Refusal):
        GcpPlatform({"project": PROJECT, "zone": "nowhere"}, "args.platform.gcp")
