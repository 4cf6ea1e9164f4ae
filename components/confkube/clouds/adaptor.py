"""What cloud-api-adaptor is told in the same words on several clouds."""

from collections.abc import Mapping

import pulumi

from confkube.platform import Labels


def tags(labels: Labels) -> pulumi.Output[str]:
    """Its setting ``TAGS``: what every pod VM carries."""
    return pulumi.Output.from_input(labels).apply(_listed)  # pyright: ignore[reportArgumentType]


def _listed(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
