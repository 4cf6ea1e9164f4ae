"""The deployment models that this version can bring up."""

from collections.abc import Mapping
from types import MappingProxyType

MODELS: Mapping[str, str] = MappingProxyType(
    {
        "cvm-nodes": "confkube.models.cvm_nodes:CvmNodes",
        "nested-nodes": "confkube.models.nested_nodes:NestedNodes",
        "coco-metal": "confkube.models.coco_metal:CocoMetal",
        "coco-nested": "confkube.models.coco_nested:CocoNested",
        "coco-peer-pods": "confkube.models.coco_peer_pods:CocoPeerPods",
    }
)
"""Config word -> where the component class is; loaded when it is used."""
