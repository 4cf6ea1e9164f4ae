"""cvm-nodes: each worker is a confidential virtual machine."""

import pulumi

from confkube.component import refusing
from confkube.model_types import CvmNodesArgs
from confkube.models.base import Model
from confkube.models.checks import checked_cvm_nodes
from confkube.platform import Cvm
from confkube.types import WorkerKind


class CvmNodes(Model):
    """A Kubernetes cluster whose workers are confidential virtual machines."""

    word = "cvm-nodes"

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

    @refusing
    def __init__(self, name: str, args: CvmNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec, platform = checked_cvm_nodes(name, args)
        self._begin(name, args, spec, platform, opts)
        for tee in dict.fromkeys([spec.tee, *(pool.tee for pool in spec.pools if pool.tee)]):
            self._image(Cvm(tee=tee))
        self._make_network()
        self._control_plane()
        trust = self._trust_server(spec.tee)
        pools = self._workers(spec.pools, WorkerKind.CONFIDENTIAL, spec.tee, {"trust": trust})
        self._publish(trust, platform.boot.attestation, pools=pools, machines={})
