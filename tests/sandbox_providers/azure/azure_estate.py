"""A resource group with a network and machines, built through the provider one resource after the other."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from azure_parts import LOCATION, SUBSCRIPTION, TENANT, kind
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from confkube import facts

if TYPE_CHECKING:
    from driver import Engine, Resource

TAGS = {"confkube-cluster": "c1"}
_ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
# Key Vault Secrets User: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
READER = f"{_ROLES}/4633458b-17de-408a-b874-0445c86b69e6"
DISK = "https://confkubesandbox.blob.core.windows.net/images/podvm-az-cvm-vtpm.vhd"


def asset(content: str) -> dict[str, str]:
    """A text as the engine hands it over: sdk/go/common/resource/asset of github.com/pulumi/pulumi."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "hash": digest, "text": content}


@cache
def public_key() -> str:
    """A public key as ssh writes it; machines want one."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return made.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def text(value: str) -> str:
    """Boot text as the API wants it."""
    return base64.b64encode(value.encode()).decode()


def image(*, confidential: bool) -> dict[str, str]:
    """The stock image as a machine names it."""
    name = facts.stock_image("azure", confidential=confidential).name
    return dict(zip(("publisher", "offer", "sku", "version"), name.split(":"), strict=True))


class Estate:
    """Makes resources by the names of the methods; each is made once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.made: dict[str, Resource] = {}

    def make(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        if name not in self.made:
            self.made[name] = self.engine.create(kind(token), name, inputs)
        return self.made[name]

    @property
    def group(self) -> dict[str, str]:
        made = self.make("resources:ResourceGroup", "group", {"tags": TAGS})
        return {"resourceGroupName": made.outputs["name"]}

    @property
    def common(self) -> dict[str, Any]:
        return {**self.group, "tags": TAGS}

    def network(self) -> Resource:
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        return self.make("network:VirtualNetwork", "network", {**self.common, **space})

    def firewall(self) -> Resource:
        rule = {
            "name": "api",
            "priority": 100,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": "10.0.0.0/16",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "6443",
        }
        return self.make("network:NetworkSecurityGroup", "firewall", {**self.common, "securityRules": [rule]})

    def address(self, name: str = "address") -> Resource:
        standard = {"sku": {"name": "Standard"}, "publicIPAllocationMethod": "Static"}
        return self.make("network:PublicIPAddress", name, {**self.common, **standard})

    def gateway(self) -> Resource:
        public = [{"id": self.address().id}]
        wanted = {"sku": {"name": "Standard"}, "publicIpAddresses": public}
        return self.make("network:NatGateway", "gateway", {**self.common, **wanted})

    def subnet(self) -> Resource:
        wanted = {
            "virtualNetworkName": self.network().outputs["name"],
            "addressPrefix": "10.0.1.0/24",
            "networkSecurityGroup": {"id": self.firewall().id},
            "natGateway": {"id": self.gateway().id},
            "defaultOutboundAccess": False,
        }
        return self.make("network:Subnet", "subnet", {**self.group, **wanted})

    def interface(self, name: str = "interface", address: str = "10.0.1.10", **more: Any) -> Resource:
        configuration = {
            "name": "primary",
            "primary": True,
            "subnet": {"id": self.subnet().id},
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Static",
            **more,
        }
        return self.make("network:NetworkInterface", name, {**self.common, "ipConfigurations": [configuration]})

    def identity(self) -> Resource:
        return self.make("managedidentity:UserAssignedIdentity", "identity", self.common)

    def machine_inputs(self) -> dict[str, Any]:
        return {
            **self.common,
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "securityProfile": {
                "securityType": "TrustedLaunch",
                "uefiSettings": {"vTpmEnabled": True, "secureBootEnabled": True},
            },
            "storageProfile": {
                "imageReference": image(confidential=False),
                "osDisk": {
                    "createOption": "FromImage",
                    "deleteOption": "Delete",
                    "diskSizeGB": 64,
                    "managedDisk": {"storageAccountType": "Premium_LRS"},
                },
            },
            "osProfile": {"computerName": "machine", **self.login("hush-hush")},
            "networkProfile": {"networkInterfaces": [{"id": self.interface().id, "primary": True}]},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [self.identity().id]},
        }

    def login(self, boot: str) -> dict[str, Any]:
        keys = {"publicKeys": [{"path": "/home/confkube/.ssh/authorized_keys", "keyData": public_key()}]}
        return {
            "adminUsername": "confkube",
            "customData": text(boot),
            "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": keys},
        }

    def machine(self) -> Resource:
        return self.make("compute:VirtualMachine", "machine", self.machine_inputs())

    def pool_inputs(self, count: int = 2) -> dict[str, Any]:
        card = {
            "name": "primary",
            "primary": True,
            "enableAcceleratedNetworking": False,
            "ipConfigurations": [{"name": "primary", "primary": True, "subnet": {"id": self.subnet().id}}],
        }
        disk = {
            "createOption": "FromImage",
            "managedDisk": {
                "storageAccountType": "Premium_LRS",
                "securityProfile": {"securityEncryptionType": "VMGuestStateOnly"},
            },
        }
        return {
            **self.common,
            "sku": {"name": "Standard_DC2as_v5", "capacity": count},
            "upgradePolicy": {"mode": "Manual"},
            "overprovision": False,
            "singlePlacementGroup": False,
            "orchestrationMode": "Uniform",
            "virtualMachineProfile": {
                "securityProfile": {
                    "securityType": "ConfidentialVM",
                    "uefiSettings": {"vTpmEnabled": True, "secureBootEnabled": True},
                },
                "storageProfile": {"imageReference": image(confidential=True), "osDisk": disk},
                "osProfile": {"computerNamePrefix": "pool", **self.login("pool-boot")},
                "networkProfile": {"networkInterfaceConfigurations": [card]},
            },
        }

    def pool(self) -> Resource:
        return self.make("compute:VirtualMachineScaleSet", "pool", self.pool_inputs())

    def vault(self) -> Resource:
        properties = {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
        }
        return self.make("keyvault:Vault", "vault", {**self.common, "properties": properties})

    def secret(self) -> Resource:
        wanted = {"vaultName": self.vault().outputs["name"], "properties": {"value": "hush-hush"}}
        return self.make("keyvault:Secret", "secret", {**self.group, **wanted})

    def assignment(self) -> Resource:
        wanted = {
            "scope": self.secret().id,
            "principalId": self.identity().outputs["principalId"],
            "principalType": "ServicePrincipal",
            "roleDefinitionId": READER,
        }
        return self.make("authorization:RoleAssignment", "assignment", wanted)

    def bastion(self) -> Resource:
        wanted = {"virtualNetworkName": self.network().outputs["name"], "addressPrefix": "10.0.2.0/26"}
        wanted["subnetName"] = "AzureBastionSubnet"
        subnet = self.make("network:Subnet", "bastion-subnet", {**self.group, **wanted})
        public = self.address("bastion-address")
        configuration = {"name": "a", "subnet": {"id": subnet.id}, "publicIPAddress": {"id": public.id}}
        wanted = {"sku": {"name": "Standard"}, "enableTunneling": True, "ipConfigurations": [configuration]}
        return self.make("network:BastionHost", "bastion", {**self.common, **wanted})

    def credential(self) -> Resource:
        wanted = {
            "resourceName": self.identity().outputs["name"],
            "issuer": "https://issuer.example.org/",
            "subject": "system:serviceaccount:one:two",
            "audiences": ["api://AzureADTokenExchange"],
        }
        return self.make("managedidentity:FederatedIdentityCredential", "credential", {**self.group, **wanted})

    def role(self) -> Resource:
        scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group['resourceGroupName']}"
        wanted = {
            "scope": scope,
            "roleName": "starts machines",
            "roleType": "CustomRole",
            "description": "for a test",
            "permissions": [{"actions": ["Microsoft.Compute/virtualMachines/write"]}],
            "assignableScopes": [scope],
        }
        return self.make("authorization:RoleDefinition", "role", wanted)

    def account(self) -> Resource:
        wanted = {
            "accountName": "accountoftests",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "allowBlobPublicAccess": True,
            "allowSharedKeyAccess": True,
            "enableHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
        }
        return self.make("storage:StorageAccount", "account", {**self.common, **wanted})

    def container(self) -> Resource:
        wanted = {"accountName": self.account().outputs["name"], "publicAccess": "Blob"}
        return self.make("storage:BlobContainer", "container", {**self.group, **wanted})

    def blob(self, content: str = "{}") -> Resource:
        wanted = {
            "accountName": self.account().outputs["name"],
            "containerName": self.container().outputs["name"],
            "blobName": ".well-known/openid-configuration",
            "contentType": "application/json",
            "source": asset(content),
        }
        return self.make("storage:Blob", "blob", {**self.group, **wanted})

    def image(self) -> Resource:
        disk = {"osType": "Linux", "osState": "Generalized", "blobUri": DISK, "storageAccountType": "Standard_LRS"}
        wanted = {"hyperVGeneration": "V2", "storageProfile": {"osDisk": disk}}
        return self.make("compute:Image", "image", {**self.common, **wanted})

    def gallery(self) -> Resource:
        return self.make("compute:Gallery", "gallery", {**self.common, "galleryName": "gallery_1"})

    def definition(self, **more: Any) -> Resource:
        features = {"SecurityType": "ConfidentialVmSupported", "DiskControllerTypes": "SCSI, NVMe"}
        wanted = {
            "galleryName": self.gallery().outputs["name"],
            "architecture": "x64",
            "features": [{"name": name, "value": value} for name, value in features.items()],
            "hyperVGeneration": "V2",
            "identifier": {"publisher": "confkube", "offer": "pod-vm", "sku": "one"},
            "osState": "Generalized",
            "osType": "Linux",
            **more,
        }
        return self.make("compute:GalleryImage", "definition", {**self.common, **wanted})

    def version(self) -> Resource:
        wanted = {
            "galleryName": self.gallery().outputs["name"],
            "galleryImageName": self.definition().outputs["name"],
            "galleryImageVersionName": "1.0.0",
            "storageProfile": {"source": {"id": self.image().id}},
            "publishingProfile": {"replicaCount": 1, "targetRegions": [{"name": LOCATION, "regionalReplicaCount": 1}]},
        }
        return self.make("compute:GalleryImageVersion", "version", {**self.common, **wanted})

    def everything(self) -> Estate:
        makers = (self.machine, self.pool, self.assignment, self.bastion, self.credential, self.blob, self.version)
        for make in makers:
            make()
        return self
