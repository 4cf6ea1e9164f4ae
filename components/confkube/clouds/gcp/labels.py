"""Ownership labels as Google Cloud takes them, and names that Google Cloud bounds more tightly than others."""

from collections.abc import Mapping

import pulumi

from confkube.names import digest, fitted
from confkube.platform import Labels


def labels(given: Labels) -> pulumi.Output[dict[str, str]]:
    """The labels; they are in the form that Google Cloud takes already, its rules being the strictest."""
    return pulumi.Output.from_input(given).apply(dict)  # pyright: ignore[reportArgumentType, reportReturnType, reportUnknownMemberType]


def description(given: Labels) -> pulumi.Output[str]:
    """What says whose a resource is that cannot be labelled: at most 256 characters, and the same for its life."""

    def described(known: Mapping[str, str]) -> str:
        return " ".join(f"{key}={known[key]}" for key in ("confkube-cluster", "confkube-proof"))

    return pulumi.Output.from_input(given).apply(described)  # pyright: ignore[reportArgumentType]


def named(name: str) -> str:
    """A resource's name such that the provider's own ending (a dash and seven digits) still fits 63 characters."""
    return fitted(name, 55)


def short_name(given: Labels, name: str) -> pulumi.Output[str]:
    """A name of 23 characters that no other incarnation of a cluster has: service accounts have 30 at most."""

    def shortened(known: Mapping[str, str]) -> str:
        return f"ck-{digest(known['confkube-cluster'] + '/' + name, 20)}"

    return pulumi.Output.from_input(given).apply(shortened)  # pyright: ignore[reportArgumentType]
