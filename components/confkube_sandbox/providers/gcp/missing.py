"""Methods that the real provider uses and the simulated cloud lacks.

A change that needs one of them is refused when the program is checked, not half-way through an update. A test compares
this list with what the cloud serves.
"""

from __future__ import annotations

METHODS = frozenset(
    {
        "compute.instanceGroups.setNamedPorts",
        "compute.instances.resume",
        "compute.instances.suspend",
        "compute.instances.update",
        "compute.instances.updateDisplayDevice",
        "compute.instances.updateNetworkInterface",
    }
)
