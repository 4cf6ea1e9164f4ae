"""When a certificate wants to be renewed, and the form in which the provider keeps its two times.

Source: hashicorp/terraform-provider-tls, ``modifyPlanIfCertificateReadyForRenewal`` in
``internal/provider/common_cert.go`` and ``internal/provider/attribute_plan_modifier_bool/default_value.go``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def written(moment: datetime) -> str:
    """Write a time as RFC 3339 with as many decimals as it has, which is what Go does."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".") + "Z"


def due(validity_end_time: str, early_renewal_hours: int, now: datetime) -> bool:
    """Whether the time has come: the certificate has ended, or will within the hours of early renewal."""
    return datetime.fromisoformat(validity_end_time) - timedelta(hours=early_renewal_hours) <= now


def born_due(inputs: Mapping[str, Any]) -> bool:
    """Whether the settings alone make every new certificate due at once."""
    hours = inputs["validityPeriodHours"]
    return hours == 0 or inputs["earlyRenewalHours"] >= hours
