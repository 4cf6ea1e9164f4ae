"""What cloud-api-adaptor may do: custom roles, each at the narrowest place that its calls need.

The calls are those of src/cloud-providers/azure/provider.go at fbdde756 of
https://github.com/confidential-containers/cloud-api-adaptor, read 2026-11-27: sizes of the region, a virtual machine
with interface and disk described inside, its interface, its deletion. The documented roles (Virtual Machine
Contributor and Network Contributor) would also let it take over the control plane by running commands there.
Actions: https://learn.microsoft.com/azure/role-based-access-control/permissions/compute and /networking.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure.identity import READER
from confkube.clouds.azure.images import definition_of
from confkube.clouds.azure.settings import AzureSettings
from confkube.clouds.azure.tenancy import Tenancy, group_of
from confkube.platform import PeerPodSpec

MACHINES = (
    "Microsoft.Compute/disks/delete",
    "Microsoft.Compute/disks/read",
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/virtualMachines/delete",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Network/networkInterfaces/delete",
    "Microsoft.Network/networkInterfaces/join/action",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkInterfaces/write",
)
"""In the group of the pod VMs, which holds nothing else unless the user names a group. Disks and interfaces are made
and deleted along with a machine, and Azure asks whether its caller may do each."""
JOIN = ("Microsoft.Network/networkSecurityGroups/join/action", "Microsoft.Network/virtualNetworks/subnets/join/action")
"""At the subnet of the pod VMs and at its security group, and at no other."""
SIZES = ("Microsoft.Compute/locations/vmSizes/read",)
"""At the subscription, where Azure wants it (https://github.com/confidential-containers/cloud-api-adaptor/pull/1453,
2026-11-27); without the list of sizes the adaptor does not start."""


@dataclass(frozen=True, kw_only=True)
class _Role:
    """A custom role: what it allows, where it may be assigned, and where it is."""

    part: str
    actions: tuple[str, ...]
    scope: pulumi.Output[str]
    assigned: dict[str, pulumi.Input[str]]


def create(  # noqa: PLR0913, PLR0917 - the two groups differ
    name: str,
    spec: PeerPodSpec,
    principal: pulumi.Output[str],
    settings: AzureSettings,
    pods: Tenancy,
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    """Make the roles and assign them; returns the assignments.

    They are deleted one by one, before the groups: a definition outlives the group that it is for, and goes only when
    nothing is assigned any more.
    """
    maker = _Maker(name=name, spec=spec, principal=principal, settings=settings, opts=opts)
    found: list[pulumi.Resource] = []
    for role in maker.roles(pods):
        found += maker.assigned(role)
    return (*found, *maker.images())


@dataclass(frozen=True, kw_only=True)
class _Maker:
    name: str
    spec: PeerPodSpec
    principal: pulumi.Output[str]
    settings: AzureSettings
    opts: pulumi.ResourceOptions

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.settings.subscription}"

    def roles(self, pods: Tenancy) -> Iterator[_Role]:
        subnet, firewall = (pulumi.Output.from_input(each) for each in (self.spec.subnet_id, self.spec.firewall_id))
        group = pods.group_id(self.settings.subscription)
        network = subnet.apply(lambda held: f"{self.subscription}/resourceGroups/{group_of(held)}")
        subscription = pulumi.Output.from_input(self.subscription)
        yield _Role(part="machines", actions=MACHINES, scope=group, assigned={"machines": group})
        yield _Role(part="join", actions=JOIN, scope=network, assigned={"subnet": subnet, "firewall": firewall})
        yield _Role(part="sizes", actions=SIZES, scope=subscription, assigned={"sizes": subscription})

    def assigned(self, role: _Role) -> list[pulumi.Resource]:
        cluster = pulumi.Output.from_input(self.spec.cluster_id)
        definition = azure.authorization.RoleDefinition(
            f"{self.name}-{role.part}",
            # Names are shared by the whole directory, and a definition has no tags.
            role_name=pulumi.Output.concat("confkube ", cluster, " ", self.name, " ", role.part),
            description=pulumi.Output.format("pod VMs of {0}, {1}", cluster, self._proof()),
            role_type="CustomRole",
            permissions=[azure.authorization.PermissionArgs(actions=list(role.actions))],
            scope=role.scope,
            assignable_scopes=[role.scope],
            opts=self.opts,
        )
        return [self._assign(part, definition.name, scope) for part, scope in role.assigned.items()]

    def images(self) -> list[pulumi.Resource]:
        """The images of a gallery of one's own, which only those may use who may read them."""
        found: list[pulumi.Resource] = []
        for image in {id(each.image): each.image for each in self.spec.pod_vms}.values():
            if isinstance(image.image_id, str) and definition_of(image.image_id) is None:
                continue
            definition = pulumi.Output.from_input(image.image_id).apply(lambda held: definition_of(held) or held)
            found.append(self._assign(f"image-{len(found) + 1}", READER, definition))
        return found

    def _assign(self, part: str, role: pulumi.Input[str], scope: pulumi.Input[str]) -> pulumi.Resource:
        return azure.authorization.RoleAssignment(
            f"{self.name}-{part}",
            scope=scope,
            # As Azure itself spells it, wherever the definition was made.
            role_definition_id=pulumi.Output.concat(
                f"{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/", role
            ),
            principal_id=self.principal,
            # A new identity is not known everywhere at once; with its kind given, nobody looks it up.
            principal_type=azure.authorization.PrincipalType.SERVICE_PRINCIPAL,
            opts=self.opts,
        )

    def _proof(self) -> pulumi.Output[str]:
        return pulumi.Output.from_input(self.spec.labels).apply(lambda known: known["confkube-proof"])  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]
