"""AWS behind the seam."""

import re
from importlib import resources

import pulumi
import pulumi_aws as aws

from confkube.bootstrap import BootProfile
from confkube.clouds.aws import images, machines, network, peer_pods
from confkube.clouds.aws.settings import AwsSettings, region_of
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

SANDBOX_CALLER = re.compile(r"arn:aws:iam::0{8}\d{4}:user/confkube-sandbox")
"""Whom the simulated cloud says one is; no real account has such a number."""

LIMITS = Limits(
    check_image=images.check, user_data_bytes=16384, network_prefix=(16, 28), reserved_prefixes=("sg-", "podvm-")
)
"""User data: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html, 2026-11-23.
Names: ``podvm-`` tells pod VMs from all other machines (adaptor_rights.py); a security group's may not begin with
``sg-``,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html, 2026-11-24.
Networks: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html, 2026-11-23."""


class AwsPlatform:
    """One Availability Zone of one AWS account."""

    cloud = "aws"
    limits = LIMITS

    def __init__(self, settings: object, where: str) -> None:
        checked = parse(AwsSettings, settings, where)
        self.zone = checked.zone
        self.region = region_of(checked.zone)
        self._images: images.Known = {}

    @property
    def place(self) -> dict[str, str]:
        """The zone."""
        return {"zone": self.zone}

    @property
    def boot(self) -> BootProfile:
        """How a machine here finds its metadata and its secret, and proves which instance it is."""
        script = resources.files("confkube.clouds.aws").joinpath("boot/fetch-secret.sh").read_text()
        return BootProfile(
            provider="AWS",
            metadata_address="169.254.169.254",
            fetch_secret=script,
            secret_address=f"{self.region}/{{name}}",
            node_attestor_agent={"name": "aws_iid"},
            node_attestor_server={"name": "aws_iid"},
            user_data_limit=LIMITS.user_data_bytes,
            compressed=True,
        )

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Ask STS who calls.

        Raises:
            Refusal: The provider has no usable credentials or region.
        """
        try:
            caller = aws.get_caller_identity(opts=opts)
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            raise Refusal(
                f"AWS does not say who pays: {error}; check the credentials and set the provider's region, "
                f"for example with: pulumi config set aws:region {self.region}"
            ) from None
        world = "sandbox" if SANDBOX_CALLER.fullmatch(caller.arn) else "cloud"
        return Account(world=world, account_id=caller.account_id)

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Make a VPC with a subnet and a security group for each tier."""
        return network.create(name, spec, self.region, self.zone, opts)

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """Find an image, or make one of a disk in S3, and check that it can carry the isolation."""
        return images.find(name, spec, self.region, self._images, opts)

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Make an instance, or a launch template with its Auto Scaling group."""
        return machines.create(name, spec, self.region, opts)

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """Make the IAM user of cloud-api-adaptor."""
        return peer_pods.create(name, spec, self.region, opts)
