"""Google Cloud behind the seam."""

import re
from importlib import resources

import pulumi
import pulumi_gcp as gcp

from confkube.bootstrap import BootProfile
from confkube.clouds.gcp import images, machines, network, peer_pods
from confkube.clouds.gcp.settings import GcpSettings
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

SANDBOX_NUMBER = re.compile(r"0\d{11}")
"""The number of a project of the simulated cloud; no real one begins with zero."""

LIMITS = Limits(
    check_image=images.check,
    borrowed_pods=False,
    user_data_bytes=262144,
    network_prefix=(8, 29),
    reserved_prefixes=("goog",),
    group_machines=1000,
)
"""Metadata: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations; networks:
https://cloud.google.com/vpc/docs/subnets; names: https://cloud.google.com/compute/docs/naming-resources; groups:
https://cloud.google.com/compute/docs/instance-groups#types_of_managed_instance_groups; 2026-11-25."""


class GcpPlatform:
    """One zone in one Google Cloud project."""

    cloud = "gcp"
    limits = LIMITS

    def __init__(self, settings: object, where: str) -> None:
        self._settings = parse(GcpSettings, settings, where)
        self._where = where
        self.zone = self._settings.zone
        self.region = self._settings.region
        self._images: dict[str, str] = {}

    @property
    def place(self) -> dict[str, str]:
        """The zone."""
        return {"zone": self.zone}

    @property
    def boot(self) -> BootProfile:
        """How a machine here finds its metadata and its secret, and proves which instance it is."""
        script = resources.files("confkube.clouds.gcp").joinpath("boot/fetch-secret.sh").read_text()
        return BootProfile(
            provider="Google Cloud",
            metadata_address="169.254.169.254",
            fetch_secret=script,
            node_attestor_agent={"name": "gcp_iit"},
            node_attestor_server={"name": "gcp_iit", "data": {"projectid_allow_list": [self._settings.project]}},
            user_data_limit=LIMITS.user_data_bytes,
        )

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Ask Resource Manager about the project.

        Raises:
            Refusal: The provider has no usable credentials, or may not see the project.
        """
        project = self._settings.project
        try:
            found = gcp.organizations.get_project(project_id=project, opts=opts)
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            raise Refusal(
                f"{self._where}.project: Google Cloud does not tell about project {project}: {error}; "
                "check the name and the credentials, for example with: gcloud auth application-default login"
            ) from None
        world = "sandbox" if SANDBOX_NUMBER.fullmatch(found.number) else "cloud"
        return Account(world=world, account_id=project)

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Make a VPC network with a subnetwork for each tier and a firewall rule for each opening."""
        return network.create(name, spec, self._settings, opts)

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """Find an image, or make one from a disk in Cloud Storage."""
        return images.find(name, spec, self._settings, self._images, opts)

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """Make cloud-api-adaptor's service account with its key, its rights, and the tags of its pod VMs."""
        return peer_pods.create(name, spec, self._settings, opts)

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Make an instance, or a template with its managed instance group."""
        return machines.create(name, spec, self._settings, opts)
