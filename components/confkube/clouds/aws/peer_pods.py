"""What cloud-api-adaptor needs on EC2: an IAM user of its own with one policy and one key, and its settings.

On a cluster that AWS does not run it takes keys only: a node's instance profile is refused by its entry point, and its
chart has no place for a projected token.
Source: https://github.com/confidential-containers/cloud-api-adaptor at fbdde756 (entrypoint.sh,
src/cloud-providers/aws/manager.go, docs/aws-irsa.md), 2026-11-23.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from confkube import facts
from confkube.clouds import adaptor
from confkube.clouds.aws.adaptor_rights import PeerPodScope, document
from confkube.clouds.aws.labels import tags
from confkube.errors import Refusal
from confkube.platform import PeerPodAccess, PeerPodSpec, PodVms

PATH = "/confkube/"
"""Of everything in IAM that is not for a machine, so that an account's rules can tell it."""
VXLAN_PORT = "9000"
"""The usual 4789 is the cluster's own network's.
Source: https://github.com/confidential-containers/cloud-api-adaptor/blob/main/src/cloud-api-adaptor/aws/README.md,
2026-11-23."""

_LONGEST_NAMES = (f"arn:aws:iam::{0:012}:user/x", f"subnet-{0:017}", f"sg-{0:017}", f"ami-{0:017}")
_LONGEST_LABELS = {"confkube-cluster": "x" * 63, "confkube-proof": "0" * 32}


def create(name: str, spec: PeerPodSpec, region: str, opts: pulumi.ResourceOptions) -> PeerPodAccess:
    """Make the user that starts and removes the pod VMs of one cluster.

    Raises:
        Refusal: Another TEE than SEV-SNP, several of them, a size that does not have it, or too many
            sizes for one policy.
    """
    pods = _checked(name, spec, region)
    who = f"{name}-adaptor"
    labelled = tags(spec.labels, who)
    user = aws.iam.User(who, path=PATH, force_destroy=True, tags=labelled, opts=opts)
    # Attached, not written into the user: a user's own policies have 2,048 characters together, too few for this.
    # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, 2026-11-27.
    rights = aws.iam.Policy(
        who,
        path=PATH,
        description=f"start and remove the pod VMs of {name}, and nothing else",
        policy=_document(spec, pods, user, region),
        tags=labelled,
        opts=opts,
    )
    granted = aws.iam.UserPolicyAttachment(who, user=user.name, policy_arn=rights.arn, opts=opts)
    key = aws.iam.AccessKey(who, user=user.name, opts=opts)
    return PeerPodAccess(
        provider="aws",
        settings=_settings(spec, pods, region),
        credentials={
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": pulumi.Output.secret(key.secret),
        },
        chart_values={},
        charts=(),
        issuer=None,
        ready=(granted, key, *([pods.image.resource] if pods.image.resource else [])),
    )


def _checked(name: str, spec: PeerPodSpec, region: str) -> PodVms:
    """The pod VMs; EC2 has one TEE, and with it one kind of them."""
    for pods in spec.pod_vms:
        facts.require("aws", pods.tee.value, "peer-pod", allow=facts.GUARDED)
        for size in pods.machine_types:
            facts.require_type("aws", size, pods.tee.value, allow=facts.GUARDED)
    if len(spec.pod_vms) != 1 or not spec.pod_vms[0].machine_types:
        given = (
            ", ".join(f"{pods.tee.value} with {len(pods.machine_types)} sizes" for pods in spec.pod_vms) or "nothing"
        )
        raise Refusal(f"{name}: aws has pod VMs with snp alone, of one size or more; given: {given}")
    # The policy is written when all names are known; whether it fits is asked now, with names of the greatest length.
    document(_scope(spec.pod_vms[0], region, _LONGEST_NAMES, _LONGEST_LABELS))
    return spec.pod_vms[0]


def _settings(spec: PeerPodSpec, pods: PodVms, region: str) -> Mapping[str, pulumi.Input[str]]:
    """The environment of cloud-api-adaptor; without a key pair, so that nobody can log in to a pod VM."""
    return {
        "AWS_REGION": region,
        "AWS_SG_IDS": spec.firewall_id,
        "AWS_SUBNET_ID": spec.subnet_id,
        "DISABLECVM": "false",
        "PODVM_AMI_ID": pods.image.image_id,
        "PODVM_INSTANCE_TYPE": pods.machine_types[0],
        "PODVM_INSTANCE_TYPES": ",".join(pods.machine_types),
        "ROOT_VOLUME_SIZE": str(spec.disk_gib),
        "TAGS": adaptor.tags(spec.labels),
        "USE_PODVM_LAUNCHTEMPLATE": "false",
        "USE_PUBLIC_IP": "false",
        "VXLAN_PORT": VXLAN_PORT,
    }


def _document(spec: PeerPodSpec, pods: PodVms, user: aws.iam.User, region: str) -> pulumi.Output[str]:
    """The policy, which names this cluster's subnet, firewall, image, sizes and labels."""
    known = pulumi.Output.all(user.arn, spec.subnet_id, spec.firewall_id, pods.image.image_id)
    return pulumi.Output.all(known, spec.labels).apply(lambda both: document(_scope(pods, region, *both)))


def _scope(pods: PodVms, region: str, names: Sequence[str], labels: Mapping[str, str]) -> PeerPodScope:
    """What the policy is about; the user's ARN, first of the names, says whose account it is."""
    arn, subnet, firewall, image = names
    _, partition, _, _, account, _ = arn.split(":", 5)
    return PeerPodScope(
        partition=partition,
        account_id=account,
        region=region,
        subnet_id=subnet,
        firewall_id=firewall,
        image_ids=(image,),
        machine_types=pods.machine_types,
        cluster_id=labels["confkube-cluster"],
        stamp=labels["confkube-proof"],
    )
