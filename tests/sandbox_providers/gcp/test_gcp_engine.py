"""A program under the real engine against the simulated cloud, through its whole life."""

from __future__ import annotations

import os
import re
import sys

import gcp_resources as w
import pytest
import real_engine
from driver import COMPONENTS
from engine_events import changes

from confkube_sandbox import plugins

SNP = {"confidential_instance_config": {"confidential_instance_type": "SEV_SNP"}, "min_cpu_platform": "AMD Milan"}
TDX = {"confidential_instance_config": {"confidential_instance_type": "TDX"}}


class Program:
    """An inline program whose settings the test changes between two updates."""

    def __init__(self) -> None:
        self.user_data = "#!/bin/sh\necho 1"
        self.machine_type = "n2d-standard-2"
        self.isolation = SNP
        self.size = 2
        self.pools = ["pool"]
        self.template_data = "one-in-template"
        self.secret = "hush-hush-hush"
        self.cidr = "10.0.1.0/24"
        self.public = False

    def __call__(self) -> None:
        import pulumi
        import pulumi_gcp as gcp

        network = gcp.compute.Network("net", auto_create_subnetworks=False)
        subnet = gcp.compute.Subnetwork("subnet", network=network.id, ip_cidr_range=self.cidr)
        gcp.compute.Firewall(
            "api",
            network=network.id,
            allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=["6443"])],
            source_ranges=["10.0.0.0/8"],
            target_tags=["node"],
        )
        router = gcp.compute.Router("router", network=network.id)
        gcp.compute.RouterNat(
            "nat",
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        )
        account = gcp.serviceaccount.Account("node", account_id="node-account")
        secret = gcp.secretmanager.Secret("secret", replication={"auto": {}}, labels=w.LABELS)
        version = gcp.secretmanager.SecretVersion("version", secret=secret.id, secret_data=self.secret)
        gcp.secretmanager.SecretIamMember(
            "reader", secret_id=secret.id, role="roles/secretmanager.secretAccessor", member=account.member
        )
        image = gcp.compute.get_image_output(project="ubuntu-os-cloud", family="ubuntu-2404-lts-amd64")
        common = {
            "scheduling": {"on_host_maintenance": "TERMINATE"},
            "service_account": {"email": account.email, "scopes": ["cloud-platform"]},
            "tags": ["node"],
            "labels": w.LABELS,
        }
        interface = {"subnetwork": subnet.id, "network_ip": "10.0.1.10", "nic_type": "GVNIC"}
        if self.public:
            address = gcp.compute.Address("public", labels=w.LABELS)
            interface["access_configs"] = [{"nat_ip": address.address}]
        machine = gcp.compute.Instance(
            "machine",
            machine_type=self.machine_type,
            boot_disk={"initialize_params": {"image": image.self_link, "size": 20, "type": "pd-balanced"}},
            network_interfaces=[interface],
            metadata={"user-data": self.user_data},
            allow_stopping_for_update=True,
            opts=pulumi.ResourceOptions(
                ignore_changes=['metadata["user-data"]'],
                replace_on_changes=["confidentialInstanceConfig"],
                delete_before_replace=True,
            ),
            **self.isolation,
            **common,
        )
        template = gcp.compute.InstanceTemplate(
            "template",
            machine_type="n2d-standard-2",
            disks=[{"boot": True, "source_image": image.self_link, "disk_type": "pd-balanced", "disk_size_gb": 20}],
            network_interfaces=[{"subnetwork": subnet.id, "nic_type": "GVNIC"}],
            metadata={"user-data": pulumi.Output.secret(self.template_data)},
            **SNP,
            **common,
        )
        for name in self.pools:
            gcp.compute.InstanceGroupManager(
                name,
                base_instance_name=name,
                versions=[{"instance_template": template.self_link_unique}],
                target_size=self.size,
                update_policy={
                    "type": "OPPORTUNISTIC",
                    "minimal_action": "REPLACE",
                    "max_surge_fixed": 1,
                    "max_unavailable_fixed": 0,
                },
                wait_for_instances=True,
            )
        pulumi.export("address", machine.network_interfaces[0].network_ip)
        pulumi.export("secret", secret.id)
        pulumi.export("version_of", version.secret)


@pytest.fixture(scope="module")
def stack(home):
    from pulumi import automation as auto

    version = plugins.sdk_version("gcp")
    plugin = home.pulumi_home / "plugins" / f"resource-gcp-v{version}" / "pulumi-resource-gcp"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    plugin.write_text(
        f'#!/bin/sh\nPYTHONPATH={COMPONENTS} exec {sys.executable} -m confkube_sandbox.providers gcp "$@"\n'
    )
    plugin.chmod(0o755)
    program = Program()
    with pytest.MonkeyPatch.context() as patch:
        for name in home.misleading(os.environ):
            patch.delenv(name)
        for name, value in home.environment().items():
            patch.setenv(name, value)
        options = auto.LocalWorkspaceOptions(
            pulumi_command=real_engine.command(), env_vars={**os.environ, "NO_COLOR": "1"}
        )
        made = auto.create_or_select_stack("dev", project_name="gcp-providers", program=program, opts=options)
        for key, value in {"project": w.PROJECT, "region": w.REGION, "zone": w.ZONE}.items():
            made.set_config(f"gcp:{key}", auto.ConfigValue(value))
        made.test_program = program
        yield made
        made.workspace.remove_stack("dev", force=True)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"cidr": "banana"}, '"ip_cidr_range" is not a valid IP CIDR range: invalid CIDR address: banana'),
        ({"pools": ["Bad_Pool"]}, "googleapi: Error 400"),
    ],
)
def test_what_is_refused(stack, cloud, monkeypatch, settings, text):
    from pulumi.automation.errors import CommandError

    before = cloud.inventory()
    for name, value in settings.items():
        monkeypatch.setattr(stack.test_program, name, value)
    with pytest.raises(CommandError, match=re.escape(text)):
        stack.up() if "pools" in settings else stack.preview()
    if "pools" in settings:
        stack.destroy()
    assert cloud.inventory() == before


def test_a_whole_life(stack, cloud, home, google):
    before, program = cloud.inventory(), stack.test_program
    assert set(changes(stack.preview)) > {"net", "machine", "pool"}
    assert cloud.inventory() == before

    outputs = stack.up().outputs
    assert outputs["address"].value == "10.0.1.10"
    assert outputs["version_of"].value == outputs["secret"].value
    assert changes(stack.up, refresh=True) == {}
    state = "".join(file.read_text() for file in home.state.rglob("*.json"))
    assert program.secret not in state
    assert program.template_data not in state

    program.user_data = "#!/bin/sh\necho 2"
    assert changes(stack.preview) == {}
    program.template_data = "two"
    replaced = ["create-replacement", "replace", "delete-replaced"]
    assert changes(stack.up) == {"template": replaced, "pool": ["update"]}
    program.machine_type, program.size, program.secret = "n2d-standard-4", 3, "other"
    assert changes(stack.up) == {"machine": ["update"], "pool": ["update"], "version": replaced}
    program.public = True
    assert changes(stack.up) == {"public": ["create"], "machine": ["update"]}
    program.pools = ["pool", "second"]
    assert changes(stack.up) == {"second": ["create"]}
    program.pools = ["pool"]
    assert changes(stack.up) == {"second": ["delete"]}
    assert changes(stack.up, refresh=True) == {}

    compute = google("compute")
    instances = compute.instances().list(project=w.PROJECT, zone=w.ZONE).execute()["items"]
    assert len(instances) == 4
    (live,) = (each for each in instances if each["name"].startswith("machine-"))
    assert live["machineType"].endswith("/n2d-standard-4")
    assert live["metadata"]["items"] == [{"key": "user-data", "value": "#!/bin/sh\necho 1"}]
    _drift(compute, live)
    assert changes(stack.up, refresh=True) == {"machine": ["update"], "api": ["create"]}
    assert changes(stack.up, refresh=True) == {}

    program.public = False
    assert changes(stack.up) == {"machine": ["update"], "public": ["delete"]}
    stack.destroy()
    assert cloud.inventory() == before


def test_another_tee_is_another_machine_and_another_cpu_platform_is_not(stack, cloud, google, monkeypatch):
    before, program = cloud.inventory(), stack.test_program

    def change(machine_type, isolation):
        """Make a change, and return what it does and the machine that is there then."""
        monkeypatch.setattr(program, "machine_type", machine_type)
        monkeypatch.setattr(program, "isolation", isolation)
        done = changes(stack.up)
        (live,) = google("compute").instances().list(project=w.PROJECT, zone=w.ZONE).execute()["items"]
        assert live["status"] == "RUNNING"
        return done.get("machine"), live

    monkeypatch.setattr(program, "pools", [])
    made, first = change("n2d-standard-2", {"min_cpu_platform": "AMD Rome"})
    made, live = change("n2d-standard-2", {"min_cpu_platform": "Automatic"})
    assert (made, live["id"]) == (["update"], first["id"])
    assert "minCpuPlatform" not in live
    one_at_a_time = ["delete-replaced", "replace", "create-replacement"]
    for tee, machine_type, isolation in (
        ("SEV_SNP", "n2d-standard-2", SNP),
        ("TDX", "c3-standard-4", TDX),
    ):
        made, live = change(machine_type, isolation)
        assert made == one_at_a_time
        assert live["confidentialInstanceConfig"] == {"confidentialInstanceType": tee}
        assert live["machineType"].endswith(f"/{machine_type}")
        assert live.get("minCpuPlatform") == isolation.get("min_cpu_platform")
    assert changes(stack.preview) == {}
    stack.destroy()
    assert cloud.inventory() == before


def _drift(compute, machine):
    """Change the machine's tags and delete the firewall rule behind the engine's back."""
    tags = {"items": ["node", "other"], "fingerprint": machine["tags"]["fingerprint"]}
    compute.instances().setTags(project=w.PROJECT, zone=w.ZONE, instance=machine["name"], body=tags).execute()
    (rule,) = compute.firewalls().list(project=w.PROJECT).execute()["items"]
    operation = compute.firewalls().delete(project=w.PROJECT, firewall=rule["name"]).execute()
    while operation["status"] != "DONE":
        operation = compute.globalOperations().wait(project=w.PROJECT, operation=operation["name"]).execute()
