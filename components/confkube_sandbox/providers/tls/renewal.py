"""When a certificate wants to be renewed, and the form in which the provider keeps its two times.

Source: hashicorp/terraform-provider-tls, ``modifyPlanIfCertificateReadyForRenewal`` in
``internal/provider/common_cert.go`` and ``internal/provider/attribute_plan_modifier_bool/default_value.go``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def written(moment: datetime) -> str:
    """Write a time as Go does: in this computer's time zone, with as many decimals as it has."""
    local = moment.astimezone()
    text = local.replace(tzinfo=None).isoformat(timespec="microseconds").rstrip("0").rstrip(".")
    offset = local.strftime("%z")
    return text + ("Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}")


def due(validity_end_time: str, early_renewal_hours: int, now: datetime) -> bool:
    """Whether the time has come: the certificate has ended, or will within the hours of early renewal."""
    return datetime.fromisoformat(validity_end_time) - timedelta(hours=early_renewal_hours) <= now


def born_due(inputs: Mapping[str, Any]) -> bool:
    """Whether the settings alone make every new certificate due at once."""
    hours = inputs["validityPeriodHours"]
    return hours == 0 or inputs["earlyRenewalHours"] >= hours
