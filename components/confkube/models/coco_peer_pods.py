"""coco-peer-pods: each pod is a confidential virtual machine of its own, beside the workers."""

from typing import TYPE_CHECKING

import pulumi

from confkube.attest import statements
from confkube.component import refusing
from confkube.model_types import CocoPeerPodsArgs
from confkube.models.base import Model
from confkube.models.checks import checked_coco_peer_pods
from confkube.names import PODS
from confkube.roles.peer_pods import PeerPods
from confkube.roles.pod_image import PeerPodImage
from confkube.types import WorkerKind

if TYPE_CHECKING:
    from confkube.role_types import PodVmsRef


class CocoPeerPods(Model):
    """A Kubernetes cluster whose pods are confidential virtual machines of their own."""

    word = "coco-peer-pods"

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
