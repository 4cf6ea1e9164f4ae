"""coco-metal: each pod is a confidential virtual machine on a bare-metal worker."""

import pulumi

from confkube.attest import statements
from confkube.component import refusing
from confkube.model_types import CocoMetalArgs
from confkube.models.base import Model
from confkube.models.checks import checked_coco_metal
from confkube.types import WorkerKind


class CocoMetal(Model):
    """A Kubernetes cluster whose pods are confidential virtual machines on bare-metal workers."""

    word = "coco-metal"

    cluster_id: pulumi.Output[str]
    """Unique name of this incarnation of the cluster."""
    world: pulumi.Output[str]
    """Where it really is: ``cloud``, ``lab`` or ``sandbox``."""
    account: pulumi.Output[str]
    """Account that owns it."""
    place: pulumi.Output[dict[str, str]]
    """Zone and address range of its network, which cannot change while it is up."""
    endpoint: pulumi.Output[str]
    """``address:port`` of the API."""
    access: pulumi.Output[str]
    """How to reach the API from here."""
    kubeconfig: pulumi.Output[str]
    """The administrator's kubeconfig, a secret."""
    machines: pulumi.Output[dict[str, str]]
    """Name -> identifier of each single machine."""
    pools: pulumi.Output[dict[str, str]]
    """Name -> identifier of the scale group of each pool."""
    trust: pulumi.Output[dict[str, str]]
    """Endpoint, trust domain, root certificate and state of the trust server, and how to reach it for enrolment."""
    trust_root_key: pulumi.Output[str]
    """PEM private key of the trust server's offline root, a secret; empty for an external trust server."""
    created_at: pulumi.Output[str]
    """When it was first brought up, RFC 3339."""
    expires_at: pulumi.Output[str]
    """When its lifetime ends, RFC 3339, or ``never``."""
    attestation: pulumi.Output[str]
    """What attestation binds in this cluster, and what it does not."""

    runtime_class: pulumi.Output[str]
    """Runtime class that a pod names to get a machine of its own."""
    initdata: pulumi.Output[str]
    """Value of pods' annotation ``io.katacontainers.config.hypervisor.cc_init_data``: Trustee and agent policy."""
    initdata_claim: pulumi.Output[str]
    """Claim ``init_data`` of a pod that was started with it; empty where no evidence shows it."""

    @refusing
    def __init__(self, name: str, args: CocoMetalArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec, platform, cell = checked_coco_metal(name, args)
        self._begin(name, args, spec, platform, opts)
        self._make_network()
        self._control_plane(pod_tees=[cell.tee])
        trust = self._trust_server(spec.tee, cell)
        self._initdata(trust, cell)
        pools = self._workers(spec.pools, WorkerKind.CHILD_CAPABLE, spec.tee, {})
        self._publish(trust, statements.of_pods(cell), pools=pools, machines={})
