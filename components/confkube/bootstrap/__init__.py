"""Boot text: what a stock machine is told at its first start, rendered from typed values."""

from confkube.bootstrap.charts import AddOn, Archive, Folder
from confkube.bootstrap.files import BootFile
from confkube.bootstrap.host_runtime import KVM, MSHV, REMOTE, HostRuntime, mshv
from confkube.bootstrap.nested_host import nested_host
from confkube.bootstrap.nested_values import Children, NestedHostBoot, Overlay
from confkube.bootstrap.overlay import OVERLAY_UNITS, overlay_files
from confkube.bootstrap.relying_party import DEMO_PATH, RELYING_PARTY_PORT, UNBOUND, UNVERIFIED, RelyingParty
from confkube.bootstrap.render import control_plane, worker
from confkube.bootstrap.software import Download, Software, pinned, pinned_for
from confkube.bootstrap.spire_server import ENROLMENT_PORT, trust_server
from confkube.bootstrap.trustee_server import TRUSTEE_PORT, TrusteeServerBoot, container_image, trustee_server
from confkube.bootstrap.values import (
    BootProfile,
    ControlPlaneBoot,
    Taint,
    TrustAgent,
    TrustServerBoot,
    WorkerBoot,
)

__all__ = [
    "DEMO_PATH",
    "ENROLMENT_PORT",
    "KVM",
    "MSHV",
    "OVERLAY_UNITS",
    "RELYING_PARTY_PORT",
    "REMOTE",
    "TRUSTEE_PORT",
    "UNBOUND",
    "UNVERIFIED",
    "AddOn",
    "Archive",
    "BootFile",
    "BootProfile",
    "Children",
    "ControlPlaneBoot",
    "Download",
    "Folder",
    "HostRuntime",
    "NestedHostBoot",
    "Overlay",
    "RelyingParty",
    "Software",
    "Taint",
    "TrustAgent",
    "TrustServerBoot",
    "TrusteeServerBoot",
    "WorkerBoot",
    "container_image",
    "control_plane",
    "mshv",
    "nested_host",
    "overlay_files",
    "pinned",
    "pinned_for",
    "trust_server",
    "trustee_server",
    "worker",
]
