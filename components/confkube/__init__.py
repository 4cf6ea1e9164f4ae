"""confkube: confidential Kubernetes on several clouds and on bare metal.

The public names are loaded when they are first used; importing the package alone loads no SDK.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkube.clouds.args import PlatformArgs
    from confkube.errors import Refusal
    from confkube.models import model
    from confkube.models.cvm_nodes import CvmNodes
    from confkube.registry import MODELS
    from confkube.roles.cluster import Cluster
    from confkube.roles.control_plane import ControlPlane
    from confkube.roles.network import Network
    from confkube.roles.trust_server import TrustServer
    from confkube.roles.workers import Workers
    from confkube.types import CvmNodesArgs, PoolArgs, Tee
    from confkube.world import require_same_world

_HOME = {
    "Cluster": "confkube.roles.cluster",
    "ControlPlane": "confkube.roles.control_plane",
    "CvmNodes": "confkube.models.cvm_nodes",
    "CvmNodesArgs": "confkube.types",
    "MODELS": "confkube.registry",
    "Network": "confkube.roles.network",
    "PlatformArgs": "confkube.clouds.args",
    "PoolArgs": "confkube.types",
    "Refusal": "confkube.errors",
    "Tee": "confkube.types",
    "TrustServer": "confkube.roles.trust_server",
    "Workers": "confkube.roles.workers",
    "model": "confkube.models",
    "require_same_world": "confkube.world",
}

__all__ = [
    "MODELS",
    "Cluster",
    "ControlPlane",
    "CvmNodes",
    "CvmNodesArgs",
    "Network",
    "PlatformArgs",
    "PoolArgs",
    "Refusal",
    "Tee",
    "TrustServer",
    "Workers",
    "model",
    "require_same_world",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as varied as the public names
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
