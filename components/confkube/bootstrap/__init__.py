"""Boot text: what a stock machine is told at its first start, rendered from typed values."""

from confkube.bootstrap.render import control_plane, worker
from confkube.bootstrap.software import Download, Software, pinned
from confkube.bootstrap.spire_server import ENROLMENT_PORT, trust_server
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
