"""cvm-nodes-aws-snp on the real engine, read with boto3."""

import base64
import gzip
from contextlib import contextmanager

from life_suite import Life, Machine

RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def tags_of(found, key="Tags"):
    return {tag["Key"]: tag["Value"] for tag in found[key]}


def running(stack):
    for reservation in stack.boto("ec2").describe_instances()["Reservations"]:
        yield from (each for each in reservation["Instances"] if each["State"]["Name"] == "running")


class TestLife(Life):
    name = "cvm-nodes-aws-snp"
    least_resources = 60
    group = "aws:autoscaling/group:Group"
    big = "c6a.xlarge"
    moved = ({"zone": "us-east-2b"}, "its zone is us-east-2a and cannot become us-east-2b")

    def machines(self, stack):
        ec2 = stack.boto("ec2")
        return [self.machine(ec2, each) for each in running(stack)]

    def machine(self, ec2, found):
        labels = [tags_of(found)]
        volumes = [mapping["Ebs"]["VolumeId"] for mapping in found["BlockDeviceMappings"]]
        disks = ec2.describe_volumes(VolumeIds=volumes)["Volumes"]
        names = [each["NetworkInterfaceId"] for each in found["NetworkInterfaces"]]
        interfaces = ec2.describe_network_interfaces(NetworkInterfaceIds=names)["NetworkInterfaces"]
        labels += [*map(tags_of, disks), *(tags_of(each, "TagSet") for each in interfaces)]
        options = found["MetadataOptions"]
        assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
        return Machine(
            id=found["InstanceId"],
            role=labels[0]["Name"].removeprefix(f"{self.name}-"),
            tee="snp" if found.get("CpuOptions", {}).get("AmdSevSnp") == "enabled" else None,
            shielded=found["BootMode"] in ("uefi", "uefi-preferred"),
            public="PublicIpAddress" in found,
            encrypted=all(disk["Encrypted"] for disk in disks),
            labels=labels,
        )

    def open_to_everybody(self, stack):
        groups = stack.boto("ec2").describe_security_groups()["SecurityGroups"]
        permissions = [each for group in groups for each in group["IpPermissions"]]
        return [each for each in permissions if any(one["CidrIp"] == "0.0.0.0/0" for one in each["IpRanges"])]

    def user_data(self, stack):
        texts = []
        for each in running(stack):
            found = stack.boto("ec2").describe_instance_attribute(InstanceId=each["InstanceId"], Attribute="userData")
            raw = base64.b64decode(found["UserData"]["Value"])
            texts.append((gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode())
        assert texts
        return texts

    def secret(self, stack):
        store = stack.boto("secretsmanager")
        (entry,) = store.list_secrets()["SecretList"]
        return store.get_secret_value(SecretId=entry["ARN"])["SecretString"]

    def check_grants(self, stack):
        iam = stack.boto("iam")
        (entry,) = stack.boto("secretsmanager").list_secrets()["SecretList"]
        granted = {}
        for role in iam.list_roles()["Roles"]:
            (name,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
            document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
            tier = role["RoleName"].removeprefix(f"{self.name}-").rsplit("-identity", 1)[0]
            granted[tier] = {each["Sid"]: each["Resource"] for each in document["Statement"]}
        assert granted == {
            "control-plane": {"OwnSecret": entry["ARN"], "Session": "*"},
            "trust": {"InspectMachines": "*", "Session": "*"},
        }

    def drift(self, stack):
        ec2, scaling = stack.boto("ec2"), stack.boto("autoscaling")
        wanted = [{"Name": "tag:Name", "Values": [f"{self.name}-network-workers"]}]
        (group,) = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
        rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
        (rule,) = [
            each["SecurityGroupRuleId"]
            for each in rules["SecurityGroupRules"]
            if each.get("FromPort") == 10250 and each["Description"] == "logs, exec and metrics"
        ]
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], SecurityGroupRuleIds=[rule])
        (pool,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        scaling.update_auto_scaling_group(
            AutoScalingGroupName=pool["AutoScalingGroupName"], DesiredCapacity=2, MaxSize=5
        )
        gone = f"{RULE} {self.name}-network-workers-kubelet-from-control-plane"
        changed = f"{self.group} {self.name}-workers"
        return {gone, changed}, {"create": {gone}, "update": {changed}}

    def pool_parts(self, pool):
        return {f"aws:ec2/launchTemplate:LaunchTemplate {self.name}-{pool}", f"{self.group} {self.name}-{pool}"}

    def opened(self, stack):
        return {
            "create": {
                f"aws:ec2/eip:Eip {self.name}-control-plane-address",
                f"aws:ec2/eipAssociation:EipAssociation {self.name}-control-plane-address",
                f"{RULE} {self.name}-network-control-plane-api-from-203-0-113-0-24",
            },
            "update": {f"aws:ec2/route:Route {self.name}-network-control-plane-out"},
        }

    def kept_machine(self):
        return f"aws:ec2/instance:Instance {self.name}-control-plane"

    @contextmanager
    def elsewhere(self, stack, config):
        mine = stack.stack.workspace.env_vars["AWS_ACCESS_KEY_ID"]
        stack.stack.workspace.env_vars["AWS_ACCESS_KEY_ID"] = "CFKSIM00000000999900"
        try:
            yield
        finally:
            stack.stack.workspace.env_vars["AWS_ACCESS_KEY_ID"] = mine
