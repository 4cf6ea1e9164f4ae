"""Ownership labels as AWS tags."""

from collections.abc import Mapping

import pulumi

from confkube.platform import Labels


def tags(labels: Labels, name: str) -> pulumi.Output[dict[str, str]]:
    """The labels, and the ``Name`` that the console shows."""

    def named(plain: Mapping[str, str]) -> dict[str, str]:
        return {**plain, "Name": name}

    return pulumi.Output.from_input(labels).apply(named)  # pyright: ignore[reportArgumentType]
