"""Azure against the contract, and what is its own."""

import base64
import json
import re
from ipaddress import IPv4Address

import pulumi
import pytest
import recorder
from contract import azure_access
from contract.suite import Contract

import confkube as ck
from confkube.errors import Refusal
from confkube.platform import Group, ImageSpec, MachineSpec, Nested, Plain, Single, Stock
from confkube.roles.openings import tiers_of
from confkube.spec import Addresses
from confkube.types import Tee

SUBSCRIPTION, TENANT = recorder.Recorder().subscription
MACHINE, SET = "azure-native:compute:VirtualMachine", "azure-native:compute:VirtualMachineScaleSet"
GROUP = "azure-native:network:NetworkSecurityGroup"
BASTION = "10.20.255.192/26"
EC_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
"""


def profile(each):
    """What a machine, or each machine of a scale set, is made from; a scale set's holds the join token."""
    return recorder.plain(each.inputs.get("virtualMachineProfile")) or each.inputs


class TestAzure(Contract):
    block = {"azure": {"subscription": SUBSCRIPTION, "tenant": TENANT, "location": "westus"}}

    def machines(self, recorded):
        return [*recorded.of_type(MACHINE), *recorded.of_type(SET)]

    def user_data(self, recorded):
        return {
            each.name: base64.b64decode(recorder.plain(profile(each)["osProfile"]["customData"])).decode()
            for each in self.machines(recorded)
        }

    def inbound(self, recorded):
        names = {str(tier.cidr): tier.name for tier in self.tiers()} | {BASTION: "tunnel"}
        return [
            (
                each.name.removeprefix("demo-network-"),
                names.get(rule["sourceAddressPrefix"], rule["sourceAddressPrefix"]),
            )
            for each in recorded.of_type(GROUP)
            for rule in each.inputs["securityRules"]
            if rule["access"] == "Allow"
        ]

    def tiers(self):
        return tiers_of(Addresses().cidr, public=False, own_trust_server=True).values()

    def labelled(self, recorded):
        return [each.inputs["tags"] for each in recorded.registered if isinstance(each.inputs.get("tags"), dict)]

    def confidential(self, recorded):
        return {
            each.name: profile(each)["securityProfile"]["securityType"] == "ConfidentialVM"
            for each in self.machines(recorded)
        }

    def encrypted(self, recorded):
        """Azure encrypts every managed disk at rest; a confidential machine's disk has keys of its own beside."""
        asked = self.confidential(recorded)
        return [
            not asked[each.name]
            or "securityEncryptionType" in profile(each)["storageProfile"]["osDisk"]["managedDisk"]["securityProfile"]
            for each in self.machines(recorded)
        ]

    def test_what_cannot_carry_tags_is_known(self, default):
        bare = {
            each.typ for each in default[0].registered if each.typ.startswith("azure") and not each.inputs.get("tags")
        }
        assert bare == {"azure-native:network:Subnet", "azure-native:authorization:RoleAssignment"}

    def test_everything_is_shielded_and_disks_are_bound_to_the_machine_where_azure_can(self, default):
        kinds = {}
        for each in self.machines(default[0]):
            assert profile(each)["securityProfile"]["uefiSettings"] == {"secureBootEnabled": True, "vTpmEnabled": True}
            disk = profile(each)["storageProfile"]["osDisk"]
            assert disk.get("deleteOption") == (None if each.typ == SET else "Delete")
            kinds[each.name] = disk["managedDisk"].get("securityProfile", {}).get("securityEncryptionType")
        assert kinds == {
            "demo-control-plane": None,
            "demo-trust": "DiskWithVMGuestState",
            "demo-workers": "VMGuestStateOnly",
        }

    def test_each_isolation_has_an_image_of_its_own(self, default):
        skus = {
            each.name: profile(each)["storageProfile"]["imageReference"]["sku"] for each in self.machines(default[0])
        }
        assert skus == {"demo-control-plane": "server", "demo-trust": "cvm", "demo-workers": "cvm"}

    def test_every_security_group_ends_with_a_closed_door(self, default):
        for each in default[0].of_type(GROUP):
            last = max(each.inputs["securityRules"], key=lambda rule: rule["priority"])
            assert (last["access"], last["protocol"], last["sourceAddressPrefix"]) == ("Deny", "*", "*")
            priorities = [rule["priority"] for rule in each.inputs["securityRules"]]
            assert len(priorities) == len(set(priorities))

    def test_only_the_control_plane_reads_its_secret_and_only_the_trust_server_inspects(self, default):
        roles = {
            each.name: each.inputs["roleDefinitionId"].rpartition("/")[2]
            for each in default[0].of_type("azure-native:authorization:RoleAssignment")
        }
        assert roles == {
            "demo-control-plane-secret": "4633458b-17de-408a-b874-0445c86b69e6",
            "demo-trust-inspect": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        }
        assert "identity" not in default[0].named("demo-workers", SET)
        secret = default[0].named("demo-control-plane-secret", "azure-native:keyvault:Secret")
        assert secret["properties"][recorder.SIGNATURE] == recorder.SECRET

    def test_the_scale_set_names_its_security_group_at_the_interface(self, default):
        (interface,) = profile(default[0].of_type(SET)[0])["networkProfile"]["networkInterfaceConfigurations"]
        assert interface["networkSecurityGroup"]["id"].endswith("/demo-network-workers_id")

    def test_without_a_bastion_none_is_made_and_none_is_told(self):
        block = {"azure": {**self.block["azure"], "bastion": False}}
        recorded, outputs = recorder.run(lambda: ck.CvmNodes("demo", {"platform": block, "tee": "snp"}).outputs)
        assert not recorded.of_type("azure-native:network:BastionHost")
        assert "was given no tunnel" in outputs["access"]
        assert BASTION not in str(recorded.of_type(GROUP))

    def test_a_named_group_is_borrowed(self):
        block = {"azure": {**self.block["azure"], "resource_group": "shared"}}
        recorded, _ = recorder.run(lambda: ck.CvmNodes("demo", {"platform": block, "tee": "snp"}).outputs)
        assert not recorded.of_type("azure-native:resources:ResourceGroup")
        groups = {each.inputs.get("resourceGroupName") for each in recorded.registered if each.typ.startswith("azure")}
        assert groups == {"shared", None}

    def test_a_zone_holds_everything_that_has_one(self):
        block = {"azure": {**self.block["azure"], "location": "westeurope", "zone": "2"}}
        recorded, outputs = recorder.run(lambda: ck.CvmNodes("demo", {"platform": block, "tee": "snp"}).outputs)
        assert outputs["place"]["zone"] == "westeurope-2"
        zoned = {each.typ.rpartition(":")[2] for each in recorded.registered if each.inputs.get("zones") == ["2"]}
        assert zoned == {"VirtualMachine", "VirtualMachineScaleSet", "PublicIPAddress", "NatGateway"}

    @pytest.mark.parametrize(
        ("tenant", "world"), [(TENANT, "cloud"), ("00000000-0000-4000-8000-000000000000", "sandbox")]
    )
    def test_the_world_is_told_by_the_tenant(self, tenant, world):
        block = {"azure": {**self.block["azure"], "tenant": tenant}}
        _, outputs = recorder.run(
            lambda: ck.CvmNodes("demo", {"platform": block, "tee": "snp"}).outputs,
            recorder=recorder.Recorder(subscription=(SUBSCRIPTION, tenant)),
        )
        assert (outputs["world"], outputs["account"]) == (world, SUBSCRIPTION)

    @pytest.mark.parametrize("what", ["subscription", "tenant"])
    def test_credentials_of_another_place_are_refused(self, what):
        other = "99999999-0000-0000-0000-000000000000"
        block = {"azure": {**self.block["azure"], what: other}}
        seen = recorder.Recorder()
        with pytest.raises(Exception, match=rf"args.platform.azure.{what} is {other}, but the provider works in"):
            recorder.run(lambda: ck.CvmNodes("demo", {"platform": block, "tee": "snp"}).outputs, recorder=seen)
        assert seen.registered == []

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"location": "West US"}, "'West US' is not known; choose one of"),
            (
                {"location": "westeurope", "zone": "a"},
                "'a' is not an availability zone of westeurope; choose one of 1, 2",
            ),
            ({"zone": "1"}, "'1' is not an availability zone of westus; leave it out"),
            ({"subscription": "mine"}, "'mine' is not an id"),
            ({"resource_group": "bad."}, "'bad.' is not the name of a resource group"),
            ({"bastion": "yes"}, "bastion"),
        ],
    )
    def test_bad_settings_are_refused(self, changes, text):
        from confkube.clouds import resolve

        with pytest.raises(Refusal, match=text):
            resolve({"azure": {**self.block["azure"], **changes}})

    @pytest.mark.parametrize("image", ["no-urn", "a:b:c:", "a:b:c:d:e"])
    def test_an_image_that_is_none_is_refused(self, image):
        from confkube.clouds.azure.images import _reference

        with pytest.raises(Refusal, match="neither publisher:offer:sku:version nor the id"):
            _reference(image)

    def test_images_of_ones_own_are_named_by_id(self):
        from confkube.clouds.azure.images import _reference

        assert _reference("/subscriptions/x/images/y") == {"id": "/subscriptions/x/images/y"}
        community = "/CommunityGalleries/g/Images/i/Versions/1"
        assert _reference(community) == {"communityGalleryImageId": community} or _reference(community) == {
            "community_gallery_image_id": community
        }

    def test_a_pool_that_replaces_another_has_names_of_its_own(self):
        """Scale sets count from nought, and kubeadm lets no second machine in under the name of a node."""
        from confkube.clouds.azure.images import family

        pinned = family("Canonical:ubuntu-24_04-lts:cvm:24.04.202607310")
        assert family("Canonical:ubuntu-24_04-lts:cvm:24.04.202609990") == pinned
        assert family("Canonical:ubuntu-26_04-lts:cvm:26.04.202604010") != pinned
        assert family("/subscriptions/x/images/y") != pinned


class TestImagesOfOnesOwn:
    def test_a_disk_becomes_a_version_that_confidential_machines_take(self):
        recorded, values = azure_access.made(azure_access.DISK)
        image = recorded.of_type("azure-native:compute:Image")[0].inputs
        disk = image["storageProfile"]["osDisk"]
        assert (disk["blobUri"], disk["osState"], image["hyperVGeneration"]) == (azure_access.DISK, "Generalized", "V2")
        definition = recorded.of_type("azure-native:compute:GalleryImage")[0].inputs
        features = {each["name"]: each["value"] for each in definition["features"]}
        # Without NVMe the sizes of the v6 series, TDX among them, do not start from it.
        assert features == {"SecurityType": "ConfidentialVmSupported", "DiskControllerTypes": "SCSI, NVMe"}
        version = recorded.of_type("azure-native:compute:GalleryImageVersion")[0].inputs
        assert version["storageProfile"]["source"]["id"].endswith("/demo-pod-image-disk_id")
        assert [each["name"] for each in version["publishingProfile"]["targetRegions"]] == ["westus"]
        assert values["image"].endswith("/demo-pod-image_id")
        for each in recorded.registered:
            assert each.inputs["tags"] == azure_access.LABELS, each.name

    def test_another_disk_is_another_version_and_another_image(self):
        names = []
        for address in (azure_access.DISK, azure_access.DISK.replace("pod", "next")):
            recorded, _ = azure_access.made(address)
            version = recorded.of_type("azure-native:compute:GalleryImageVersion")[0].inputs["galleryImageVersionName"]
            assert re.fullmatch(r"1\.0\.\d{1,9}", version)
            names.append({version, recorded.of_type("azure-native:compute:Image")[0].inputs["imageName"]})
        assert not names[0] & names[1]

    def test_names_fit_where_azure_is_strict(self):
        recorded, _ = azure_access.made(azure_access.DISK)
        assert re.fullmatch(r"\w{1,80}", recorded.of_type("azure-native:compute:Gallery")[0].inputs["galleryName"])
        groups = {
            azure_access.made(azure_access.DISK, name=name)[0]
            .of_type("azure-native:resources:ResourceGroup")[0]
            .inputs["resourceGroupName"]
            for name in ("demo-a", "demo-b")
        }
        assert len(groups) == 2

    def test_a_named_group_takes_it_in(self):
        recorded, _ = azure_access.made(azure_access.DISK, resource_group="shared")
        assert {each.inputs["resourceGroupName"] for each in recorded.registered} == {"shared"}
        assert not recorded.of_type("azure-native:resources:ResourceGroup")

    @pytest.mark.parametrize(
        "address",
        [
            "s3://bucket/pod.vhd",
            "http://account.blob.core.windows.net/images/pod.vhd",
            "https://account.blob.core.windows.net/images/folder/pod.vhd",
            "https://account.blob.core.windows.net/images/pod.vhd?sig=abc",
            "https://account.blob.core.windows.net/images/pod.qcow2",
            "https://account.file.core.windows.net/images/pod.vhd",
        ],
    )
    def test_other_addresses_are_refused(self, address):
        with pytest.raises(Exception, match=r"write https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME.vhd"):
            azure_access.made(address)

    @pytest.mark.parametrize("image", [azure_access.OWN, azure_access.COMMUNITY])
    def test_one_that_exists_is_taken_as_it_is(self, image):
        found = azure_access.existing(image)
        assert (found.image_id, found.resource) == (image, None)

    @pytest.mark.parametrize(
        "image",
        [
            "Canonical:ubuntu-24_04-lts:cvm:24.04.202607310",
            azure_access.OWN.rpartition("/versions/")[0],
            azure_access.OWN.replace("1.2.3", "newest"),
            azure_access.COMMUNITY.replace("/CommunityGalleries", "/communityGalleries"),
            "ami-0123456789abcdef0",
        ],
    )
    def test_what_is_no_id_of_an_image_is_refused(self, image):
        with pytest.raises(
            Refusal, match=r"demo-pod-image: '.*' is not the id of an image on azure; write /subscriptions"
        ):
            azure_access.existing(image)

    def test_a_published_image_that_proves_nothing_is_refused_where_a_tee_is_wanted(self):
        debug = (
            "/CommunityGalleries/cococommunity-42d8482d-92cd-415b-b332-7648bd978eff/Images/peerpod-podvm-ubuntu-debug"
            "/Versions/0.22.0"
        )
        with pytest.raises(Refusal, match="cannot carry confidential pods"):
            azure_access.existing(debug)
        assert azure_access.existing(debug, Plain()).image_id == debug


class TestHostsOfChildren:
    def pool(self, isolation, machine_type, **scale):
        from confkube.clouds import resolve

        def program():
            platform = resolve(azure_access.block())
            spec = ImageSpec(content=Stock(distribution="azure-linux-3"), isolation=isolation)
            image = platform.image("demo-host", spec, pulumi.ResourceOptions())
            wanted = MachineSpec(
                isolation=isolation,
                scale=Single(private_ip=IPv4Address("10.20.0.10")) if scale.get("single") else Group(count=2),
                image=image,
                machine_type=machine_type,
                disk_gib=200,
                subnet_id=azure_access.SUBNET,
                firewall_id=azure_access.FIREWALL,
                user_data="#cloud-config",
                labels=azure_access.LABELS,
            )
            return {"id": platform.machines("demo-host", wanted, pulumi.ResourceOptions()).group_id}

        return recorder.run(program)[0]

    @pytest.mark.parametrize("single", [True, False])
    def test_hosts_of_confidential_children_have_no_security_type(self, single):
        recorded = self.pool(Nested(tee=Tee.SNP), "Standard_DC8as_cc_v6", single=single)
        machine = recorded.of_type(MACHINE if single else SET)[0]
        assert "securityProfile" not in profile(machine)
        assert "securityProfile" not in profile(machine)["storageProfile"]["osDisk"]["managedDisk"]
        image = profile(machine)["storageProfile"]["imageReference"]
        assert (image["publisher"], image["sku"]) == ("MicrosoftCBLMariner", "azure-linux-3-gen2")
        # None may be named by "latest".
        assert re.fullmatch(r"3\.\d{8}\.\d{2}", image["version"])

    def test_hosts_of_ordinary_children_are_shielded(self):
        machine = self.pool(Nested(tee=None), "Standard_D8s_v5").of_type(SET)[0]
        assert profile(machine)["securityProfile"]["securityType"] == "TrustedLaunch"

    def test_a_fixed_address_is_kept(self):
        recorded = self.pool(Nested(tee=None), "Standard_D8s_v5", single=True)
        (interface,) = recorded.of_type("azure-native:network:NetworkInterface")
        assert interface.inputs["ipConfigurations"][0]["privateIPAddress"] == "10.20.0.10"

    @pytest.mark.parametrize(
        ("isolation", "machine_type", "text"),
        [
            (Nested(tee=Tee.SNP), "Standard_DC8as_v5", "makes confidential machines, and those start none inside"),
            (Nested(tee=None), "Standard_DC8as_v5", "one such as Standard_D8s_v5"),
            (Nested(tee=Tee.SNP), "Standard_D8s_v5", "starts no snp children; choose one of Standard_DC"),
            (Nested(tee=None), "Standard_D8as_v5", "starts no children; choose one of"),
            (Nested(tee=Tee.TDX), "Standard_DC8as_cc_v6", "the child-capable sizes of azure are AMD SEV-SNP hosts"),
        ],
    )
    def test_others_are_refused(self, isolation, machine_type, text):
        with pytest.raises(Exception, match=text):
            self.pool(isolation, machine_type)


class TestPeerPods:
    @pytest.fixture(scope="class")
    @classmethod
    def both(cls):
        return azure_access.access(azure_access.OWN, azure_access.OWN)

    def test_settings_are_complete(self, both):
        settings = both[1]["settings"]
        assert settings["AZURE_RESOURCE_GROUP"] == "demo-access-group"
        assert (settings["AZURE_SUBNET_ID"], settings["AZURE_NSG_ID"]) == (azure_access.SUBNET, azure_access.FIREWALL)
        assert settings["AZURE_IMAGE_ID"] == azure_access.OWN
        assert settings["AZURE_INSTANCE_SIZE"] == "Standard_DC2as_v5"
        assert settings["AZURE_INSTANCE_SIZES"] == "Standard_DC2as_v5,Standard_DC4as_v5,Standard_DC2es_v6"
        assert (settings["DISABLECVM"], settings["USE_PUBLIC_IP"], settings["VXLAN_PORT"]) == ("false", "false", "9000")
        assert settings["ROOT_VOLUME_SIZE"] == "20"
        assert dict(each.split("=") for each in settings["TAGS"].split(",")) == azure_access.LABELS
        assert all(isinstance(each, str) for each in settings.values())

    def test_there_is_no_secret_in_it(self, both):
        recorded, values = both
        assert values["credentials"] == {
            "AZURE_CLIENT_ID": "22222222-0000-0000-0000-000000000000",
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_SECRET": "",
        }
        assert "PRIVATE" not in str([each.inputs for each in recorded.registered])

    def test_pods_of_both_ask_for_a_token_of_the_identity(self, both):
        values = both[1]
        assert set(values["values"]) == {"daemonset", "resourceCtrl"}
        for each in values["values"].values():
            assert each["podLabels"] == {"azure.workload.identity/use": "true"}
            client = each["serviceAccount"]["annotations"]["azure.workload.identity/client-id"]
            assert client == values["credentials"]["AZURE_CLIENT_ID"]
        (chart,) = values["charts"]
        assert values["of_charts"] == {chart: {"azureTenantID": TENANT}}
        from confkube import facts

        assert facts.artifact(chart).pinned()

    def test_each_service_account_has_a_credential_of_the_published_issuer(self, both):
        recorded, values = both
        found = recorded.of_type("azure-native:managedidentity:FederatedIdentityCredential")
        assert [(each.inputs["subject"], each.inputs["issuer"], each.inputs["audiences"]) for each in found] == [
            (
                f"system:serviceaccount:confidential-containers-system:{name}",
                values["issuer"],
                ["api://AzureADTokenExchange"],
            )
            for name in ("cloud-api-adaptor", "peerpodctrl-controller-manager")
        ]
        assert values["issuer"] == "https://account.blob.core.windows.net/demo-access-issuer/"

    def test_the_issuer_is_public_and_holds_the_public_key_alone(self, both):
        recorded, values = both
        account = recorded.of_type("azure-native:storage:StorageAccount")[0].inputs
        assert (account["allowBlobPublicAccess"], account["minimumTlsVersion"]) == (True, "TLS1_2")
        assert re.fullmatch("[a-z0-9]{3,24}", account["accountName"])
        assert recorded.of_type("azure-native:storage:BlobContainer")[0].inputs["publicAccess"] == "Blob"
        blobs = {
            each.inputs["blobName"]: json.loads(each.inputs["source"].text)
            for each in recorded.of_type("azure-native:storage:Blob")
        }
        discovery = blobs[".well-known/openid-configuration"]
        assert (discovery["issuer"], discovery["jwks_uri"]) == (values["issuer"], f"{values['issuer']}openid/v1/jwks")
        (key,) = blobs["openid/v1/jwks"]["keys"]
        assert set(key) == {"use", "kty", "kid", "alg", "n", "e"}

    def test_everything_is_labelled_or_says_whose_it_is(self, both):
        for each in both[0].registered:
            if each.typ.startswith("azure-native:authorization:RoleDefinition"):
                assert azure_access.CLUSTER in each.inputs["roleName"]
                assert azure_access.LABELS["confkube-proof"] in each.inputs["description"]
            elif each.inputs.get("tags") is None:
                kind = each.typ.rpartition(":")[2]
                assert kind in {"RoleAssignment", "FederatedIdentityCredential", "BlobContainer", "Blob"}
            else:
                assert each.inputs["tags"] == azure_access.LABELS

    def test_it_may_do_all_that_cloud_api_adaptor_does(self, both):
        """Calls of src/cloud-providers/azure/provider.go at fbdde756, and what Azure asks of their caller."""
        pods = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/demo-access-group"
        machine = f"{pods}/providers/Microsoft.Compute/virtualMachines/podvm-x"
        disk = f"{pods}/providers/Microsoft.Compute/disks/podvm-x-disk"
        card = f"{pods}/providers/Microsoft.Network/networkInterfaces/podvm-x-net"
        needed = {
            **{f"Microsoft.Compute/virtualMachines/{verb}": machine for verb in ("read", "write", "delete")},
            **{f"Microsoft.Compute/disks/{verb}": disk for verb in ("read", "write", "delete")},
            **{
                f"Microsoft.Network/networkInterfaces/{verb}": card
                for verb in ("read", "write", "delete", "join/action")
            },
            "Microsoft.Network/virtualNetworks/subnets/join/action": azure_access.SUBNET,
            "Microsoft.Network/networkSecurityGroups/join/action": azure_access.FIREWALL,
            "Microsoft.Compute/locations/vmSizes/read": f"/subscriptions/{SUBSCRIPTION}",
            "Reader": azure_access.OWN,
        }
        assert {action for action, place in needed.items() if not azure_access.allowed(both[0], action, place)} == set()
        # And nothing that is not needed, anywhere.
        assert {action for action, _ in azure_access.grants(both[0])} == set(needed)

    @pytest.mark.parametrize(
        ("action", "place"),
        [
            ("Microsoft.Compute/virtualMachines/delete", "providers/Microsoft.Compute/virtualMachines/control-plane"),
            ("Microsoft.Compute/virtualMachines/write", "providers/Microsoft.Compute/virtualMachines/control-plane"),
            ("Microsoft.Compute/disks/delete", "providers/Microsoft.Compute/disks/etcd"),
            (
                "Microsoft.Network/virtualNetworks/subnets/join/action",
                "providers/Microsoft.Network/virtualNetworks/v/subnets/control-plane",
            ),
            (
                "Microsoft.Network/networkSecurityGroups/join/action",
                "providers/Microsoft.Network/networkSecurityGroups/control-plane",
            ),
            ("Reader", "providers/Microsoft.KeyVault/vaults/secrets"),
        ],
    )
    def test_it_may_not_touch_the_rest_of_the_cluster(self, both, action, place):
        where = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{azure_access.CLUSTER}/{place}"
        assert not azure_access.allowed(both[0], action, where)

    def test_an_image_that_everybody_may_read_needs_no_role(self):
        recorded, _ = azure_access.access(azure_access.COMMUNITY)
        assert "Reader" not in {action for action, _ in azure_access.grants(recorded)}

    def test_in_a_named_group_the_pod_vms_are_there_too(self):
        recorded, values = azure_access.access(resource_group="shared")
        assert values["settings"]["AZURE_RESOURCE_GROUP"] == "shared"
        assert not recorded.of_type("azure-native:resources:ResourceGroup")

    def test_a_key_that_is_not_rsa_is_refused(self):
        with pytest.raises(Exception, match="azure takes tokens signed with RSA keys of at least 2048 bits"):
            azure_access.access(token_key=EC_KEY)

    def test_one_adaptor_serves_both_tees(self):
        from confkube.clouds import resolve

        assert resolve(azure_access.block()).limits.mixed_pod_vms
