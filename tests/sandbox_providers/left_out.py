"""Outputs that the SDK declares and that have no value in the world of ``world.py``, each with the reason.

Whatever else is declared must be returned: a program would read a silent ``None``.
"""

from __future__ import annotations

# An optional input without a value of its own: the real provider has none either when the program gives none.
NOT_ASKED_FOR = "not asked for"
# An optional input that is not simulated, so it cannot be asked for.
NOT_SIMULATED = "not simulated, and without a value unless asked for"
# The real provider derives it from the name and has the empty text for names without its suffix.
NO_PREFIX = "the name has no prefix"
# The rest of the world is made of resources of their own; the real provider repeats them here when it refreshes.
RESOURCES_OF_THEIR_OWN = "made as resources of their own"
NOT_REPORTED = "the simulated cloud does not report it"
OTHER_KIND = "of the other kinds of target, which a route has one of"

LEFT_OUT: dict[str, dict[str, list[str]]] = {
    "aws:ec2/vpc:Vpc": {NOT_SIMULATED: ["ipv4IpamPoolId", "ipv4NetmaskLength"]},
    "aws:ec2/subnet:Subnet": {
        NOT_SIMULATED: ["ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6NetmaskLength"]
    },
    "aws:ec2/securityGroup:SecurityGroup": {RESOURCES_OF_THEIR_OWN: ["egress", "ingress"], NO_PREFIX: ["namePrefix"]},
    "aws:ec2/routeTable:RouteTable": {RESOURCES_OF_THEIR_OWN: ["routes"]},
    "aws:ec2/route:Route": {OTHER_KIND: ["natGatewayId", "networkInterfaceId", "vpcPeeringConnectionId"]},
    "aws:ec2/eip:Eip": {
        NOT_SIMULATED: ["address", "associateWithPrivateIp", "ipamPoolId"],
        "not attached to anything when it is made": ["privateDns"],
    },
    "aws:ec2/eipAssociation:EipAssociation": {NOT_ASKED_FOR: ["allowReassociation"]},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {NOT_ASKED_FOR: ["cidrIpv6", "prefixListId"]},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
        NOT_ASKED_FOR: [
            "cidrIpv6",
            "description",
            "fromPort",
            "prefixListId",
            "referencedSecurityGroupId",
            "tags",
            "toPort",
        ]
    },
    "aws:iam/role:Role": {
        RESOURCES_OF_THEIR_OWN: ["inlinePolicies"],
        NO_PREFIX: ["namePrefix"],
        NOT_ASKED_FOR: ["permissionsBoundary"],
    },
    "aws:iam/rolePolicy:RolePolicy": {NO_PREFIX: ["namePrefix"]},
    "aws:iam/instanceProfile:InstanceProfile": {NO_PREFIX: ["namePrefix"]},
    "aws:iam/user:User": {NOT_SIMULATED: ["permissionsBoundary"]},
    "aws:iam/userPolicy:UserPolicy": {NO_PREFIX: ["namePrefix"]},
    "aws:iam/policy:Policy": {NO_PREFIX: ["namePrefix"], NOT_SIMULATED: ["delayAfterPolicyCreationInMs"]},
    "aws:iam/accessKey:AccessKey": {
        NOT_SIMULATED: ["encryptedSecret", "encryptedSesSmtpPasswordV4", "keyFingerprint", "pgpKey"]
    },
    "aws:ebs/snapshotImport:SnapshotImport": {
        NOT_ASKED_FOR: ["clientData"],
        NOT_SIMULATED: ["permanentRestore", "temporaryRestoreDays"],
    },
    "aws:ec2/ami:Ami": {NOT_SIMULATED: ["deprecationTime", "kernelId", "ramdiskId", "uefiData"]},
    "aws:secretsmanager/secret:Secret": {NO_PREFIX: ["namePrefix"], NOT_ASKED_FOR: ["policy"], NOT_SIMULATED: ["type"]},
    "aws:secretsmanager/secretVersion:SecretVersion": {
        NOT_ASKED_FOR: ["secretBinary", "secretStringWo", "secretStringWoVersion"]
    },
    "aws:ec2/networkInterface:NetworkInterface": {
        "the machine says which interface it took": ["attachments"],
        NOT_SIMULATED: ["connectionTrackingSpecification", "enaSrdSpecification", "enablePrimaryIpv6"],
    },
    "aws:ec2/instance:Instance": {
        NOT_ASKED_FOR: [
            "creditSpecification",
            "instanceMarketOptions",
            "keyName",
            "launchTemplate",
            "userDataBase64",
        ],
        NOT_SIMULATED: ["enablePrimaryIpv6", "hostResourceGroupArn"],
        NOT_REPORTED: ["privateDnsNameOptions"],
    },
    "aws:ec2/launchTemplate:LaunchTemplate": {
        NOT_ASKED_FOR: [
            "capacityReservationSpecification",
            "creditSpecification",
            "description",
            "disableApiStop",
            "disableApiTermination",
            "ebsOptimized",
            "enclaveOptions",
            "hibernationOptions",
            "iamInstanceProfile",
            "instanceInitiatedShutdownBehavior",
            "instanceMarketOptions",
            "keyName",
            "maintenanceOptions",
            "monitoring",
            "networkInterfaces",
            "placement",
            "privateDnsNameOptions",
            "securityGroupNames",
        ],
        NO_PREFIX: ["namePrefix"],
        NOT_SIMULATED: [
            "instanceRequirements",
            "kernelId",
            "licenseSpecifications",
            "networkPerformanceOptions",
            "ramDiskId",
            "secondaryInterfaces",
        ],
    },
    "aws:autoscaling/group:Group": {
        NOT_ASKED_FOR: [
            "defaultInstanceWarmup",
            "instanceMaintenancePolicy",
            "instanceRefresh",
            "maxInstanceLifetime",
            "placementGroup",
        ],
        NO_PREFIX: ["namePrefix"],
        NOT_REPORTED: ["availabilityZoneDistribution", "capacityReservationSpecification"],
        NOT_SIMULATED: [
            "context",
            "desiredCapacityType",
            "initialLifecycleHooks",
            "instanceLifecyclePolicy",
            "minElbCapacity",
            "mixedInstancesPolicy",
            "waitForElbCapacity",
            "warmPool",
        ],
    },
}


def names(token: str) -> set[str]:
    """All outputs of a type that may be missing."""
    return {name for listed in LEFT_OUT.get(token, {}).values() for name in listed}
