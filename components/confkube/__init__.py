"""confkube: confidential Kubernetes on several clouds and on bare metal.

The public names are loaded when they are first used; importing the package alone loads no SDK.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkube.clouds.args import PlatformArgs
    from confkube.errors import Refusal
    from confkube.model_types import CocoMetalArgs, CocoNestedArgs, CocoPeerPodsArgs, CvmNodesArgs, NestedNodesArgs
    from confkube.models import model
    from confkube.models.coco_metal import CocoMetal
    from confkube.models.coco_nested import CocoNested
    from confkube.models.coco_peer_pods import CocoPeerPods
    from confkube.models.cvm_nodes import CvmNodes
    from confkube.models.nested_nodes import NestedNodes
    from confkube.registry import MODELS
    from confkube.roles.cluster import Cluster
    from confkube.roles.control_plane import ControlPlane
    from confkube.roles.nested_host import NestedHost
    from confkube.roles.network import Network
    from confkube.roles.openings import openings
    from confkube.roles.peer_pods import PeerPods
    from confkube.roles.pod_image import PeerPodImage
    from confkube.roles.trust_server import TrustServer
    from confkube.roles.workers import Workers
    from confkube.types import PoolArgs, Tee
    from confkube.world import require_same_world

_HOME = {
    "Cluster": "confkube.roles.cluster",
    "CocoMetal": "confkube.models.coco_metal",
    "CocoMetalArgs": "confkube.model_types",
    "CocoNested": "confkube.models.coco_nested",
    "CocoNestedArgs": "confkube.model_types",
    "CocoPeerPods": "confkube.models.coco_peer_pods",
    "CocoPeerPodsArgs": "confkube.model_types",
    "ControlPlane": "confkube.roles.control_plane",
    "CvmNodes": "confkube.models.cvm_nodes",
    "CvmNodesArgs": "confkube.model_types",
    "MODELS": "confkube.registry",
    "NestedHost": "confkube.roles.nested_host",
    "NestedNodes": "confkube.models.nested_nodes",
    "NestedNodesArgs": "confkube.model_types",
    "Network": "confkube.roles.network",
    "PeerPodImage": "confkube.roles.pod_image",
    "PeerPods": "confkube.roles.peer_pods",
    "PlatformArgs": "confkube.clouds.args",
    "PoolArgs": "confkube.types",
    "Refusal": "confkube.errors",
    "Tee": "confkube.types",
    "TrustServer": "confkube.roles.trust_server",
    "Workers": "confkube.roles.workers",
    "model": "confkube.models",
    "openings": "confkube.roles.openings",
    "require_same_world": "confkube.world",
}

__all__ = [
    "COMPONENTS",
    "MODELS",
    "Cluster",
    "CocoMetal",
    "CocoMetalArgs",
    "CocoNested",
    "CocoNestedArgs",
    "CocoPeerPods",
    "CocoPeerPodsArgs",
    "ControlPlane",
    "CvmNodes",
    "CvmNodesArgs",
    "NestedHost",
    "NestedNodes",
    "NestedNodesArgs",
    "Network",
    "PeerPodImage",
    "PeerPods",
    "PlatformArgs",
    "PoolArgs",
    "Refusal",
    "Tee",
    "TrustServer",
    "Workers",
    "model",
    "openings",
    "require_same_world",
]


COMPONENTS = (
    "Cluster",
    "CocoMetal",
    "CocoNested",
    "CocoPeerPods",
    "ControlPlane",
    "CvmNodes",
    "NestedHost",
    "NestedNodes",
    "Network",
    "PeerPodImage",
    "PeerPods",
    "TrustServer",
    "Workers",
)
"""The public components, which other Pulumi languages see too."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as varied as the public names
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
