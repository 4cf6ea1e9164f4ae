"""What the further models refuse on real clouds, in one line and before anything is registered."""

import re

import cells
import pulumi
import pytest
import recorder

import confkube as ck

BLOCKS = {**cells.BLOCKS, "azure": {**cells.BLOCKS["azure"], "location": "westeurope"}}


def tier(word, cidr):
    return {"subnet_id": f"subnet-{word}", "firewall_id": f"firewall-{word}", "cidr": cidr}


NETWORK = {
    "network_id": "n",
    "control_plane": tier("control-plane", "10.40.16.0/20"),
    "workers": tier("workers", "10.40.32.0/20"),
    "trust": tier("trust", "10.40.48.0/20"),
}
PODS = {**NETWORK, "pods": tier("pods", "10.40.64.0/20")}
HOSTS = {**NETWORK, "hosts": tier("hosts", "10.40.64.0/27")}
AMI = "ami-0123456789abcdef0"
KATA = {"url": "https://example.org/kata.tar.gz", "sha256": "0123456789abcdef" * 4}
PUBLISHED = "/CommunityGalleries/cococommunity-42d8482d-92cd-415b-b332-7648bd978eff/Images/peerpod-podvm-ubuntu-debug"

CASES = {
    "TDX pod VMs on a cloud without TDX": (
        "coco-peer-pods",
        "aws",
        {"tee": "tdx"},
        "aws has no tdx pod vm: aws offers no",
    ),
    "a pod VM size without the TEE": (
        "coco-peer-pods",
        "aws",
        {"tee": "snp", "pods": [{"image": {"id": AMI}, "machine_types": ["m7i.large"]}]},
        "args.pods: aws instance type 'm7i.large' has no snp; choose one of",
    ),
    "two TEEs where one adaptor has one": (
        "coco-peer-pods",
        "gcp",
        {
            "tee": "snp",
            "pods": [
                {"image": {"id": "projects/p/global/images/a"}},
                {"image": {"id": "projects/p/global/images/b"}, "tee": "tdx"},
            ],
        },
        "args.pods: snp, tdx are given, but one cloud-api-adaptor knows a single TEE on gcp",
    ),
    "preview that nobody allowed": ("coco-peer-pods", "aws", {"tee": "snp", "allow": []}, "aws snp pod vm is preview"),
    "unproven that nobody allowed": ("coco-peer-pods", "gcp", {"tee": "snp", "allow": ["preview"]}, "is unproven"),
    "a confidential VM as host": (
        "coco-nested",
        "azure",
        {"tee": "snp", "kata": KATA, "pools": [{"name": "a", "machine_type": "Standard_DC8as_v5"}]},
        "'Standard_DC8as_v5' is a confidential machine itself and starts no children; the tested child-capable one is",
    ),
    "a retired host that only preview is allowed for": (
        "coco-nested",
        "azure",
        {
            "tee": "snp",
            "allow": ["preview"],
            "kata": KATA,
            "pools": [{"name": "a", "machine_type": "Standard_DC8as_cc_v5"}],
        },
        "pool a: azure instance type 'Standard_DC8as_cc_v5' is retired since 2026-09-01",
    ),
    "hosts that start no children": (
        "nested-nodes",
        "aws",
        {"hosts": {"machine_type": "m6a.2xlarge"}},
        "args.hosts: aws instance type 'm6a.2xlarge' starts no children; choose one of",
    ),
    "children without leave": ("nested-nodes", "gcp", {"allow": []}, "gcp plain child vm is unattested"),
    "an archive where a chart brings Kata": (
        "coco-nested",
        "gcp",
        {"kata": KATA},
        "args.kata: on gcp a chart brings Kata",
    ),
    "no archive where no chart brings Kata": (
        "coco-nested",
        "azure",
        {"tee": "snp"},
        "args.kata is required: azure gets",
    ),
    "a network without a tier for pods": (
        "coco-peer-pods",
        "aws",
        {"tee": "snp", "network": NETWORK},
        "args.network.pods is required: coco-peer-pods has machines of its own there",
    ),
    "a network with a tier for nobody": (
        "cvm-nodes",
        "aws",
        {"tee": "snp", "network": PODS},
        "args.network.pods: this cvm-nodes cluster has nothing to put there",
    ),
    "two tiers in one range": (
        "cvm-nodes",
        "aws",
        {"tee": "snp", "network": {**NETWORK, "trust": tier("trust", "10.40.32.0/24")}},
        "args.network: workers 10.40.32.0/20 overlaps trust 10.40.32.0/24",
    ),
    "a tier without room": (
        "cvm-nodes",
        "aws",
        {"tee": "snp", "network": {**NETWORK, "trust": tier("trust", "10.40.48.0/28")}},
        "args.network.trust.cidr: 10.40.48.0/28 is too small; give a /27 or larger",
    ),
    "pods of others beside ours": (
        "coco-peer-pods",
        "gcp",
        {"tee": "snp", "network": PODS},
        "args.network.pods: on gcp what pod VMs leave behind can only be told from others' by their subnet",
    ),
    "one subnet for two tiers": (
        "cvm-nodes",
        "aws",
        {"tee": "snp", "network": {**NETWORK, "trust": {**NETWORK["trust"], "subnet_id": "subnet-workers"}}},
        "args.network: subnet_id 'subnet-workers' is given for two tiers; each needs one of its own",
    ),
    "a tier of hosts without room": (
        "nested-nodes",
        "gcp",
        {"network": {key: value for key, value in HOSTS.items() if key != "workers"}},
        "args.network.hosts.cidr: 10.40.64.0/27 is too small; give a /26 or larger",
    ),
    "children at addresses of everyone's own computer": (
        "nested-nodes",
        "aws",
        {"children": {"image": KATA, "cidr": "127.0.0.0/16"}},
        "args.children.cidr: 127.0.0.0/16 does not fit; give a private /16",
    ),
    "children that take all memory of their host": (
        "nested-nodes",
        "aws",
        {"children": {"image": KATA, "count": 4, "memory_gib": 64}},
        "args.children: 4 of 64 GiB take all of the",
    ),
    "children whose disks their host does not have": (
        "nested-nodes",
        "aws",
        {"children": {"image": KATA, "count": 2, "disk_gib": 150}},
        "args.children: 2 disks of 150 GiB do not fit the host's 200",
    ),
    "a demonstration that no child could use": (
        "nested-nodes",
        "aws",
        {"trust": {"kms": "demo"}},
        "args.trust.kms: no agent runs in children yet",
    ),
    "a demonstration that would serve nobody": (
        "coco-nested",
        "gcp",
        {"trust": {**cells.placeholders("coco-nested")["trust"], "kms": "demo"}},
        "args.trust.kms: on gcp no evidence shows which initdata a pod started with",
    ),
    "an image with an empty name": (
        "coco-peer-pods",
        "aws",
        {"tee": "snp", "pods": [{"image": {"id": ""}}]},
        "args.pods[0].image: id and disk cannot be empty",
    ),
    "an image that is known late": (
        "coco-peer-pods",
        "aws",
        {"tee": "snp", "pods": [{"image": {"id": pulumi.Output.from_input(AMI)}}]},
        "args.pods[0].image.id: an output is known too late",
    ),
    "an image of another cloud": (
        "coco-peer-pods",
        "aws",
        {"tee": "snp", "pods": [{"image": {"id": "projects/p/global/images/a"}}]},
        "args.pods[0].image: 'projects/p/global/images/a' is not the id of an image; write ami-",
    ),
    "a disk that is no blob": (
        "coco-peer-pods",
        "azure",
        {"tee": "snp", "pods": [{"image": {"disk": "https://example.org/pod.vhd"}}]},
        "args.pods[0].image: 'https://example.org/pod.vhd' is not a disk image here",
    ),
    "a published image that proves nothing": (
        "coco-peer-pods",
        "azure",
        {"tee": "snp", "pods": [{"image": {"id": f"{PUBLISHED}/Versions/0.22.0"}}]},
        "cannot carry confidential pods",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused(case):
    model, cloud, changes, sentence = CASES[case]
    seen = recorder.Recorder()
    args = {"platform": {cloud: BLOCKS[cloud]}, **cells.placeholders(model), **changes}
    with pytest.raises(pulumi.RunError, match=re.escape(sentence)) as refusal:
        recorder.run(lambda: ck.model(model)("demo", args).outputs, recorder=seen)
    assert seen.registered == []
    assert "\n" not in str(refusal.value)


def test_a_cluster_goes_into_a_network_that_exists():
    args = {"platform": {"aws": BLOCKS["aws"]}, "tee": "snp", "network": NETWORK}
    recorded, told = recorder.run(lambda: ck.CvmNodes("demo", args).outputs)
    assert not [each for each in recorded.registered if "vpc" in each.typ.lower()]
    assert told["endpoint"] == "10.40.16.10:6443"
    assert told["trust"]["endpoint"] == "10.40.48.10:8081"
