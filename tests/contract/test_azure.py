"""Azure against the contract, and what is its own."""

import base64

import pytest
import recorder
from contract.suite import Contract

import confkube as ck
from confkube.errors import Refusal
from confkube.roles.network import tiers_of
from confkube.spec import Addresses

SUBSCRIPTION, TENANT = recorder.Recorder().subscription
MACHINE, SET = "azure-native:compute:VirtualMachine", "azure-native:compute:VirtualMachineScaleSet"
GROUP = "azure-native:network:NetworkSecurityGroup"
BASTION = "10.20.255.192/26"


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
