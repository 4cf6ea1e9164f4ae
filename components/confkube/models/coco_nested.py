"""coco-nested: each pod is a child machine inside a child-capable worker."""

import pulumi

from confkube.attest import statements
from confkube.component import refusing
from confkube.model_types import CocoNestedArgs
from confkube.models.base import PodModel
from confkube.models.checks import checked_coco_nested
from confkube.types import WorkerKind


class CocoNested(PodModel):
    """A Kubernetes cluster whose pods are child machines of child-capable workers."""

    word = "coco-nested"

    @refusing
    def __init__(self, name: str, args: CocoNestedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec, platform, cell = checked_coco_nested(name, args)
        self._begin(name, args, spec, platform, opts)
        self._make_network()
        self._control_plane(pod_tees=[cell.tee])
        trust = self._trust_server(spec.tee, cell)
        self._initdata(trust, cell)
        kata = {"kata": {"url": spec.kata.url, "sha256": spec.kata.sha256}} if spec.kata else {}
        pools = self._workers(spec.pools, WorkerKind.CHILD_CAPABLE, spec.tee, kata)
        self._publish(trust, statements.of_pods(cell), pools=pools, machines={})
