"""coco-metal: each pod is a confidential virtual machine on a bare-metal worker."""

import pulumi

from confkube.attest import statements
from confkube.component import refusing
from confkube.model_types import CocoMetalArgs
from confkube.models.base import PodModel
from confkube.models.checks import checked_coco_metal
from confkube.types import WorkerKind


class CocoMetal(PodModel):
    """A Kubernetes cluster whose pods are confidential virtual machines on bare-metal workers."""

    word = "coco-metal"

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
