"""The tls package of the sandbox: real keys and certificates with the behaviour of pulumi-tls 5.6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.tls.certificates import LocallySignedCert, SelfSignedCert
from confkube_sandbox.providers.tls.private_key import PrivateKey
from confkube_sandbox.providers.tls.requests import CertRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.providers.handler import FunctionHandler, ResourceHandler

SDK = "pulumi_tls"


def handlers() -> Iterable[ResourceHandler]:
    """All resource types of the package."""
    return (CertRequest(), LocallySignedCert(), PrivateKey(), SelfSignedCert())


def functions() -> Iterable[FunctionHandler]:
    """None: ``getCertificate`` would reach for the network, and nothing here needs ``getPublicKey``."""
    return ()
