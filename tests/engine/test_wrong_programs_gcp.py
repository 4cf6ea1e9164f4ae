"""A program with something wrong in it fails at the step where Google would refuse it, and leaves nothing behind."""

import pytest
from wrong_programs import failure

from confkube_sandbox.access import gcp

START = """
import pulumi
import pulumi_gcp as gcp

network = gcp.compute.Network("net", auto_create_subnetworks=False)
subnet = gcp.compute.Subnetwork("sub", network=network.id, ip_cidr_range="10.1.0.0/24", region="REGION")
"""

MACHINE = """
image = gcp.compute.get_image(name="ubuntu-2404-noble-amd64-v20260906", project="ubuntu-os-cloud")
gcp.compute.Instance(
    "wrong",
    zone="ZONE",
    machine_type="TYPE",
    boot_disk={"initialize_params": {"image": image.self_link, "type": "pd-balanced"}},
    network_interfaces=[{"subnetwork": subnet.id, "nic_type": "GVNIC"}],
    confidential_instance_config={"confidential_instance_type": "TEE"},
    scheduling={"on_host_maintenance": "MAINTENANCE"},
    MORE
)
"""
MILAN = 'min_cpu_platform="AMD Milan",'


def machine(zone, kind, tee, more="", maintenance="TERMINATE"):
    text = START.replace("REGION", zone[:-2]) + MACHINE.replace("ZONE", zone).replace("TYPE", kind)
    return text.replace("TEE", tee).replace("MAINTENANCE", maintenance).replace("MORE", more)


NESTED = MILAN + ' advanced_machine_features={"enable_nested_virtualization": True},'
MACHINES = {
    "migrate": (machine("us-central1-a", "n2d-standard-4", "SEV_SNP", MILAN, "MIGRATE"), "TERMINATE"),
    "any-processor": (machine("us-central1-a", "n2d-standard-4", "SEV_SNP"), "AMD Milan|Milan"),
    "intel": (machine("us-central1-a", "c3-standard-4", "SEV_SNP"), "SEV_SNP|SEV-SNP"),
    "amd": (machine("us-central1-a", "n2d-standard-4", "TDX"), "TDX"),
    "stock-out": (machine("us-east1-b", "n2d-standard-4", "SEV_SNP", MILAN), "does not have enough resources"),
    "nested": (machine("us-central1-a", "n2d-standard-4", "SEV_SNP", NESTED), "[Nn]ested"),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_that_google_does_not_make_fails_at_create(stack_in, name):
    program, sentence = MACHINES[name]
    stack = stack_in(f"gcp-{name}", {}, program)
    before = stack.inventory()
    assert set(stack.preview().changed) == {"create"}
    failure(stack.up, sentence)
    stack.destroy()
    assert stack.inventory() == before


def test_a_network_in_use_fails_at_delete(stack_in):
    stack = stack_in("gcp-in-use", {}, START.replace("REGION", "us-central1"))
    before = stack.inventory()
    stack.up()
    compute = gcp.Access(stack.client.url, stack.client.token).service("compute")
    (network,) = compute.networks().list(project=stack.project).execute()["items"]
    rule = {
        "name": "other",
        "network": network["selfLink"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "sourceRanges": ["10.0.0.0/8"],
    }
    compute.firewalls().insert(project=stack.project, body=rule).execute()
    failure(stack.destroy, "is already being used by")
    compute.firewalls().delete(project=stack.project, firewall="other").execute()
    stack.destroy()
    assert stack.inventory() == before


def test_an_unknown_type_and_a_wrong_value_are_refused(stack_in):
    start = START.replace("REGION", "us-central1")
    wrong = '\ngcp.compute.Subnetwork("wrong", network=network.id, ip_cidr_range=RANGE, region="us-central1")\n'
    stack = stack_in("gcp-misspelt", {}, start + wrong.replace("RANGE", '"banana"'))
    failure(stack.preview, "banana")
    program = stack.folder / "stacks" / "__main__.py"
    program.write_text(start + wrong.replace("RANGE", '"10.1.1.0/24", private_ip_google_access="maybe"'))
    failure(stack.preview, "private_ip_google_access|privateIpGoogleAccess")
    program.write_text(start + '\ngcp.storage.Bucket("bucket", location="EU")\n')
    failure(stack.preview, "gcp:storage/bucket:Bucket")
    stack.destroy()
