"""A small complete network and what runs in it, built through the provider one resource after the other."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driver import Engine, Resource

TAGS = {"confkube-cluster": "c1"}
IMAGE = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260923"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
IMPORT_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "vmie.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:Externalid": "vmimport"}},
        }
    ],
}
BUCKET = "arn:aws:s3:::confkube-sandbox-images"
IMPORT_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetBucketLocation", "s3:ListBucket"], "Resource": BUCKET},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/podvm-snp.raw"},
        {
            "Effect": "Allow",
            "Action": ["ec2:CopySnapshot", "ec2:Describe*", "ec2:ModifySnapshotAttribute", "ec2:RegisterImage"],
            "Resource": "*",
        },
    ],
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}


class World:
    """Resources by logical name, in the order of their creation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.made: dict[str, Resource] = {}

    def make(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        self.made[name] = self.engine.create(token, name, inputs)
        return self.made[name]

    def ids(self, *names: str) -> list[str]:
        return [self.made[name].id for name in names]

    def network(self) -> World:
        vpc = self.make(
            "aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "tags": TAGS}
        )
        subnet = {"vpcId": vpc.id, "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-2a", "tags": TAGS}
        self.make("aws:ec2/subnet:Subnet", "subnet", subnet)
        group = {"vpcId": vpc.id, "description": "nodes", "tags": TAGS}
        self.make("aws:ec2/securityGroup:SecurityGroup", "nodes", group)
        return self

    def egress(self) -> World:
        vpc, subnet = self.ids("vpc", "subnet")
        gateway = self.make("aws:ec2/internetGateway:InternetGateway", "igw", {"vpcId": vpc, "tags": TAGS})
        table = self.make("aws:ec2/routeTable:RouteTable", "table", {"vpcId": vpc, "tags": TAGS})
        route = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway.id}
        self.make("aws:ec2/route:Route", "route", route)
        link = {"routeTableId": table.id, "subnetId": subnet}
        self.make("aws:ec2/routeTableAssociation:RouteTableAssociation", "link", link)
        address = self.make("aws:ec2/eip:Eip", "address", {"domain": "vpc", "tags": TAGS})
        nat = {"allocationId": address.id, "subnetId": subnet, "tags": TAGS}
        self.make("aws:ec2/natGateway:NatGateway", "nat", nat)
        return self

    def rules(self) -> World:
        (group,) = self.ids("nodes")
        ssh = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "10.0.0.0/8", "description": "ssh"}
        kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
        self.make(kind, "ssh", {"securityGroupId": group, "tags": TAGS, **ssh})
        self.make(kind, "self", {"securityGroupId": group, "ipProtocol": "-1", "referencedSecurityGroupId": group})
        everywhere = {"securityGroupId": group, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
        self.make("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", everywhere)
        return self

    def identity(self) -> World:
        role = self.make("aws:iam/role:Role", "role", {"assumeRolePolicy": json.dumps(TRUST), "tags": TAGS})
        self.make("aws:iam/rolePolicy:RolePolicy", "policy", {"role": role.id, "policy": json.dumps(POLICY)})
        self.make("aws:iam/instanceProfile:InstanceProfile", "profile", {"role": role.id, "tags": TAGS})
        return self

    def user(self) -> World:
        user = self.make("aws:iam/user:User", "user", {"path": "/confkube/", "tags": TAGS})
        text = json.dumps(POLICY)
        self.make("aws:iam/userPolicy:UserPolicy", "own", {"user": user.id, "policy": text})
        rights = {"path": "/confkube/", "description": "few", "policy": text, "tags": TAGS}
        made = self.make("aws:iam/policy:Policy", "rights", rights)
        given = {"user": user.id, "policyArn": made.id}
        self.make("aws:iam/userPolicyAttachment:UserPolicyAttachment", "granted", given)
        self.make("aws:iam/accessKey:AccessKey", "key", {"user": user.id})
        return self

    def import_inputs(self) -> dict[str, Any]:
        place = {"s3Bucket": "confkube-sandbox-images", "s3Key": "podvm-snp.raw"}
        role = self.made["importer"].id
        return {
            "diskContainer": {"format": "RAW", "userBucket": place},
            "encrypted": True,
            "roleName": role,
            "tags": TAGS,
        }

    def importer(self) -> World:
        trust = {"assumeRolePolicy": json.dumps(IMPORT_TRUST), "tags": TAGS}
        role = self.make("aws:iam/role:Role", "importer", trust)
        rights = {"role": role.id, "policy": json.dumps(IMPORT_POLICY)}
        self.make("aws:iam/rolePolicy:RolePolicy", "import-policy", rights)
        return self

    def image_inputs(self) -> dict[str, Any]:
        return {
            "architecture": "x86_64",
            "bootMode": "uefi",
            "description": "made from a disk",
            "ebsBlockDevices": [
                {"deviceName": "/dev/xvda", "snapshotId": self.made["disk"].id, "volumeType": "gp3"},
            ],
            "enaSupport": True,
            "imdsSupport": "v2.0",
            "rootDeviceName": "/dev/xvda",
            "tags": TAGS,
            "tpmSupport": "v2.0",
            "virtualizationType": "hvm",
        }

    def imported(self) -> World:
        self.importer()
        self.make("aws:ebs/snapshotImport:SnapshotImport", "disk", self.import_inputs())
        self.make("aws:ec2/ami:Ami", "made-image", self.image_inputs())
        return self

    def secrets(self) -> World:
        secret = {"description": "x", "recoveryWindowInDays": 0, "tags": TAGS}
        made = self.make("aws:secretsmanager/secret:Secret", "secret", secret)
        version = {"secretId": made.id, "secretString": "hush"}
        self.make("aws:secretsmanager/secretVersion:SecretVersion", "version", version)
        return self

    def image(self) -> dict[str, Any]:
        filters = [{"name": "name", "values": [IMAGE]}]
        return self.engine.invoke("aws:ec2/getAmi:getAmi", {"owners": ["099720109477"], "filters": filters})

    def instance_inputs(self) -> dict[str, Any]:
        subnet, group, profile = self.ids("subnet", "nodes", "profile")
        return {
            "ami": self.image()["id"],
            "instanceType": "m6a.2xlarge",
            "subnetId": subnet,
            "vpcSecurityGroupIds": [group],
            "privateIp": "10.0.1.10",
            "iamInstanceProfile": profile,
            "userData": "#!/bin/sh\necho 1",
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled"},
            "cpuOptions": {"amdSevSnp": "enabled"},
            "rootBlockDevice": {"encrypted": True, "volumeSize": 30, "volumeType": "gp3"},
            "tags": TAGS,
            "volumeTags": TAGS,
        }

    def template_inputs(self) -> dict[str, Any]:
        (group,) = self.ids("nodes")
        image = self.image()
        disk = {"encrypted": "true", "volumeSize": 40, "volumeType": "gp3", "deleteOnTermination": "true"}
        return {
            "imageId": image["id"],
            "instanceType": "m6a.large",
            "userData": base64.b64encode(b"#!/bin/sh").decode(),
            "cpuOptions": {"amdSevSnp": "enabled"},
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled"},
            "blockDeviceMappings": [{"deviceName": image["rootDeviceName"], "ebs": disk}],
            "vpcSecurityGroupIds": [group],
            "tagSpecifications": [{"resourceType": "instance", "tags": TAGS}, {"resourceType": "volume", "tags": TAGS}],
            "updateDefaultVersion": True,
            "tags": TAGS,
        }

    def group_inputs(self) -> dict[str, Any]:
        subnet, template = self.ids("subnet", "template")
        return {
            "minSize": 1,
            "maxSize": 4,
            "desiredCapacity": 2,
            "vpcZoneIdentifiers": [subnet],
            "launchTemplate": {"id": template, "version": str(self.made["template"].outputs["latestVersion"])},
            "forceDelete": True,
            "tags": [
                {"key": "Name", "value": "w", "propagateAtLaunch": True},
                {"key": "a", "value": "b", "propagateAtLaunch": True},
            ],
        }

    def machine(self) -> World:
        self.make("aws:ec2/instance:Instance", "machine", self.instance_inputs())
        return self

    def interface_inputs(self) -> dict[str, Any]:
        subnet, group = self.ids("subnet", "nodes")
        return {
            "subnetId": subnet,
            "securityGroups": [group],
            "privateIps": ["10.0.1.20"],
            "description": "control",
            "tags": TAGS,
        }

    def interface(self) -> World:
        self.make("aws:ec2/networkInterface:NetworkInterface", "interface", self.interface_inputs())
        return self

    def attached_inputs(self) -> dict[str, Any]:
        own = {"subnetId", "vpcSecurityGroupIds", "privateIp"}
        inputs = {key: value for key, value in self.instance_inputs().items() if key not in own}
        return inputs | {"primaryNetworkInterface": {"networkInterfaceId": self.made["interface"].id}}

    def attached(self) -> World:
        self.make("aws:ec2/instance:Instance", "attached", self.attached_inputs())
        return self

    def pool(self) -> World:
        self.make("aws:ec2/launchTemplate:LaunchTemplate", "template", self.template_inputs())
        self.make("aws:autoscaling/group:Group", "pool", self.group_inputs())
        return self

    def public(self) -> World:
        (machine,) = self.ids("machine")
        address = self.make("aws:ec2/eip:Eip", "public", {"domain": "vpc"})
        link = {"allocationId": address.id, "instanceId": machine}
        self.make("aws:ec2/eipAssociation:EipAssociation", "published", link)
        return self

    def everything(self) -> World:
        made = self.network().egress().rules().identity().secrets().machine().pool().public()
        return made.interface().attached().user().imported()
