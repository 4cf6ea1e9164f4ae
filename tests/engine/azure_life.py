"""How a cvm-nodes stack on Azure is read with the official SDK, and what a step changes there."""

import re
from contextlib import contextmanager

from life_suite import Life, Machine

from confkube import facts
from confkube_sandbox.access import azure

SECRETS_USER, READER = "4633458b-17de-408a-b874-0445c86b69e6", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
GROUP = "azure-native:network:NetworkSecurityGroup"


def named(listed, prefix):
    (found,) = [each for each in listed if each.name.startswith(prefix)]
    return found


class AzureLife(Life):
    least_resources = 38
    group = "azure-native:compute:VirtualMachineScaleSet"
    moved = ({"zone": "1"}, "its zone is ")
    first_pool = "workers"

    def client(self, stack, service):
        return azure.client(azure.connect(stack.home, stack.subscription), service)

    def resource_group(self, stack):
        (found,) = self.client(stack, "resources").resource_groups.list()
        return found

    def machines(self, stack):
        compute, group = self.client(stack, "compute"), self.resource_group(stack).name
        found = [self.single(stack, each) for each in compute.virtual_machines.list(group)]
        for pool in compute.virtual_machine_scale_sets.list(group):
            members = compute.virtual_machine_scale_set_vms.list(group, pool.name)
            found += [self.member(pool, each) for each in members]
        return found

    def single(self, stack, found):
        network, group = self.client(stack, "network"), self.resource_group(stack).name
        (reference,) = found.network_profile.network_interfaces
        interface = network.network_interfaces.get(group, reference.id.rpartition("/")[2])
        (address,) = interface.ip_configurations
        assert interface.network_security_group
        disk = self.client(stack, "compute").disks.get(group, found.storage_profile.os_disk.name)
        kind = found.security_profile.security_type
        return Machine(
            id=found.vm_id,
            role=found.os_profile.computer_name.removeprefix(f"{self.name}-"),
            tee=self.tee(found.hardware_profile.vm_size) if kind == "ConfidentialVM" else None,
            shielded=self.shielded(found.security_profile),
            public=address.public_ip_address is not None,
            encrypted=disk.encryption is not None or disk.security_profile is not None,
            labels=[found.tags, interface.tags],
        )

    def member(self, pool, found):
        profile = pool.virtual_machine_profile
        (interface,) = profile.network_profile.network_interface_configurations
        assert interface.network_security_group
        disk = profile.storage_profile.os_disk.managed_disk
        return Machine(
            id=found.vm_id,
            role=re.sub("-[0-9a-f]{4}-$", "", profile.os_profile.computer_name_prefix).removeprefix(f"{self.name}-"),
            tee=self.tee(found.sku.name) if profile.security_profile.security_type == "ConfidentialVM" else None,
            shielded=self.shielded(profile.security_profile),
            public=any(each.public_ip_address_configuration for each in interface.ip_configurations),
            encrypted=disk.security_profile.security_encryption_type == "VMGuestStateOnly",
            labels=[pool.tags],
        )

    @staticmethod
    def shielded(profile):
        return bool(profile.uefi_settings.secure_boot_enabled and profile.uefi_settings.v_tpm_enabled)

    @staticmethod
    def tee(size):
        (tee,) = facts.instance_type("azure", size).tees
        return tee

    def open_to_everybody(self, stack):
        network, group = self.client(stack, "network"), self.resource_group(stack).name
        groups = list(network.network_security_groups.list(group))
        assert len(groups) == 3
        rules = [rule for each in groups for rule in each.security_rules]
        return [
            each
            for each in rules
            if each.access == "Allow" and each.source_address_prefix in ("*", "Internet", "0.0.0.0/0")
        ]

    def user_data(self, stack):
        compute, group = self.client(stack, "compute"), self.resource_group(stack).name
        assert not [each for each in compute.virtual_machines.list(group) if each.os_profile.custom_data]
        return []

    def secret(self, stack):
        keyvault, group = self.client(stack, "keyvault"), self.resource_group(stack).name
        (vault,) = keyvault.vaults.list_by_resource_group(group)
        assert vault.properties.enable_rbac_authorization
        (secret,) = keyvault.secrets.list(group, vault.name)
        assert (secret.name, secret.properties.value) == ("control-plane", None)

    def check_grants(self, stack):
        group = self.resource_group(stack)
        identities = {
            each.principal_id: each.name
            for each in self.client(stack, "msi").user_assigned_identities.list_by_resource_group(group.name)
        }
        granted = {}
        for each in self.client(stack, "authorization").role_assignments.list_for_subscription():
            role = identities[each.principal_id].removeprefix(f"{self.name}-").split("-identity")[0]
            granted[role] = (each.role_definition_id.rpartition("/")[2], each.scope)
        assert granted["trust"] == (READER, group.id)
        role, scope = granted["control-plane"]
        assert role == SECRETS_USER
        assert scope.endswith("/secrets/control-plane")
        assert set(granted) == {"control-plane", "trust"}

    def drift(self, stack):
        group = self.resource_group(stack).name
        network, sets = self.client(stack, "network"), self.client(stack, "compute").virtual_machine_scale_sets
        workers = named(network.network_security_groups.list(group), f"{self.name}-network-workers")
        network.security_rules.begin_delete(group, workers.name, "kubelet-from-control-plane").wait()
        pool = named(sets.list(group), f"{self.name}-{self.first_pool}")
        sets.begin_update(group, pool.name, {"sku": {"name": pool.sku.name, "capacity": 4}}).wait()
        changed = {f"{GROUP} {self.name}-network-workers", f"{self.group} {self.name}-{self.first_pool}"}
        return changed, {"update": changed}

    def pool_parts(self, pool):
        return {f"{self.group} {self.name}-{pool}", f"tls:index/privateKey:PrivateKey {self.name}-{pool}-login"}

    def opened(self, stack):
        return {
            "create": {f"azure-native:network:PublicIPAddress {self.name}-control-plane-address"},
            "update": {
                f"{GROUP} {self.name}-network-control-plane",
                f"azure-native:network:NetworkInterface {self.name}-control-plane-interface",
            },
        }

    def kept_machine(self):
        return f"azure-native:compute:VirtualMachine {self.name}-control-plane"

    @contextmanager
    def elsewhere(self, stack, config):
        mine = stack.stack.workspace.env_vars["ARM_SUBSCRIPTION_ID"]
        stack.stack.workspace.env_vars["ARM_SUBSCRIPTION_ID"] = "00000000-0000-4000-8000-000000009999"
        try:
            yield
        finally:
            stack.stack.workspace.env_vars["ARM_SUBSCRIPTION_ID"] = mine
