"""Rules of keys of service accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.accounts import require
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.rules.sources import READ_LATER
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_MOST = 10


@rule(
    "iam",
    "projects.serviceAccounts.keys.create",
    name="iam.key-quota",
    source="https://github.com/googlearchive/k8s-service-catalog/issues/228",
    date=READ_LATER,
    evidence=READ,
)
def quota(call: Call) -> None:
    """An account has up to ten keys: https://cloud.google.com/iam/quotas (2026-11)."""
    if len(require(call).keys) >= _MOST:
        raise ApiError("rateLimitExceeded", "Maximum number of keys on account reached.", 429)
