"""All five models on the reference platform: what they make, what they tell, and what they refuse in one line."""

import json

import pulumi
import pytest
import recorder

import confkube as ck
from confkube import facts
from confkube.attest.initdata import Initdata
from confkube.models import OUTPUTS

MEMORY = {"memory": {}}
ARCHIVE = {"url": "https://example.org/guest.img", "sha256": "0123456789abcdef" * 4}
CONTAINER = "registry.example.org/key-broker-service@sha256:" + "0123456789abcdef" * 4
EXTERNAL = {"external": {"endpoint": "trust.example.org:8080", "root_certificate": recorder.CERTIFICATE}}
TRUSTEE = {"server": {"container": CONTAINER}}

VALUE = {"name": "snp_launch_measurement", "values": ["ab" * 48], "expires": "2027-06-30T00:00:00Z"}

GOOD = {
    "cvm-nodes": {"tee": "snp"},
    "nested-nodes": {"tee": "snp", "allow": ["preview"], "children": {"image": ARCHIVE, "igvm": ARCHIVE}},
    "coco-nested": {"tee": "snp", "allow": ["preview"], "kata": ARCHIVE, "trust": TRUSTEE},
    "coco-peer-pods": {"tee": "snp", "pods": [{"image": {"id": "an-image"}}], "trust": TRUSTEE},
}
"""Arguments of each model beside the platform; no host exists on the reference platform for coco-metal."""


def up(model, **changes):
    asked = {"platform": MEMORY, **GOOD[model], **changes}
    return recorder.run(lambda: ck.model(model)("demo", asked).outputs)


def refused(model, **changes):
    seen = recorder.Recorder()
    with pytest.raises(pulumi.RunError) as refusal:
        recorder.run(lambda: ck.model(model)("demo", {"platform": MEMORY, **GOOD[model], **changes}), recorder=seen)
    assert seen.registered == []
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("model", GOOD)
def test_every_model_tells_the_same_first(model):
    _, told = up(model)
    assert tuple(told)[: len(OUTPUTS)] == OUTPUTS
    assert json.loads(told["kubeconfig"])["kind"] == "Config"
    assert told["attestation"]


@pytest.mark.parametrize("model", GOOD)
def test_an_external_trust_server_is_not_made(model):
    recorded, told = up(model, trust=EXTERNAL)
    assert "trust" not in told["machines"]
    assert not [each for each in recorded.registered if each.typ == "confkube:index:TrustServer"]


def test_hosts_are_single_machines_and_their_children_are_inside_their_boot_text():
    recorded, told = up("nested-nodes", hosts={"count": 2})
    assert sorted(told["machines"]) == ["control-plane", "hosts-1", "hosts-2", "trust"]
    first, second = (recorded.named(f"demo-hosts-{number}", "confkube:memory:Machine") for number in (1, 2))
    assert first["isolation"] == "nested"
    assert first["machine_type"] == "memory-host"
    assert recorder.plain(first["user_data"]) != recorder.plain(second["user_data"])


def test_peer_pods_get_their_tier_their_image_and_their_secret():
    disk = {"disk": "memory://pod.raw"}
    recorded, told = up("coco-peer-pods", pods=[{"image": disk}, {"image": {"id": "other"}, "tee": "tdx"}])
    assert told["pod_images"] == {"snp": "image-demo-pods-snp", "tdx": "other"}
    assert told["runtime_class"] == "kata-remote"
    assert "NOT bound" in told["attestation"]
    workers = recorded.named("demo-workers", "confkube:memory:Group")
    assert workers["isolation"] == "plain"
    openings = recorded.named("demo-network-pods", "confkube:memory:Firewall")["openings"]
    assert {(each["source"], each["protocol"], each["port"]) for each in openings} == {
        ("workers", "tcp", 15150),
        ("workers", "udp", 9000),
    }


def test_pods_start_with_initdata_that_names_their_trustee():
    _, told = up("coco-peer-pods", trust=EXTERNAL)
    made = Initdata.decode(told["initdata"])
    assert 'url = "https://trust.example.org:8080"' in made.data["aa.toml"]
    assert "PEM" not in made.data["policy.rego"]
    assert told["initdata_claim"] == ""  # bound to nothing on the reference platform


REFUSED = {
    "peer pods without pods": ("coco-peer-pods", {"pods": []}, "args.pods: [] is too short; give 1 or more"),
    "a pod image of both kinds": (
        "coco-peer-pods",
        {"pods": [{"image": {"id": "a", "disk": "b"}}]},
        "args.pods[0].image: give exactly one of id",
    ),
    "a pod image of no kind": ("coco-peer-pods", {"pods": [{"image": {}}]}, "args.pods[0].image: give exactly one of"),
    "two entries of one TEE": (
        "coco-peer-pods",
        {"pods": [{"image": {"id": "a"}}, {"image": {"id": "b"}, "tee": "snp"}]},
        "pods has two entries with snp",
    ),
    "a pod VM size without the TEE": (
        "coco-peer-pods",
        {"pods": [{"image": {"id": "a"}, "machine_types": ["memory-plain"]}]},
        "args.pods: memory instance type 'memory-plain' has no snp; choose one of",
    ),
    "a confidential pool beside peer pods": (
        "coco-peer-pods",
        {"pools": [{"name": "a", "tee": "snp"}]},
        "pool a: tee snp is given, but the workers of coco-peer-pods are plain machines",
    ),
    "children of another model": (
        "coco-peer-pods",
        {"children": {"image": ARCHIVE}},
        "args: unknown key 'children'; the keys are",
    ),
    "pods of another model": ("cvm-nodes", {"pods": []}, "args: unknown key 'pods'; the keys are"),
    "a Trustee whose image nobody pins": ("coco-nested", {"trust": {}}, "args.trust.server.container is required"),
    "a weakness without the demonstration": (
        "cvm-nodes",
        {"trust": {"kms_accepts": ["initdata not bound"]}},
        "args.trust: kms_accepts is for kms 'demo' alone",
    ),
    "an unknown weakness": (
        "cvm-nodes",
        {"trust": {"kms": "demo", "kms_accepts": ["anything"]}},
        "args.trust.kms_accepts[0]: 'anything' is not a known weakness; choose among",
    ),
    "a container for a SPIRE server": (
        "cvm-nodes",
        {"trust": TRUSTEE},
        "args.trust.server.container: cvm-nodes has a SPIRE server",
    ),
    "an image by tag": (
        "coco-peer-pods",
        {"trust": {"server": {"container": "registry.example.org/kbs:latest"}}},
        "args.trust.server.container: 'registry.example.org/kbs:latest' does not pin an image",
    ),
    "both trust placements": (
        "coco-nested",
        {"trust": {**EXTERNAL, **TRUSTEE}},
        "args.trust: external and server are both given; keep one of them",
    ),
    "a Trustee without CA": (
        "coco-nested",
        {"trust": {"external": {"endpoint": "a:8080"}}},
        "args.trust.external.root_certificate is required",
    ),
    "a demonstration on somebody else's server": (
        "coco-nested",
        {"trust": {**EXTERNAL, "kms": "demo"}},
        "args.trust: kms 'demo' runs on a trust server of the cluster's own",
    ),
    "preview without leave": (
        "coco-nested",
        {"allow": []},
        "memory snp child vm is preview: stands for child-capable hosts",
    ),
    "a confidential machine as host": (
        "nested-nodes",
        {"hosts": {"machine_type": "memory-4"}},
        "args.hosts: memory instance type 'memory-4' is a confidential machine itself and starts no children",
    ),
    "children without what they start from": (
        "nested-nodes",
        {"children": {"image": ARCHIVE}},
        "args.children.igvm is required",
    ),
    "an IGVM file for QEMU": (
        "nested-nodes",
        {"tee": None, "allow": ["unattested"]},
        "args.children.igvm: the hosts of memory start no IGVM files; take it away",
    ),
    "children that overlap": (
        "nested-nodes",
        {"children": {"image": ARCHIVE, "igvm": ARCHIVE, "cidr": "10.20.0.0/16"}},
        "args.children.cidr 10.20.0.0/16 overlaps args.addresses.cidr 10.20.0.0/16",
    ),
    "Kata that nobody brings": ("coco-nested", {"kata": None}, "args.kata is required: memory gets kata-cc from no"),
    "Kata twice": (
        "coco-nested",
        {"tee": None, "allow": ["unattested"]},
        "args.kata: on memory a chart brings Kata; take the archive away",
    ),
    "an archive without a digest": (
        "coco-nested",
        {"kata": {"url": "https://example.org/x", "sha256": "abc"}},
        "args.kata.sha256: 'abc' is not a sha256",
    ),
    "reference values for a SPIRE server": (
        "cvm-nodes",
        {"trust": {"server": {"reference_values": [VALUE]}}},
        "args.trust.server.reference_values: cvm-nodes has a SPIRE server, which has none; take it away",
    ),
    "a reference value without an end": (
        "coco-nested",
        {"trust": {"server": {"container": CONTAINER, "reference_values": [{**VALUE, "expires": "never"}]}}},
        "reference value snp_launch_measurement: 'never' is not a time; write 2027-06-30T00:00:00Z",
    ),
    "volumes where nothing carries them": (
        "nested-nodes",
        {"volumes": True},
        "volumes: nested-nodes on memory gets no driver: ",
    ),
    "a pin of what is pinned": (
        "cvm-nodes",
        {"pins": {"cilium": "0" * 64}},
        "'cilium' is not known",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_in_one_line_before_anything_is_registered(case):
    model, changes, sentence = REFUSED[case]
    assert sentence in refused(model, **changes)


@pytest.mark.parametrize("model", sorted(set(facts.models()) - set(GOOD)))
def test_a_model_without_a_cell_here_is_refused_with_the_reason(model):
    with pytest.raises(pulumi.RunError, match="memory has no snp vm on a bare-metal host: nothing exists here"):
        recorder.run(lambda: ck.model(model)("demo", {"platform": MEMORY, "tee": "snp"}).outputs)
