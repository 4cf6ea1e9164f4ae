"""The deployment models; a model composes roles and nothing else."""

import importlib
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from confkube.errors import choose
from confkube.registry import MODELS
from confkube.spec import Trust

OUTPUTS = (
    "cluster_id",
    "world",
    "account",
    "place",
    "endpoint",
    "access",
    "kubeconfig",
    "machines",
    "pools",
    "trust",
    "trust_root_key",
    "created_at",
    "expires_at",
    "attestation",
)
"""What every model tells of itself, in this order."""

OWN_OUTPUTS = ("runtime_class", "initdata", "initdata_claim", "pod_images")
"""What some models tell beside it."""


def model(word: str) -> type[Any]:
    """The component class of a model.

    Raises:
        Refusal: The word is not a model; lists the models.
    """
    target = MODELS.get(word)
    if target is None:
        raise choose("model", word, MODELS)
    module, _, name = target.partition(":")
    return cast("type[Any]", getattr(importlib.import_module(module), name))


def outputs_of(component: pulumi.ComponentResource) -> dict[str, pulumi.Output[object]]:
    """The outputs of a model, by name: first what all models have."""
    own = [name for name in OWN_OUTPUTS if hasattr(component, name)]
    return {name: getattr(component, name) for name in (*OUTPUTS, *own)}


def asking(opts: pulumi.ResourceOptions | None) -> pulumi.InvokeOptions:
    """Options with which a component asks the same provider that its resources will use, before it exists itself."""
    if opts is None:
        return pulumi.InvokeOptions()
    return pulumi.InvokeOptions(parent=opts.parent, provider=_explicit(opts))


def _explicit(opts: pulumi.ResourceOptions) -> pulumi.ProviderResource | None:
    providers = opts.providers
    if isinstance(providers, Mapping):
        providers = list(providers.values())
    if isinstance(providers, pulumi.ProviderResource):
        providers = [providers]
    return opts.provider or (providers[0] if providers else None)


def trust_domain(name: str, trust: Trust) -> str:
    """The SPIFFE trust domain of a cluster; a Trustee's own certificate is for it too."""
    return trust.trust_domain or f"{name}.confkube.internal"
