"""Users: attaching a policy twice is attaching it once."""

from __future__ import annotations

from typing import Any

from moto.iam.models import ManagedPolicy

_attach = ManagedPolicy.attach_to


def install() -> None:
    """Repair attachments."""
    policy: Any = ManagedPolicy
    policy.attach_to = _attach_once


def _attach_once(self: Any, obj: Any) -> None:  # noqa: ANN401
    if self.arn not in obj.managed_policies:
        _attach(self, obj)
