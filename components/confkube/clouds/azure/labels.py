"""Ownership labels as Azure tags."""

from collections.abc import Mapping

import pulumi

from confkube.platform import Labels


def tags(labels: Labels, **more: pulumi.Input[str]) -> pulumi.Output[dict[str, str]]:
    """The labels, and what else is worth a tag."""

    def merged(known: list[Mapping[str, str]]) -> dict[str, str]:
        return {**known[0], **known[1]}

    return pulumi.Output.all(labels, more).apply(merged)  # pyright: ignore[reportArgumentType, reportUnknownMemberType]


def cluster_id(labels: Labels) -> pulumi.Output[str]:
    """The cluster that the labels name."""
    return pulumi.Output.from_input(labels).apply(lambda known: known["confkube-cluster"])  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]
