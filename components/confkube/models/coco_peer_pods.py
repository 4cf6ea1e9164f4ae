"""coco-peer-pods: each pod is a confidential virtual machine of its own, beside the workers."""

from typing import TYPE_CHECKING

import pulumi

from confkube.attest import statements
from confkube.component import refusing
from confkube.model_types import CocoPeerPodsArgs
from confkube.models.base import PodModel
from confkube.models.checks import checked_coco_peer_pods
from confkube.names import PODS
from confkube.roles.peer_pods import PeerPods
from confkube.roles.pod_image import PeerPodImage
from confkube.types import WorkerKind

if TYPE_CHECKING:
    from confkube.role_types import PodVmsRef


class CocoPeerPods(PodModel):
    """A Kubernetes cluster whose pods are confidential virtual machines of their own."""

    word = "coco-peer-pods"

    pod_images: pulumi.Output[dict[str, str]]
    """TEE -> identifier of the pod VMs' image."""

    @refusing
    def __init__(self, name: str, args: CocoPeerPodsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec, platform, cell = checked_coco_peer_pods(name, args)
        self._begin(name, args, spec, platform, opts)
        self._make_network()
        images = {
            tee: PeerPodImage(
                f"{name}-{PODS}-{tee.value}",
                {"platform": self._block, "cluster": self._cluster.ref, "tee": tee, "image": given["image"]},
                self._inside,
            )
            for given, tee in zip(args["pods"], (vms.tee or spec.tee for vms in spec.pods), strict=True)
        }
        pods: list[PodVmsRef] = [
            {"image": image.ref, "tee": tee, "machine_types": list(vms.machine_types)}
            for (tee, image), vms in zip(images.items(), spec.pods, strict=True)
        ]
        trust = self._trust_server(spec.tee, cell)
        self._initdata(trust, cell)
        access = PeerPods(
            f"{name}-{PODS}",
            {
                "platform": self._block,
                "cluster": self._cluster.ref,
                "tier": self._tiers[PODS],
                "network_id": self._network_id,
                "token_key": self._cluster.token_key,
                "pods": pods,
                "initdata": self.initdata,
                "disk_gib": spec.pod_disk_gib,
                "pods_per_worker": spec.pods_per_worker,
                "allow": list(spec.allow),
            },
            self._inside,
        )
        self._control_plane(access)
        # The adaptor runs on the workers: whoever can start pod VMs goes before the identity and what it is bound to.
        self._ready = (*self._ready, *access.ready)
        pools = self._workers(spec.pools, WorkerKind.PLAIN, None, {})
        self.pod_images = pulumi.Output.all(**{tee.value: image.image_id for tee, image in images.items()})
        self._publish(trust, statements.of_pods(cell), pools=pools, machines={})
