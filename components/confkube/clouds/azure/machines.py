"""Single machines as virtual machines with an interface of their own, pools as scale sets."""

import base64
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_azure_native as azure
import pulumi_tls as tls

from confkube.clouds.azure import addresses, identity, tenancy
from confkube.clouds.azure.confidential import (
    accelerated_networking,
    disk_security_profile,
    refuse_host,
    security_profile,
)
from confkube.clouds.azure.identity import Identity
from confkube.clouds.azure.images import family, reference
from confkube.clouds.azure.labels import tags
from confkube.clouds.azure.network import bastion_name
from confkube.clouds.azure.settings import AzureSettings
from confkube.clouds.azure.tenancy import Tenancy
from confkube.names import digest
from confkube.platform import Group, Machines, MachineSpec, Single

_USER = "confkube"
"""The account that Azure insists on; nobody has its key, and no port leads to it."""
_BOOT_TAG = "confkube-boot"
"""Azure tells custom data to nobody, so a tag says which boot text a machine once got."""
_KEPT = ["osProfile.customData", "storageProfile.imageReference", f'tags["{_BOOT_TAG}"]']
"""A single machine holds state (etcd, trust keys): a new image or boot text never replaces or restarts it."""

_IMAGE = "virtualMachineProfile.storageProfile.imageReference"
_FIXED = [f"{_IMAGE}.publisher", f"{_IMAGE}.offer"]
"""A scale set keeps these, and an image of one's own has neither; azure-native asks for what Azure refuses, where
azurerm replaces the set (https://github.com/hashicorp/terraform-provider-azurerm/pull/14165, 2026-11-27)."""

_GOES = {"delete_option": "Delete"}
"""A single machine's disk goes with it; one of a scale set does so anyway."""
_CONSOLE = azure.compute.DiagnosticsProfileArgs(boot_diagnostics=azure.compute.BootDiagnosticsArgs(enabled=True))
"""What a machine prints while it boots can be read without logging in, which nobody can."""

_ONE_AT_A_TIME = pulumi.ResourceOptions(delete_before_replace=True)
"""A fixed address, and an interface, belong to one machine: its successor cannot start beside it."""


@dataclass(frozen=True, kw_only=True)
class _Start:
    """All that a machine or a group starts from."""

    name: str
    spec: MachineSpec
    settings: AzureSettings
    place: Tenancy
    who: Identity
    boot: pulumi.Output[str]
    inside: pulumi.ResourceOptions
    opts: pulumi.ResourceOptions

    @property
    def common(self) -> dict[str, Any]:
        """What every resource here is given."""
        return {"resource_group_name": self.place.group, "location": self.place.location}


def create(name: str, spec: MachineSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> Machines:
    """Make one machine, or a scale set of equal ones.

    Raises:
        Refusal: The machine type cannot start the children that are asked of it.
    """
    refuse_host(spec.machine_type, spec.isolation)
    place = tenancy.beside(spec.subnet_id, settings, spec.after)
    who = identity.create(name, spec, settings, place, opts)
    after = pulumi.ResourceOptions(depends_on=[*spec.after, *who.ready])
    start = _Start(
        name=name,
        spec=spec,
        settings=settings,
        place=place,
        who=who,
        boot=pulumi.Output.from_input(spec.user_data).apply(digest),
        inside=opts,
        opts=place.options(pulumi.ResourceOptions.merge(opts, after)),
    )
    return _single(start, spec.scale) if isinstance(spec.scale, Single) else _group(start, spec.scale)


def _single(start: _Start, scale: Single) -> Machines:
    name, spec = start.name, start.spec
    public = addresses.create(f"{name}-address", start.place, tags(spec.labels), start.opts) if scale.public else None
    interface = azure.network.NetworkInterface(
        f"{name}-interface",
        ip_configurations=[
            {
                "name": "primary",
                "primary": True,
                "subnet": {"id": spec.subnet_id},
                "private_ip_address": str(scale.private_ip),
                "private_ip_allocation_method": "Static",
                "public_ip_address": {"id": public.id} if public else None,
            }
        ],
        network_security_group={"id": spec.firewall_id},
        enable_accelerated_networking=accelerated_networking(spec.isolation),
        tags=tags(spec.labels),
        opts=pulumi.ResourceOptions.merge(start.opts, _ONE_AT_A_TIME),
        **start.common,
    )
    machine = azure.compute.VirtualMachine(
        name,
        hardware_profile={"vm_size": spec.machine_type},
        security_profile=security_profile(spec.isolation),
        storage_profile={"image_reference": reference(spec.image.image_id), "os_disk": _disk(start, scale) | _GOES},
        os_profile=azure.compute.OSProfileArgs(computer_name=name, **_login(start)),
        network_profile={"network_interfaces": [{"id": interface.id, "primary": True, "delete_option": "Detach"}]},
        identity=start.who.block,
        diagnostics_profile=_CONSOLE,
        zones=start.place.zones,
        tags=tags(spec.labels, **{_BOOT_TAG: start.boot}),
        opts=pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions.merge(start.opts, _ONE_AT_A_TIME), pulumi.ResourceOptions(ignore_changes=_KEPT)
        ),
        **start.common,
    )
    return Machines(
        group_id=machine.id,
        private_ip=pulumi.Output.from_input(str(scale.private_ip)),
        public_ip=public.ip_address if public else None,  # pyright: ignore[reportArgumentType]
        boot_digest=machine.tags.apply(lambda known: (known or {}).get(_BOOT_TAG, "")),
        tunnel=_tunnel(start, machine, scale),
        resource=machine,
    )


def _tunnel(start: _Start, machine: azure.compute.VirtualMachine, scale: Single) -> pulumi.Output[str] | None:
    if not start.settings.bastion:
        return None
    return pulumi.Output.format(
        "az network bastion tunnel --subscription {0} --resource-group {1} --name {2} "
        "--target-resource-id {3} --resource-port {4} --port {4}",
        start.settings.subscription,
        start.place.group,
        bastion_name(start.spec.labels),
        machine.id,
        scale.tunnel_port,
    )


def _disk(start: _Start, scale: Single | Group) -> Any:  # noqa: ANN401 - as varied as the SDK's classes for the same
    return {
        "create_option": "FromImage",
        "caching": "ReadWrite",
        "disk_size_gb": start.spec.disk_gib,
        "managed_disk": {
            "storage_account_type": "Premium_LRS",
            "security_profile": disk_security_profile(start.spec.isolation, scale),
        },
    }


def _login(start: _Start) -> Any:  # noqa: ANN401 - as above
    """The boot text, and a key that nobody keeps: Azure makes no Linux machine without a way to log in."""
    key = tls.PrivateKey(f"{start.name}-login", algorithm="RSA", rsa_bits=2048, opts=start.inside)
    return {
        "admin_username": _USER,
        "custom_data": pulumi.Output.from_input(start.spec.user_data).apply(
            lambda text: base64.b64encode(text.encode()).decode()
        ),
        "linux_configuration": {
            "disable_password_authentication": True,
            "ssh": {
                "public_keys": [
                    {"path": f"/home/{_USER}/.ssh/authorized_keys", "key_data": key.public_key_openssh.apply(str.strip)}
                ]
            },
        },
    }


def _group(start: _Start, scale: Group) -> Machines:
    name, spec = start.name, start.spec
    group = azure.compute.VirtualMachineScaleSet(
        name,
        sku={"name": spec.machine_type, "tier": "Standard", "capacity": scale.count},
        orchestration_mode="Uniform",
        # A running machine is never changed under its pods: new ones follow the new model, old ones stay as they are.
        upgrade_policy=azure.compute.UpgradePolicyArgs(mode=azure.compute.UpgradeMode.MANUAL),
        overprovision=False,
        single_placement_group=False,
        virtual_machine_profile=_profile(start, scale),
        identity=start.who.block,
        zones=start.place.zones,
        tags=tags(spec.labels),
        opts=pulumi.ResourceOptions.merge(start.opts, pulumi.ResourceOptions(replace_on_changes=_FIXED)),
        **start.common,
    )
    return Machines(
        group_id=group.id,
        private_ip=None,
        public_ip=None,
        boot_digest=start.boot,
        tunnel=None,
        resource=group,
    )


def _profile(start: _Start, scale: Group) -> azure.compute.VirtualMachineScaleSetVMProfileArgs:
    spec = start.spec
    return azure.compute.VirtualMachineScaleSetVMProfileArgs(
        diagnostics_profile=_CONSOLE,
        security_profile=security_profile(spec.isolation),
        storage_profile=azure.compute.VirtualMachineScaleSetStorageProfileArgs(
            image_reference=reference(spec.image.image_id), os_disk=_disk(start, scale)
        ),
        os_profile=azure.compute.VirtualMachineScaleSetOSProfileArgs(
            computer_name_prefix=_prefix(start), **_login(start)
        ),
        network_profile=azure.compute.VirtualMachineScaleSetNetworkProfileArgs(
            network_interface_configurations=[_interface(start)]
        ),
    )


def _prefix(start: _Start) -> pulumi.Output[str]:
    """What the host names in a pool begin with; another one in a pool that replaces it, as both exist for a while.

    Instance numbers begin anew in each scale set, and a node is not let in under the name of another that is ready.
    """
    return pulumi.Output.from_input(start.spec.image.image_id).apply(
        lambda image: f"{start.name}-{digest(family(image), 4)}-"
    )


def _interface(start: _Start) -> Any:  # noqa: ANN401 - as above
    return {
        "name": "primary",
        "primary": True,
        "enable_accelerated_networking": accelerated_networking(start.spec.isolation),
        # Older versions of SPIRE's azure_imds read a scale set machine's security group here, and failed without one.
        "network_security_group": {"id": start.spec.firewall_id},
        "ip_configurations": [{"name": "primary", "primary": True, "subnet": {"id": start.spec.subnet_id}}],
    }
