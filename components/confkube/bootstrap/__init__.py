"""Boot text: what a stock machine is told at its first start, rendered from typed values."""

from confkube.bootstrap.render import ENROLMENT_PORT, control_plane, trust_server, worker
from confkube.bootstrap.software import Download, Software, pinned
from confkube.bootstrap.values import (
    AddOn,
    BootProfile,
    ControlPlaneBoot,
    Taint,
    TrustAgent,
    TrustServerBoot,
    WorkerBoot,
)

__all__ = [
    "ENROLMENT_PORT",
    "AddOn",
    "BootProfile",
    "ControlPlaneBoot",
    "Download",
    "Software",
    "Taint",
    "TrustAgent",
    "TrustServerBoot",
    "WorkerBoot",
    "control_plane",
    "pinned",
    "trust_server",
    "worker",
]
