"""Azure behind the seam."""

from importlib import resources

import pulumi
import pulumi_azure_native as azure

from confkube.bootstrap import BootProfile
from confkube.clouds.azure import images, machines, network, peer_pods, tenancy
from confkube.clouds.azure.settings import AzureSettings
from confkube.errors import Refusal
from confkube.parse import parse
from confkube.platform import (
    Account,
    Image,
    ImageSpec,
    Limits,
    Machines,
    MachineSpec,
    Network,
    NetworkSpec,
    PeerPodAccess,
    PeerPodSpec,
)

SANDBOX_TENANT = "00000000-0000-4000-8000-000000000000"
"""The directory of the simulated cloud; no real one is all zeros."""

LIMITS = Limits(
    check_image=images.check,
    user_data_bytes=65535,
    network_prefix=(8, 29),
    group_machines=1000,
    disk_gib=4095,
    confidential_disk_gib=127,
    mixed_pod_vms=True,
)
"""Custom data: https://learn.microsoft.com/azure/virtual-machines/custom-data; networks:
https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq; scale sets of marketplace images:
https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-placement-groups; disks:
https://learn.microsoft.com/azure/virtual-machines/managed-disks-overview, and with confidential encryption
https://github.com/Azure/azure-cli/issues/32224; 2026-11-25. Pod VMs of both TEEs: a vTPM attests in each, so one image
serves them, and cloud-api-adaptor asks for a size alone; src/cloud-providers/azure at fbdde756, 2026-11-27."""

# The wire server and the host's plugin service: https://github.com/Azure/AgentBaker/pull/345 and 4470, 2026-11-25.
_HOST = (("168.63.129.16", 80), ("168.63.129.16", 32526))


class AzurePlatform:
    """One location, or one availability zone of it, in one Azure subscription."""

    cloud = "azure"
    limits = LIMITS

    def __init__(self, settings: object, where: str) -> None:
        self._settings = parse(AzureSettings, settings, where)
        self._where = where
        self.region = self._settings.location
        self.zone = f"{self.region}-{self._settings.zone}" if self._settings.zone else self.region

    @property
    def place(self) -> dict[str, str]:
        """The zone, and the resource group: everything in it would be made anew in another."""
        return {"zone": self.zone, "resource_group": self._settings.resource_group or "its own"}

    @property
    def boot(self) -> BootProfile:
        """How a machine here finds its metadata and its secret, and proves which instance it is."""
        script = resources.files("confkube.clouds.azure").joinpath("boot/fetch-secret.sh").read_text()
        tenant, subscription = self._settings.tenant, self._settings.subscription
        return BootProfile(
            provider="Azure",
            metadata_address="169.254.169.254",
            guarded=_HOST,
            fetch_secret=script,
            node_attestor_agent={"name": "azure_imds", "data": {"tenant_domain": tenant}},
            node_attestor_server={
                "name": "azure_imds",
                "data": {"tenants": {tenant: {"restrict_to_subscriptions": [subscription]}}},
            },
            user_data_limit=LIMITS.user_data_bytes,
        )

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Ask the provider which subscription it works in, and compare it with the block.

        Raises:
            Refusal: The provider has no usable credentials, or works in another subscription or tenant, or the
                resource group to borrow is not there.
        """
        try:
            found = azure.authorization.get_client_config(opts=opts)
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            raise Refusal(
                f"Azure does not say who pays: {error}; check the credentials, for example with: az account show"
            ) from None
        for what, asked, actual in (
            ("subscription", self._settings.subscription, found.subscription_id),
            ("tenant", self._settings.tenant, found.tenant_id),
        ):
            if actual != asked:
                raise Refusal(
                    f"{self._where}.{what} is {asked}, but the provider works in {actual}; choose it with: "
                    f"pulumi config set azure-native:{what}Id {asked}"
                )
        tenancy.require_group(self._settings, self._where, opts)
        world = "sandbox" if found.tenant_id == SANDBOX_TENANT else "cloud"
        return Account(world=world, account_id=found.subscription_id)

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Make a resource group, unless one is named, and in it a virtual network with its security groups."""
        return network.create(name, spec, self._settings, opts)

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """Name the pinned image for the isolation or the one that exists, or make one of a disk."""
        return images.find(name, spec, self._settings, opts)

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """Make a managed identity that tokens of the cluster become, with custom roles, and who vouches for them."""
        return peer_pods.create(name, spec, self._settings, opts)

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Make a virtual machine, or a scale set."""
        return machines.create(name, spec, self._settings, opts)
