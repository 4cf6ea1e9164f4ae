"""The resources of a cvm-nodes stack on Google Cloud in one flat program: what confkube is measured against."""

import pulumi
import pulumi_gcp as gcp
from keys import BOOT, keys, labels, suffix

NAME, PROJECT, REGION, ZONE = "bench", "confkube-sandbox-0000", "us-central1", "us-central1-a"
POOLS = {"snp": {"workers": "snp"}, "tdx": {"workers": "tdx"}, "mixed": {"snp": "snp", "tdx": "tdx"}}
TYPES = {"snp": "n2d-standard-4", "tdx": "c3-standard-4"}
TIERS = {"control-plane": "10.20.128.0/20", "workers": "10.20.0.0/17", "trust": "10.20.144.0/20"}
NODES = [("udp", 8472), ("udp", 51871), ("tcp", 4240), ("icmp", 0)]
OPENINGS = {
    ("control-plane", "workers"): [("tcp", 6443), *NODES],
    ("control-plane", "tunnel"): [("tcp", 6443)],
    ("workers", "control-plane"): [("tcp", 10250), *NODES],
    ("workers", "workers"): NODES,
    ("trust", "workers"): [("tcp", 8081)],
    ("trust", "tunnel"): [("tcp", 8082)],
}
KIND = pulumi.get_stack().rpartition("-")[2]
SOURCES = {**TIERS, "tunnel": "35.235.240.0/20"}

gcp.organizations.get_project(project_id=PROJECT)
image = gcp.compute.get_image(name="ubuntu-2404-noble-amd64-v20260906", project="ubuntu-os-cloud")
tags = labels(NAME)
place = {"region": REGION, "project": PROJECT}

network = gcp.compute.Network("vpc", auto_create_subnetworks=False, routing_mode="REGIONAL", project=PROJECT)
subnets = {
    tier: gcp.compute.Subnetwork(tier, network=network.id, ip_cidr_range=cidr, private_ip_google_access=True, **place)
    for tier, cidr in TIERS.items()
}
for (tier, source), allowed in OPENINGS.items():
    gcp.compute.Firewall(
        f"{tier}-from-{source}",
        network=network.id,
        direction="INGRESS",
        source_ranges=[SOURCES[source]],
        target_tags=[f"bench-{tier}"],
        allows=[{"protocol": protocol, "ports": [str(port)] if port else None} for protocol, port in allowed],
        project=PROJECT,
    )
router = gcp.compute.Router("router", network=network.id, **place)
nat = gcp.compute.RouterNat(
    "nat",
    router=router.name,
    nat_ip_allocate_option="AUTO_ONLY",
    source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
    enable_dynamic_port_allocation=True,
    enable_endpoint_independent_mapping=False,
    min_ports_per_vm=64,
    max_ports_per_vm=4096,
    **place,
)


def account(name: str) -> gcp.serviceaccount.Account:
    """What a machine runs as."""
    return gcp.serviceaccount.Account(
        name,
        account_id=suffix.hex.apply(lambda found: f"b-{found}-{name[:12]}".rstrip("-")),
        display_name=name,
        project=PROJECT,
    )


def common(name: str, tier: str, tee: str | None, machine_type: str) -> dict[str, object]:
    """What an instance and a template are told in the same words."""
    confidential = (
        {
            "confidential_instance_config": {"confidential_instance_type": {"snp": "SEV_SNP", "tdx": "TDX"}[tee]},
            "min_cpu_platform": "AMD Milan" if tee == "snp" else None,
            "scheduling": {"on_host_maintenance": "TERMINATE", "automatic_restart": True},
        }
        if tee
        else {}
    )
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    return {
        "machine_type": machine_type,
        "metadata": {"user-data": BOOT, "block-project-ssh-keys": "true"},
        "service_account": {"email": accounts[name].email, "scopes": scopes},
        "shielded_instance_config": {
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
        "tags": [f"bench-{tier}"],
        "labels": tags,
        "project": PROJECT,
        **confidential,
    }


FIRST = "tdx" if KIND == "tdx" else "snp"
accounts = {name: account(name) for name in ("control-plane", "trust", *POOLS[KIND])}
secret = gcp.secretmanager.Secret(
    "secret",
    secret_id=suffix.hex.apply(lambda found: f"bench-{found}"),
    replication={"user_managed": {"replicas": [{"location": REGION}]}},
    deletion_protection=False,
    labels=tags,
    project=PROJECT,
)
version = gcp.secretmanager.SecretVersion("secret", secret=secret.id, secret_data=keys["ca"].private_key_pem)
reader = gcp.secretmanager.SecretIamMember(
    "secret",
    secret_id=secret.secret_id,
    role="roles/secretmanager.secretAccessor",
    member=accounts["control-plane"].email.apply(lambda email: f"serviceAccount:{email}"),
    project=PROJECT,
)
ready = pulumi.ResourceOptions(depends_on=[nat, *subnets.values(), version, reader])
for name, address, tee in (("control-plane", "10.20.128.10", None), ("trust", "10.20.144.10", FIRST)):
    gcp.compute.Instance(
        name,
        boot_disk={
            "auto_delete": True,
            "initialize_params": {"image": image.self_link, "size": 50, "type": "pd-balanced", "labels": tags},
        },
        network_interfaces=[{"subnetwork": subnets[name].id, "nic_type": "GVNIC", "network_ip": address}],
        zone=ZONE,
        **common(name, name, tee, TYPES[tee] if tee else "e2-standard-8"),
        opts=ready,
    )
for pool, tee in POOLS[KIND].items():
    template = gcp.compute.InstanceTemplate(
        pool,
        disks=[
            {
                "boot": True,
                "auto_delete": True,
                "source_image": image.self_link,
                "disk_size_gb": 50,
                "disk_type": "pd-balanced",
                "labels": tags,
            }
        ],
        network_interfaces=[{"subnetwork": subnets["workers"].id, "nic_type": "GVNIC"}],
        region=REGION,
        **common(pool, "workers", tee, TYPES[tee]),
    )
    gcp.compute.InstanceGroupManager(
        pool,
        base_instance_name=pool,
        versions=[{"instance_template": template.self_link_unique}],
        target_size=2,
        update_policy={
            "type": "OPPORTUNISTIC",
            "minimal_action": "REPLACE",
            "replacement_method": "SUBSTITUTE",
            "max_surge_fixed": 1,
            "max_unavailable_fixed": 0,
        },
        instance_lifecycle_policy={"force_update_on_repair": "YES"},
        wait_for_instances=True,
        zone=ZONE,
        project=PROJECT,
        opts=ready,
    )
