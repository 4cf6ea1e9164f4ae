"""Operations that the real provider uses and the simulated cloud lacks.

A change that needs one of them is refused when the program is checked, not half-way through an update. A test compares
this list with what the cloud serves.
"""

from __future__ import annotations

OPERATIONS = frozenset(
    {
        "AssignPrivateIpAddresses",
        "DeleteRolePermissionsBoundary",
        "DescribeVolumesModifications",
        "ModifyImageAttribute",
        "ModifyInstanceCreditSpecification",
        "ModifyInstanceMaintenanceOptions",
        "ModifyPrivateDnsNameOptions",
        "ModifyVolume",
        "ModifyVpcTenancy",
        "MonitorInstances",
        "PutRolePermissionsBoundary",
        "StartInstanceRefresh",
        "UnassignPrivateIpAddresses",
        "UnmonitorInstances",
        "UpdateUser",
    }
)
