"""The deployment models that this version can bring up."""

from collections.abc import Mapping
from types import MappingProxyType

MODELS: Mapping[str, str] = MappingProxyType({"cvm-nodes": "confkube.models.cvm_nodes:CvmNodes"})
"""Config word -> where the component class is; loaded when it is used."""
