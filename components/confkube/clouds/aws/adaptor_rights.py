"""What cloud-api-adaptor, and the controller that cleans up after it, may do on AWS.

The document is too long for a user's inline policies, which have 2,048 characters together, so it becomes a
customer-managed policy (``aws.iam.Policy`` with ``aws.iam.UserPolicyAttachment``), which has 6,144.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, 2026-11-27.

Which action takes which resources and condition keys:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html, as of 2026-10-27.
What is called, and with what: src/cloud-providers/aws/provider.go of
https://github.com/confidential-containers/cloud-api-adaptor at v0.22.0, 2026-11-27.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from confkube.errors import Refusal

LONGEST = 6144
"""Characters of a customer-managed policy."""

POD_VM_NAMES = "podvm-*"
"""How cloud-api-adaptor names every pod VM; no other machine of the cluster may have such a name.
Source: https://github.com/confidential-containers/cloud-api-adaptor/blob/v0.22.0/src/cloud-providers/util/instance.go,
2026-11-27."""

_ADDRESS_NAMES = "eip-i-*"
"""How it names an Elastic IP address: after the instance. That is all the address says of whose it is."""

_PATTERN = frozenset("*?$")
"""What a policy reads as a wildcard or as the beginning of a variable."""

_LOOK = (
    "DescribeAddresses",
    "DescribeImages",
    "DescribeInstanceTypes",
    "DescribeInstances",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVolumes",
)
"""None of them can be bound to a resource. The image and its disk, the types, the state of an instance and of a volume
are asked for by identifier, an address by the instance it belongs to."""

_ON_INSTANCES = ("AttachNetworkInterface", "AttachVolume", "ModifyNetworkInterfaceAttribute", "TerminateInstances")
"""What is done to an instance that exists."""

_OWN = ("confkube-cluster", "confkube-proof")
"""The labels that say whose an instance is."""


@dataclass(frozen=True, kw_only=True)
class PeerPodScope:
    """The pod VMs of one cluster."""

    account_id: str
    region: str
    partition: str = "aws"
    subnet_id: str
    """Where the pod VMs live, and nothing else does."""
    firewall_id: str
    image_ids: tuple[str, ...]
    machine_types: tuple[str, ...]
    cluster_id: str
    stamp: str
    """Keyed stamp of the cluster, the value of its label ``confkube-proof``."""


def document(scope: PeerPodScope) -> str:
    """The policy as JSON without blanks.

    Raises:
        Refusal: It is longer than IAM takes, or a value would be a pattern.
    """
    text = json.dumps(policy(scope), separators=(",", ":"))
    if len(text) > LONGEST:
        raise Refusal(
            f"{len(scope.machine_types)} machine types and {len(scope.image_ids)} images make an AWS policy of "
            f"{len(text)} characters; name fewer, {LONGEST} characters are the most"
        )
    return text


def policy(scope: PeerPodScope) -> dict[str, object]:
    """The policy document: what it allows, and then what it takes back.

    A label that a resource must carry is asked for by a denial where it can be: a missing key meets ``NotEquals``, so
    the denial holds for what has no label, and it holds against every other policy that somebody attaches.

    Raises:
        Refusal: A value that a policy would read as a pattern.
    """
    _refuse_patterns(scope)
    return {"Version": "2012-10-17", "Statement": [*_allowed(scope), *_denied(scope)]}


def _refuse_patterns(scope: PeerPodScope) -> None:
    fields: dict[str, str | tuple[str, ...]] = vars(scope)
    for name, given in fields.items():
        for value in (given,) if isinstance(given, str) else given:
            if not value or set(value) & _PATTERN:
                raise Refusal(f"{name} {value!r} would be a pattern in an AWS policy; give one name")


def _allowed(scope: PeerPodScope) -> list[dict[str, object]]:
    arns = _Arns(scope)
    instances, interfaces, addresses = arns.every("instance"), arns.every("network-interface"), arns.every("elastic-ip")
    pod_network = [arns.one("subnet", scope.subnet_id), arns.one("security-group", scope.firewall_id)]
    own = dict(zip(_OWN, (scope.cluster_id, scope.stamp), strict=True))
    return [
        _statement("Look", _LOOK, ["*"], {"StringEquals": {"aws:RequestedRegion": scope.region}}),
        # The volume of a launch is the root disk of the image; one from a snapshot would also need the snapshot.
        # No key pair, launch template, Spot request, placement group or reservation. A profile would hand its role's
        # rights to the pod VM; a role is passed only with iam:PassRole, which is not given, but a profile need not
        # have a role yet. The address key is missing where the request says nothing and the subnet decides.
        _statement(
            "Launch",
            ("CreateNetworkInterface", "RunInstances"),
            [*arns.images(scope.image_ids), *pod_network, instances, interfaces, arns.every("volume")],
            {"Null": {"ec2:InstanceProfile": "true"}, "BoolIfExists": {"ec2:AssociatePublicIpAddress": "false"}},
        ),
        # Groups of an interface cannot be changed: that would also need the group.
        _statement(
            "InterfacesAndAddresses",
            (
                "AllocateAddress",
                "AssociateAddress",
                "AttachNetworkInterface",
                "DeleteNetworkInterface",
                "DisassociateAddress",
                "ModifyNetworkInterfaceAttribute",
                "ReleaseAddress",
            ),
            [interfaces, addresses],
        ),
        # A change of an attachment may also be asked of the instance that it belongs to; the reference leaves it open.
        _statement(
            "Own",
            _ON_INSTANCES,
            [instances, arns.every("volume")],
            {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in own.items()}},
        ),
        # The instance gets a name and the labels, a second interface and an address a name only. Whoever gives one
        # of the two labels gives the right one.
        _statement(
            "TagAtCreation",
            ("CreateTags",),
            [instances, interfaces, addresses],
            {
                "StringEquals": {"ec2:CreateAction": ["AllocateAddress", "CreateNetworkInterface", "RunInstances"]},
                "StringEqualsIfExists": {f"aws:RequestTag/{key}": value for key, value in own.items()},
            },
        ),
    ]


def _denied(scope: PeerPodScope) -> list[dict[str, object]]:
    arns = _Arns(scope)
    instances, subnet = arns.every("instance"), arns.one("subnet", scope.subnet_id)
    launch = ("RunInstances",)
    return [
        _statement(
            "NotUnlabelled", launch, [instances], _unlike("String", "aws:RequestTag/confkube-cluster", scope.cluster_id)
        ),
        _statement("NotUnproven", launch, [instances], _unlike("String", "aws:RequestTag/confkube-proof", scope.stamp)),
        _statement(
            "NotOtherTypes", launch, [instances], _unlike("String", "ec2:InstanceType", list(scope.machine_types))
        ),
        # Second interfaces carry no label, but nothing else lives in the subnet. A launch may also bring an interface
        # that exists, and then names no subnet. CreateNetworkInterface has no such key; it names the subnet itself.
        _statement(
            "NotElsewhere",
            (
                "AssociateAddress",
                "AttachNetworkInterface",
                "DeleteNetworkInterface",
                "DisassociateAddress",
                "ModifyNetworkInterfaceAttribute",
                "RunInstances",
            ),
            [arns.every("network-interface")],
            _unlike("Arn", "ec2:Subnet", subnet),
        ),
        _statement(
            "NotOtherAddresses",
            ("AssociateAddress", "DisassociateAddress", "ReleaseAddress"),
            [arns.every("elastic-ip")],
            {"StringNotLike": {"aws:ResourceTag/Name": _ADDRESS_NAMES}},
        ),
        # The control plane and the workers carry the cluster's labels, too.
        _statement(
            "NotOtherMachines",
            _ON_INSTANCES,
            [instances],
            {"StringNotLike": {"aws:ResourceTag/Name": POD_VM_NAMES}},
        ),
    ]


@dataclass(frozen=True)
class _Arns:
    """Names of resources in the account and region of a scope."""

    scope: PeerPodScope

    def every(self, kind: str) -> str:
        return self.one(kind, "*")

    def one(self, kind: str, identifier: str) -> str:
        scope = self.scope
        return f"arn:{scope.partition}:ec2:{scope.region}:{scope.account_id}:{kind}/{identifier}"

    def images(self, image_ids: tuple[str, ...]) -> list[str]:
        """An image's name has no account."""
        return [f"arn:{self.scope.partition}:ec2:{self.scope.region}::image/{image_id}" for image_id in image_ids]


def _statement(
    sid: str, actions: tuple[str, ...], resources: list[str], condition: Mapping[str, object] | None = None
) -> dict[str, object]:
    made: dict[str, object] = {
        "Sid": sid,
        "Effect": "Deny" if sid.startswith("Not") else "Allow",
        "Action": [f"ec2:{action}" for action in actions],
        "Resource": resources,
    }
    return made | {"Condition": condition} if condition else made


def _unlike(kind: str, key: str, good: str | list[str]) -> dict[str, object]:
    return {f"{kind}NotEquals": {key: good}}
