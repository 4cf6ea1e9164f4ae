"""A program with something wrong in it fails at the step where Google would refuse it, and leaves nothing behind."""

from wrong_programs import failure, refused_machines

from confkube_sandbox.access import gcp

START = """
import pulumi
import pulumi_gcp as gcp

network = gcp.compute.Network("net", auto_create_subnetworks=False)
subnet = gcp.compute.Subnetwork("sub", network=network.id, ip_cidr_range="10.1.0.0/24", region="us-central1")
"""

IMAGE = """
far = gcp.compute.Subnetwork("far", network=network.id, ip_cidr_range="10.1.1.0/24", region="us-east1")
image = gcp.compute.get_image(name="ubuntu-2404-noble-amd64-v20260906", project="ubuntu-os-cloud")
"""
MACHINE = """
gcp.compute.Instance(
    "NAME",
    zone="ZONE",
    machine_type="TYPE",
    boot_disk={"initialize_params": {"image": image.self_link, "type": "pd-balanced"}},
    network_interfaces=[{"subnetwork": SUBNET.id, "nic_type": "GVNIC"}],
    confidential_instance_config={"confidential_instance_type": "TEE"},
    scheduling={"on_host_maintenance": "MAINTENANCE"},
    MORE
)
"""
MILAN = 'min_cpu_platform="AMD Milan",'


NESTED = MILAN + ' advanced_machine_features={"enable_nested_virtualization": True},'
MACHINES = {
    "migrate": ("us-central1-a", "n2d-standard-4", "SEV_SNP", MILAN, "MIGRATE", "TERMINATE"),
    "any-processor": ("us-central1-a", "n2d-standard-4", "SEV_SNP", "", "TERMINATE", "AMD Milan|Milan"),
    "intel": ("us-central1-a", "c3-standard-4", "SEV_SNP", "", "TERMINATE", "SEV_SNP|SEV-SNP"),
    "amd": ("us-central1-a", "n2d-standard-4", "TDX", "", "TERMINATE", "TDX"),
    "stock-out": ("us-east1-b", "n2d-standard-4", "SEV_SNP", MILAN, "TERMINATE", "does not have enough resources"),
    "nested": ("us-central1-a", "n2d-standard-4", "SEV_SNP", NESTED, "TERMINATE", "[Nn]ested"),
}
"""Name -> zone, machine type, TEE, further arguments, maintenance, and what Google says to them."""


def machine(name, zone, *features):
    kind, tee, more, maintenance = features
    text = MACHINE.replace("ZONE", zone).replace("TYPE", kind).replace("MAINTENANCE", maintenance)
    text = text.replace("SUBNET", "subnet" if zone.startswith("us-central1") else "far")
    return text.replace("TEE", tee).replace("MORE", more).replace("NAME", name)


def test_machines_that_google_does_not_make_fail_at_create(stack_in):
    program = START + IMAGE + "".join(machine(name, *values) for name, (*values, _) in MACHINES.items())
    refused_machines(stack_in("gcp-machines", {}, program), {name: each[-1] for name, each in MACHINES.items()})


def test_a_network_in_use_fails_at_delete(stack_in):
    stack = stack_in("gcp-in-use", {}, START)
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
    wrong = '\ngcp.compute.Subnetwork("wrong", network=network.id, ip_cidr_range=RANGE, region="us-central1")\n'
    stack = stack_in("gcp-misspelt", {}, START + wrong.replace("RANGE", '"banana"'))
    failure(stack.preview, "banana")
    program = stack.folder / "stacks" / "__main__.py"
    program.write_text(START + wrong.replace("RANGE", '"10.1.1.0/24", private_ip_google_access="maybe"'))
    failure(stack.preview, "private_ip_google_access|privateIpGoogleAccess")
    program.write_text(START + '\ngcp.storage.Bucket("bucket", location="EU")\n')
    failure(stack.preview, "gcp:storage/bucket:Bucket")
    stack.destroy()
