"""Launch templates: tags that can change later, and data without the template's own tags."""

from __future__ import annotations

from typing import Any

from moto.core.types import Base64EncodedString
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion

from confkube_sandbox.daemon.aws import context

_made = LaunchTemplate.create_version


def install() -> None:
    """Repair versions and tags of launch templates."""
    template: Any = LaunchTemplate
    template.create_version = _create_version
    template.tags = property(lambda self: self.get_tags(), lambda self, value: None)  # noqa: ARG005


def _create_version(self: Any, data: dict[str, Any], description: str) -> LaunchTemplateVersion:  # noqa: ANN401
    kept = {name: value for name, value in data.items() if value is not None}
    specs = [each for each in kept.pop("TagSpecifications", []) if each.get("ResourceType") != "launch-template"]
    if specs:
        kept["TagSpecifications"] = specs
    if isinstance(kept.get("UserData"), str):
        kept["UserData"] = Base64EncodedString(kept["UserData"])
    version = _made(self, kept, description)
    version.create_time = context.current().now.replace(tzinfo=None)
    return version
