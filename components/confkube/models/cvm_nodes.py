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
