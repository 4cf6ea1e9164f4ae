"""How a cvm-nodes stack on Google Cloud is read with the official SDK, and what a step changes there."""

import base64
from contextlib import contextmanager

from google.cloud import compute_v1
from google.oauth2.credentials import Credentials
from life_suite import Life, Machine

from confkube.clouds.gcp import labels
from confkube_sandbox.access import gcp

FIREWALL = "gcp:compute/firewall:Firewall"
ZONE = "us-central1-a"
TEES = {"SEV_SNP": "snp", "TDX": "tdx"}


def named(listed, prefix):
    (found,) = [each["name"] for each in listed if each["name"].startswith(prefix)]
    return found


class GcpLife(Life):
    least_resources = 36
    group = "gcp:compute/instanceGroupManager:InstanceGroupManager"
    moved = ({"zone": "us-central1-b"}, f"its zone is {ZONE} and cannot become us-central1-b")
    first_pool = "workers"

    def client(self, stack, kind):
        """An official google-cloud-compute client."""
        return getattr(compute_v1, f"{kind}Client")(
            credentials=Credentials(stack.client.token),
            client_options={"api_endpoint": stack.client.url},
            transport="rest",
        )

    def service(self, stack, name):
        """An official client of the APIs beside Compute."""
        return gcp.Access(stack.client.url, stack.client.token).service(name)

    def machines(self, stack):
        disks = self.client(stack, "Disks")
        return [
            self.machine(each, disks.get(project=stack.project, zone=ZONE, disk=disk))
            for each in self.client(stack, "Instances").list(project=stack.project, zone=ZONE)
            for disk in [each.disks[0].source.rpartition("/")[2]]
        ]

    def machine(self, found, disk):
        role = found.name.removeprefix(f"{self.name}-")
        single = next((each for each in ("control-plane", "trust") if role.startswith(each)), None)
        shield = found.shielded_instance_config
        kind = found.confidential_instance_config.confidential_instance_type
        if kind:
            assert found.scheduling.on_host_maintenance == "TERMINATE"
        (interface,) = found.network_interfaces
        assert interface.nic_type == "GVNIC"
        assert found.tags.items
        return Machine(
            id=str(found.id),
            role=single or role.rpartition("-")[0],
            tee=TEES[kind] if kind else None,
            shielded=shield.enable_secure_boot and shield.enable_vtpm and shield.enable_integrity_monitoring,
            public=bool(interface.access_configs),
            encrypted=disk.type_.endswith("pd-balanced"),
            labels=[dict(found.labels), dict(disk.labels)],
        )

    def open_to_everybody(self, stack):
        rules = list(self.client(stack, "Firewalls").list(project=stack.project))
        assert len(rules) >= 6
        return [each for each in rules if "0.0.0.0/0" in each.source_ranges or not each.target_tags]

    def user_data(self, stack):
        found = self.client(stack, "Instances").list(project=stack.project, zone=ZONE)
        texts = [item.value for each in found for item in each.metadata.items if item.key == "user-data"]
        assert texts
        return texts

    def secret(self, stack):
        secrets = self.service(stack, "secretmanager").projects().secrets()
        (entry,) = secrets.list(parent=f"projects/{stack.project}").execute()["secrets"]
        version = secrets.versions().access(name=f"{entry['name']}/versions/latest").execute()
        return base64.b64decode(version["payload"]["data"]).decode()

    def check_grants(self, stack):
        listed = self.service(stack, "iam").projects().serviceAccounts().list(name=f"projects/{stack.project}")
        accounts = listed.execute()
        names = {each["email"]: each["displayName"].removeprefix(f"{self.name}-") for each in accounts["accounts"]}
        secrets = self.service(stack, "secretmanager").projects().secrets()
        (entry,) = secrets.list(parent=f"projects/{stack.project}").execute()["secrets"]
        (binding,) = secrets.getIamPolicy(resource=entry["name"]).execute()["bindings"]
        (member,) = binding["members"]
        assert binding["role"] == "roles/secretmanager.secretAccessor"
        assert names[member.removeprefix("serviceAccount:")] == "control-plane"
        manager = self.service(stack, "cloudresourcemanager").projects()
        policy = manager.getIamPolicy(resource=stack.project, body={}).execute()
        granted = {one for each in policy.get("bindings", []) for one in each["members"]}
        assert not granted & {f"serviceAccount:{email}" for email in names}
        used = {
            account.email
            for each in self.client(stack, "Instances").list(project=stack.project, zone=ZONE)
            for account in each.service_accounts
        }
        assert used == set(names)

    def drift(self, stack):
        # What google-cloud-compute waits for an operation with leads to the real cloud, whatever endpoint it was given.
        compute = self.service(stack, "compute")
        rules = compute.firewalls().list(project=stack.project).execute()["items"]
        rule = named(rules, f"{self.name}-network-workers-from-control-plane")
        done = compute.firewalls().delete(project=stack.project, firewall=rule).execute()
        compute.globalOperations().wait(project=stack.project, operation=done["name"]).execute()
        groups = compute.instanceGroupManagers()
        pool = named(groups.list(project=stack.project, zone=ZONE).execute()["items"], f"{self.name}-{self.first_pool}")
        done = groups.resize(project=stack.project, zone=ZONE, instanceGroupManager=pool, size=4).execute()
        compute.zoneOperations().wait(project=stack.project, zone=ZONE, operation=done["name"]).execute()
        gone = f"{FIREWALL} {self.name}-network-workers-from-control-plane"
        changed = f"{self.group} {self.name}-{self.first_pool}"
        return {gone, changed}, {"create": {gone}, "update": {changed}}

    def pool_parts(self, pool):
        return {
            f"{self.group} {self.name}-{pool}",
            f"gcp:compute/instanceTemplate:InstanceTemplate {self.name}-{pool}",
            f"gcp:serviceaccount/account:Account {self.name}-{pool}-identity",
        }

    def opened(self, stack):
        return {
            "create": {
                f"gcp:compute/address:Address {self.name}-control-plane-address",
                f"{FIREWALL} {labels.named(f'{self.name}-network-control-plane-from-203-0-113-0-24')}",
            },
            "update": {f"gcp:compute/instance:Instance {self.name}-control-plane"},
        }

    def kept_machine(self):
        return f"gcp:compute/instance:Instance {self.name}-control-plane"

    @contextmanager
    def elsewhere(self, stack, config):
        mine = stack.project
        stack.project = "confkube-sandbox-9999"
        stack.configure(config)
        try:
            yield
        finally:
            stack.project = mine
            stack.configure(config)
