"""A program with something wrong in it fails at the step where the cloud would refuse it, and leaves nothing behind."""

from wrong_programs import failure

START = """
import pulumi
import pulumi_aws as aws

REGION = {"region": "us-east-2"}
vpc = aws.ec2.Vpc("vpc", cidr_block="10.1.0.0/16", **REGION)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.1.0.0/24", availability_zone="us-east-2a", **REGION)
group = aws.ec2.SecurityGroup(
    "group", vpc_id=vpc.id, **REGION, opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete="2s"))
)
"""

OTHER_NETWORK = """
other = aws.ec2.Vpc("other", cidr_block="10.2.0.0/16", **REGION)
elsewhere = aws.ec2.Subnet(
    "elsewhere", vpc_id=other.id, cidr_block="10.2.0.0/24", availability_zone="us-east-2a", **REGION
)
image = aws.ec2.get_ami(owners=["099720109477"], most_recent=True, **REGION)
aws.ec2.Instance(
    "wrong",
    ami=image.id,
    instance_type="m6a.large",
    subnet_id=elsewhere.id,
    vpc_security_group_ids=[group.id],
    **REGION,
)
"""

NO_UEFI = """
config = pulumi.Config()
aws.ec2.Instance(
    "wrong",
    ami=config.require("image"),
    instance_type="m6a.large",
    subnet_id=subnet.id,
    cpu_options={"amd_sev_snp": "enabled"},
    **REGION,
)
"""

MISSPELT = """
aws.ec2.Subnet("wrong", vpc_id=vpc.id, cidr_block="banana", availability_zone="us-east-2a", **REGION)
"""

REGION = {"aws:region": "us-east-2"}


def test_a_subnet_of_another_network_fails_at_create(stack_in):
    stack = stack_in("other-network", REGION, START + OTHER_NETWORK)
    before = stack.inventory()
    assert set(stack.preview().changed) == {"create"}
    text = failure(stack.up)
    assert "api error InvalidParameter" in text
    assert "belong to different networks" in text
    stack.destroy()
    assert stack.inventory() == before


def test_an_image_without_uefi_fails_at_create(stack_in):
    stack = stack_in("no-uefi", REGION, START + NO_UEFI)
    ec2 = stack.boto("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-2a", Size=8, VolumeType="gp3")["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    image = ec2.register_image(
        Name="legacy",
        Architecture="x86_64",
        VirtualizationType="hvm",
        RootDeviceName="/dev/sda1",
        BootMode="legacy-bios",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]
    before = stack.inventory()
    stack.configure({**REGION, "confkube:image": image})
    stack.preview()
    text = failure(stack.up)
    assert "creating EC2 Instance: " in text
    assert "boot mode" in text.lower()
    stack.destroy()
    assert stack.inventory() == before


def test_a_security_group_in_use_fails_at_delete(stack_in):
    stack = stack_in("in-use", REGION, START)
    before = stack.inventory()
    stack.up()
    ec2 = stack.boto("ec2")
    (group,) = [found for found in ec2.describe_security_groups()["SecurityGroups"] if "group-" in found["GroupName"]]
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [group["VpcId"]]}])["Subnets"]
    interface = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group["GroupId"]])
    text = failure(stack.destroy)
    assert "DependencyViolation" in text
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterface"]["NetworkInterfaceId"])
    stack.destroy()
    assert stack.inventory() == before


def test_an_unknown_type_and_a_wrong_value_are_refused(stack_in):
    stack = stack_in("misspelt", REGION, START + MISSPELT)
    assert "banana" in failure(stack.preview) or "banana" in failure(stack.up)
    stack.configure(REGION)
    (stack.folder / "stacks" / "__main__.py").write_text(START + '\naws.s3.Bucket("bucket")\n')
    assert "unrecognized resource type (Check): aws:s3/bucket:Bucket" in failure(stack.preview)
    stack.destroy()
