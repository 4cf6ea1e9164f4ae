"""A program with something wrong in it fails at the step where Azure would refuse it, and leaves nothing behind."""

from wrong_programs import failure, refused_machines

from confkube_sandbox.access import azure

START = """
import pulumi
import pulumi_azure_native as azure

WHERE = {"location": "westus"}
group = azure.resources.ResourceGroup("group", **WHERE)
WHERE |= {"resource_group_name": group.name}
vnet = azure.network.VirtualNetwork("vnet", address_space={"address_prefixes": ["10.1.0.0/16"]}, **WHERE)
subnet = azure.network.Subnet(
    "subnet", resource_group_name=group.name, virtual_network_name=vnet.name, address_prefix="10.1.0.0/24"
)
nic = azure.network.NetworkInterface(
    "nic", ip_configurations=[{"name": "one", "subnet": {"id": subnet.id}}], **WHERE
)
"""

MACHINE = """
nic = azure.network.NetworkInterface(
    "nic-of-NAME", ip_configurations=[{"name": "one", "subnet": {"id": subnet.id}}], **WHERE
)
azure.compute.VirtualMachine(
    "NAME",
    hardware_profile={"vm_size": "SIZE"},
    security_profile=SECURITY,
    storage_profile={
        "image_reference": dict(
            zip(("publisher", "offer", "sku", "version"), "Canonical:ubuntu-24_04-lts:IMAGE".split(":"))
        ),
        "os_disk": {
            "create_option": "FromImage",
            "managed_disk": {"storage_account_type": "Premium_LRS", "security_profile": DISK},
        },
    },
    os_profile={
        "computer_name": "wrong",
        "admin_username": "somebody",
        "admin_password": "Not-4-real-one",
        "linux_configuration": {"disable_password_authentication": False},
    },
    network_profile={"network_interfaces": [{"id": nic.id}]},
    **WHERE,
)
"""
CONFIDENTIAL = (
    '{"security_type": "ConfidentialVM", "uefi_settings": {"v_tpm_enabled": True, "secure_boot_enabled": True}}'
)
TRUSTED = '{"security_type": "TrustedLaunch", "uefi_settings": {"v_tpm_enabled": True, "secure_boot_enabled": True}}'
WHOLE = '{"security_encryption_type": "DiskWithVMGuestState"}'
CVM, SERVER = "cvm:24.04.202607310", "server:24.04.202609040"


MACHINES = {
    "a-plain-size": ("Standard_D8as_v5", CONFIDENTIAL, CVM, WHOLE, "Standard_D8as_v5"),
    "a-confidential-size": ("Standard_DC4as_v5", TRUSTED, SERVER, "None", "Standard_DC4as_v5"),
    "no-disk-profile": ("Standard_DC4as_v5", CONFIDENTIAL, CVM, "None", "securityEncryptionType|securityProfile"),
    "no-such-image": ("Standard_D8as_v5", TRUSTED, "server:24.04.209901010", "None", "PlatformImageNotFound"),
}
"""Name -> size, security profile, image, disk's security profile, and what Azure says to them."""


def machine(name, size, security, image, disk):
    text = MACHINE.replace("SIZE", size).replace("SECURITY", security).replace("IMAGE", image)
    return text.replace("DISK", disk).replace("NAME", name)


def test_machines_that_azure_does_not_make_fail_at_create(stack_in):
    program = START + "".join(machine(name, *values) for name, (*values, _) in MACHINES.items())
    refused_machines(stack_in("azure-machines", {}, program), {name: each[-1] for name, each in MACHINES.items()})


def test_a_subnet_in_use_fails_at_delete(stack_in):
    stack = stack_in("azure-in-use", {}, START)
    before = stack.inventory()
    stack.up()
    network = azure.client(azure.connect(stack.home, stack.subscription), "network")
    (interface,) = network.network_interfaces.list_all()
    group = interface.id.split("/")[4]
    other = network.network_interfaces.begin_create_or_update(
        group,
        "other",
        {
            "location": "westus",
            "properties": {
                "ipConfigurations": [
                    {"name": "one", "properties": {"subnet": {"id": interface.ip_configurations[0].subnet.id}}}
                ]
            },
        },
    ).result()
    failure(stack.destroy, "InUseSubnetCannotBeDeleted")
    network.network_interfaces.begin_delete(group, other.name).wait()
    stack.destroy()
    assert stack.inventory() == before


def test_an_unknown_type_and_a_wrong_value_are_refused(stack_in):
    wrong = '\nazure.network.Subnet("wrong", resource_group_name=group.name, virtual_network_name=vnet.name, PREFIX)\n'
    stack = stack_in("azure-misspelt", {}, START + wrong.replace("PREFIX", 'address_prefix="banana"'))
    failure(stack.up, "banana")
    program = stack.folder / "stacks" / "__main__.py"
    program.write_text(START + wrong.replace("PREFIX", 'address_prefix="10.1.1.0/24", default_outbound_access="maybe"'))
    failure(stack.preview, "defaultOutboundAccess")
    program.write_text(START + '\nazure.compute.Disk("disk", creation_data={"create_option": "Empty"}, **WHERE)\n')
    failure(stack.preview, "azure-native:compute:Disk")
    stack.destroy()


def test_a_group_to_borrow_that_is_not_there_is_refused_in_preview(stack_in, committed_config):
    config = committed_config("cvm-nodes-azure-snp")
    config["confkube:args"]["platform"]["azure"]["resource_group"] = "nope"
    text = failure(stack_in("azure-borrowed", config).preview, "resource_group: there is no resource group nope")
    assert "az group create --name nope" in text
