"""Every type through its life, against the simulated cloud."""

from __future__ import annotations

import pytest
from azure_estate import READER, text
from azure_left_out import left_out, optional
from azure_parts import CALLER, HANDLERS, LOCATION, SUBSCRIPTION, TENANT, exactly, kind
from driver import UNKNOWN, Partial, Refused, Resource
from pulumi.runtime.proto import provider_pb2

ALL = {
    "network:VirtualNetwork": "network",
    "network:NetworkSecurityGroup": "firewall",
    "network:PublicIPAddress": "address",
    "network:NatGateway": "gateway",
    "network:Subnet": "subnet",
    "network:NetworkInterface": "interface",
    "network:BastionHost": "bastion",
    "compute:VirtualMachine": "machine",
    "compute:VirtualMachineScaleSet": "pool",
    "managedidentity:UserAssignedIdentity": "identity",
    "keyvault:Vault": "vault",
    "keyvault:Secret": "secret",
    "authorization:RoleAssignment": "assignment",
    "authorization:RoleDefinition": "role",
    "managedidentity:FederatedIdentityCredential": "credential",
    "compute:Image": "image",
    "compute:Gallery": "gallery",
    "compute:GalleryImage": "definition",
    "compute:GalleryImageVersion": "version",
    "storage:StorageAccount": "account",
    "storage:BlobContainer": "container",
    "storage:Blob": "blob",
}


@pytest.mark.parametrize("name", sorted(ALL.values()))
def test_made_read_and_left_alone(azure, estate, name):
    made = getattr(estate, name)()
    # A custom role belongs to no group, wherever it was made.
    group = "" if name == "role" else "resourceGroups/"
    assert made.id.startswith(f"/subscriptions/{SUBSCRIPTION}/{group}")
    seen = azure.read(made)
    assert seen.inputs == made.inputs
    # What the cloud decides later, such as the address's gateway, is not there yet.
    assert {**seen.outputs, "etag": ""} == {**made.outputs, "etag": ""}
    assert azure.diff(made, made.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_no_output_that_the_sdk_promises_is_missing(azure, estate):
    """Read-only properties always have a value in the SDK's types; those without one here are listed with a reason."""
    estate.everything()
    for name, made in estate.made.items():
        seen = azure.read(made).outputs
        promised = {key for key in HANDLERS[made.token].results if not optional(made.token, key)}
        assert promised - seen.keys() <= left_out(made.token), name


def test_a_group_takes_everything_with_it(azure, cloud, estate):
    before = cloud.inventory()
    estate.everything()
    assert len(cloud.inventory()) > 10
    azure.delete(estate.made["group"])
    assert cloud.inventory() == before
    for name, made in estate.made.items():
        assert azure.read(made) is None, name
        if name != "secret":
            azure.delete(made)


class TestChanges:
    def test_tags_and_lists_in_place(self, azure, estate, official):
        made = estate.firewall()
        rule = {**made.inputs["securityRules"][0], "destinationPortRange": "22"}
        changed = azure.update(made, {**made.inputs, "securityRules": [rule], "tags": {"a": "1"}})
        assert changed.outputs["securityRules"][0]["destinationPortRange"] == "22"
        assert changed.outputs["tags"] == {"a": "1"}
        live = official("network").network_security_groups.get(estate.group["resourceGroupName"], made.outputs["name"])
        assert [(each.name, each.destination_port_range) for each in live.security_rules] == [("api", "22")]

    def test_a_network_keeps_its_subnets(self, azure, estate):
        estate.subnet()
        made = estate.network()
        changed = azure.update(made, {**made.inputs, "tags": {"a": "1"}})
        assert [each["name"] for each in changed.outputs["subnets"]] == ["subnet"]
        assert azure.read(estate.made["subnet"]) is not None
        assert "subnets" not in azure.read(changed).inputs

    def test_a_pool_grows_and_shrinks(self, azure, estate, official):
        made = estate.pool()
        for count in (4, 1):
            wanted = {**made.inputs, "sku": {**made.inputs["sku"], "capacity": count}}
            made = azure.update(made, wanted)
            assert made.outputs["sku"]["capacity"] == count
            group, name = estate.group["resourceGroupName"], made.outputs["name"]
            assert len(list(official("compute").virtual_machine_scale_set_vms.list(group, name))) == count

    def test_a_public_address_for_a_running_machine(self, azure, estate):
        machine, card = estate.machine(), estate.made["interface"]
        public = estate.address("front")
        configuration = {**card.inputs["ipConfigurations"][0], "publicIPAddress": {"id": public.id}}
        wanted = {**card.inputs, "ipConfigurations": [configuration]}
        found = azure.diff(card, wanted)
        assert (list(found.replaces), found.detailedDiff["ipConfigurations[0].publicIPAddress"].kind) == ([], 0)
        azure.update(card, wanted)
        assert azure.read(machine).inputs == machine.inputs
        assert azure.read(public).outputs["ipConfiguration"]["id"].startswith(card.id)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("osProfile", "customData"), text("other")),
            (("osProfile", "computerName"), "other"),
            (("zones",), ["1"]),
        ],
    )
    def test_what_azure_does_not_change_is_sent_and_refused(self, azure, estate, path, value):
        made = estate.machine()
        outer, *inner = path
        wanted = {**made.inputs, outer: {**made.inputs[outer], inner[0]: value} if inner else value}
        assert list(azure.diff(made, wanted).replaces) == []
        with pytest.raises(Refused, match=r'^Status=409 Code="PropertyChangeNotAllowed" Message="Changing property'):
            azure.update(made, wanted)
        assert azure.read(made).inputs == made.inputs

    def test_ignored_boot_text_is_not_a_change(self, azure, estate):
        made = estate.machine()
        wanted = {**made.inputs, "osProfile": {**made.inputs["osProfile"], "customData": text("other")}}
        found = azure.diff(made, wanted, ["osProfile.customData"])
        assert found.changes == provider_pb2.DiffResponse.DIFF_NONE

    def test_a_new_secret_value_is_a_new_version(self, azure, estate):
        made = estate.secret()
        changed = azure.update(made, {**made.inputs, "properties": {"value": "other"}})
        assert changed.outputs["properties"]["secretUri"] == made.outputs["properties"]["secretUri"]
        versions = [each.outputs["properties"]["secretUriWithVersion"] for each in (made, changed)]
        assert versions[0] != versions[1]
        assert "value" not in changed.outputs["properties"]


class TestReplacements:
    def test_a_location_by_type(self, azure, estate):
        for name, replaced in (("network", True), ("address", True), ("firewall", False), ("identity", True)):
            made = getattr(estate, name)()
            found = azure.diff(made, {**made.inputs, "location": "northeurope"})
            assert list(found.replaces) == (["location"] if replaced else []), name
            spelled = azure.diff(made, {**made.inputs, "location": "West Europe"})
            assert spelled.changes == provider_pb2.DiffResponse.DIFF_NONE

    def test_a_sku_but_not_what_is_added_to_it(self, azure, estate):
        made = estate.address()
        assert list(azure.diff(made, {**made.inputs, "sku": {"name": "Basic"}}).replaces) == ["sku"]
        tiered = {**made.inputs, "sku": {"name": "Standard", "tier": "Global"}}
        assert list(azure.diff(made, tiered).replaces) == []

    def test_what_the_cloud_chose_already_is_no_reason(self, azure, estate):
        made = estate.address()
        same = azure.diff(made, {**made.inputs, "publicIPAddressVersion": "IPv4"})
        assert (list(same.replaces), same.changes) == ([], provider_pb2.DiffResponse.DIFF_SOME)
        other = azure.diff(made, {**made.inputs, "publicIPAddressVersion": "IPv6"})
        assert list(other.replaces) == ["publicIPAddressVersion"]

    def test_random_names_are_created_first_and_chosen_ones_deleted_first(self, azure, estate):
        made = estate.address()
        wanted = {**made.inputs, "sku": {"name": "Basic"}}
        assert not azure.diff(made, wanted).deleteBeforeReplace
        named = {key: value for key, value in made.inputs.items() if key[:2] != "__"} | {
            "publicIpAddressName": "chosen"
        }
        chosen = azure.create(kind("network:PublicIPAddress"), "x", named)
        assert azure.diff(chosen, {**named, "sku": {"name": "Basic"}}).deleteBeforeReplace
        subnet = estate.subnet()
        moved = azure.diff(subnet, {**subnet.inputs, "virtualNetworkName": "other"})
        assert (list(moved.replaces), moved.deleteBeforeReplace) == (["virtualNetworkName"], True)

    def test_a_group_in_other_letters_is_the_same_one(self, azure, estate):
        made = estate.network()
        wanted = {**made.inputs, "resourceGroupName": made.inputs["resourceGroupName"].upper()}
        assert azure.diff(made, wanted).changes == provider_pb2.DiffResponse.DIFF_NONE

    def test_who_and_where_of_an_assignment(self, azure, estate):
        made = estate.assignment()
        for name in ("principalId", "scope", "roleAssignmentName"):
            assert list(azure.diff(made, {**made.inputs, name: "x"}).replaces) == [name]
        assert list(azure.diff(made, {**made.inputs, "roleDefinitionId": "x"}).replaces) == []


class TestDrift:
    def test_changed_tags_are_seen_and_mended(self, azure, estate, official):
        made = estate.identity()
        group, name = estate.group["resourceGroupName"], made.outputs["name"]
        identities = official("msi").user_assigned_identities
        identities.create_or_update(group, name, {"location": LOCATION, "tags": {"drift": "1"}})
        seen = azure.read(made)
        assert seen.inputs["tags"] == {"drift": "1"}
        assert azure.diff(seen, made.inputs).changes == provider_pb2.DiffResponse.DIFF_SOME
        mended = azure.update(seen, made.inputs)
        assert azure.read(mended).inputs == made.inputs

    def test_a_changed_list(self, azure, estate, official):
        made = estate.firewall()
        group, name = estate.group["resourceGroupName"], made.outputs["name"]
        rule = {
            "priority": 200,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
        }
        rules = official("network").security_rules
        rules.begin_create_or_update(group, name, "stranger", {"properties": rule}).result()
        seen = azure.read(made)
        assert [each["name"] for each in seen.inputs["securityRules"]] == ["api", "stranger"]
        mended = azure.update(seen, made.inputs)
        assert [each["name"] for each in mended.outputs["securityRules"]] == ["api"]

    def test_a_deleted_machine_is_gone(self, azure, estate, official):
        made = estate.machine()
        official("compute").virtual_machines.begin_delete(
            estate.group["resourceGroupName"], made.outputs["name"]
        ).result()
        assert azure.read(made) is None

    def test_what_others_attach_is_not_taken_for_a_change(self, azure, estate):
        public = estate.address()
        estate.gateway()
        estate.subnet()
        network = estate.network()
        seen = azure.read(network)
        assert (seen.inputs, len(seen.outputs["subnets"])) == (network.inputs, 1)
        # The address's gateway is an input of its type too, so the real provider takes it over as well.
        assert azure.read(public).inputs.keys() - public.inputs.keys() == {"natGateway"}


class TestImports:
    @pytest.mark.parametrize("name", ["network", "machine", "secret", "assignment", "subnet"])
    def test_inputs_are_found(self, azure, estate, name):
        made = getattr(estate, name)()
        bare = type(made)(made.token, made.name, made.id)
        found = azure.read(bare)
        assert found.outputs == azure.read(made).outputs
        for key in made.inputs.keys() - {"__createBeforeDelete", "properties", "osProfile", "scope"}:
            assert key in found.inputs, key
        again = azure.check(made.token, made.name, found.inputs)
        assert again.items() >= found.inputs.items()


class TestPreview:
    def test_everything_of_a_new_machine(self, azure, estate):
        inputs = estate.machine_inputs()
        inputs["networkProfile"] = {"networkInterfaces": [{"id": UNKNOWN, "primary": True}]}
        seen = azure.preview(kind("compute:VirtualMachine"), "machine", inputs)
        assert seen["vmId"] == UNKNOWN
        assert seen["networkProfile"]["networkInterfaces"][0] == {
            "id": UNKNOWN,
            "primary": True,
            "deleteOption": UNKNOWN,
        }
        assert seen["storageProfile"]["osDisk"]["name"] == UNKNOWN
        assert seen["tags"] == inputs["tags"]

    def test_unknown_groups(self, azure):
        seen = azure.check(kind("network:VirtualNetwork"), "n", {"resourceGroupName": UNKNOWN})
        assert seen["resourceGroupName"] == UNKNOWN

    def test_an_update(self, azure, estate):
        made = estate.address()
        seen = azure.update(made, {**made.inputs, "tags": {"a": "1"}}, preview=True)
        assert seen.outputs["name"] == made.outputs["name"]
        assert seen.outputs["ipAddress"] == UNKNOWN
        assert seen.outputs["tags"] == {"a": "1"}


class TestCheck:
    @pytest.mark.parametrize(
        ("token", "inputs", "text"),
        [
            ("network:VirtualNetwork", {}, "missing required property 'resourceGroupName'"),
            (
                "network:VirtualNetwork",
                {"resourceGroupName": "rg", "addressSpaces": {}},
                "the sandbox knows no property 'addressSpaces' here: 'x.addressSpaces'",
            ),
            (
                "network:VirtualNetwork",
                {"resourceGroupName": "rg", "flowTimeoutInMinutes": "4"},
                "'flowTimeoutInMinutes' should be of type 'integer' but got a string",
            ),
            (
                "network:VirtualNetwork",
                {"resourceGroupName": 5},
                "'resourceGroupName' should be of type 'string' but got a number",
            ),
            (
                "network:VirtualNetwork",
                {"resourceGroupName": "rg", "addressSpace": {"addressPrefixes": "10.0.0.0/16"}},
                "'addressSpace.addressPrefixes' should be of type 'array' but got a string",
            ),
            (
                "compute:VirtualMachine",
                {"resourceGroupName": "rg", "hardwareProfile": {"size": "x"}},
                "the sandbox knows no property 'size' here: 'x.hardwareProfile.size'",
            ),
            (
                "keyvault:Secret",
                {"resourceGroupName": "rg", "vaultName": "vault"},
                "missing required property 'properties'",
            ),
            (
                "keyvault:Secret",
                {"resourceGroupName": "rg", "vaultName": "vault", "secretName": "a_b", "properties": {}},
                "'secretName' does not match expression '^[a-zA-Z0-9-]{1,127}$'",
            ),
            (
                "authorization:RoleAssignment",
                {"scope": "/x", "roleDefinitionId": "/y"},
                "missing required property 'principalId'",
            ),
        ],
    )
    def test_bad_inputs_are_refused_before_anything_is_asked(self, azure, token, inputs, text):
        with pytest.raises(Refused, match=exactly(text)):
            azure.check(kind(token), "x", inputs)

    def test_values_of_open_enumerations_are_the_cloud_s_to_refuse(self, azure, estate):
        wanted = {**estate.common, "sku": {"name": "Gold"}}
        azure.check(kind("network:PublicIPAddress"), "x", wanted)
        with pytest.raises(Refused, match="Status=400 "):
            azure.create(kind("network:PublicIPAddress"), "x", wanted)


class TestFailures:
    def test_a_missing_group(self, azure):
        with pytest.raises(Refused, match='Status=404 Code="ResourceGroupNotFound"'):
            azure.create(kind("network:VirtualNetwork"), "n", {"resourceGroupName": "nowhere", "addressSpace": {}})

    def test_an_object_that_is_there(self, azure, estate):
        made = estate.network()
        wanted = {key: value for key, value in made.inputs.items() if key[:2] != "__"}
        with pytest.raises(Refused, match=exactly(f"cannot create already existing resource '{made.id}'")):
            azure.create(made.token, "again", wanted)

    def test_a_throttled_call_is_repeated(self, azure, cloud, estate):
        fault = {"service": "azure", "operation": "VirtualNetworks_CreateOrUpdate", "kind": "throttle", "times": 2}
        cloud.settings(faults=[fault])
        assert estate.network().outputs["provisioningState"] == "Succeeded"

    def test_an_allocation_that_fails_later_leaves_a_failed_object(self, azure, cloud, estate):
        estate.subnet()
        cloud.settings(capacity=[{"type": "Standard_DC2as_v5", "zone": LOCATION, "count": 1}])
        with pytest.raises(Partial, match=r'^Status=200 Code="AllocationFailed" Message="Allocation failed') as failed:
            estate.pool()
        assert failed.value.outputs["provisioningState"] == "Failed"
        assert failed.value.id.endswith(failed.value.outputs["name"])
        cloud.settings(capacity=[])
        left = failed.value
        made = Resource(kind("compute:VirtualMachineScaleSet"), "pool", left.id, left.inputs, left.outputs)
        fixed = azure.update(made, left.inputs)
        assert fixed.outputs["provisioningState"] == "Succeeded"

    def test_a_size_without_capacity_leaves_nothing(self, azure, cloud, estate):
        estate.interface()
        before = cloud.inventory()
        estate.identity()
        cloud.settings(capacity=[{"type": "*", "zone": "*", "count": 0}])
        with pytest.raises(Refused, match=r'^Status=409 Code="SkuNotAvailable"'):
            estate.machine()
        assert len(cloud.inventory()) == len(before) + 1

    def test_what_is_in_use_stays(self, azure, estate):
        estate.interface()
        with pytest.raises(Refused, match='Status=400 Code="InUseSubnetCannotBeDeleted"'):
            azure.delete(estate.made["subnet"])

    def test_a_secret_needs_rights_in_the_vault_to_be_deleted(self, azure, estate):
        made = estate.secret()
        with pytest.raises(Refused) as refused:
            azure.delete(made)
        text = str(refused.value)
        assert text.startswith(f"DELETE {estate.vault().outputs['properties']['vaultUri']}secrets/secret\n")
        assert "\nRESPONSE 403: 403 Forbidden\nERROR CODE: Forbidden\n" in text
        assert '"code": "ForbiddenByRbac"' in text
        assert "Action: 'Microsoft.KeyVault/vaults/secrets/delete'" in text
        assert f"oid={CALLER}" in text

    def test_an_officer_of_the_vault_is_told_that_the_sandbox_ends_there(self, azure, estate):
        officer = READER.replace("4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7")
        made = estate.secret()
        wanted = {
            "scope": estate.vault().id,
            "principalId": CALLER,
            "principalType": "ServicePrincipal",
            "roleDefinitionId": officer,
        }
        estate.make("authorization:RoleAssignment", "officer", wanted)
        with pytest.raises(Refused, match="the sandbox does not simulate the data plane of vaults"):
            azure.delete(made)

    def test_access_policies_refuse_in_other_words(self, azure, estate):
        properties = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": False}
        vault = azure.create(kind("keyvault:Vault"), "old", {**estate.common, "properties": properties})
        wanted = {**estate.group, "vaultName": vault.outputs["name"], "properties": {"value": "v"}}
        made = azure.create(kind("keyvault:Secret"), "s", wanted)
        with pytest.raises(Refused, match="does not have secrets delete permission on key vault"):
            azure.delete(made)
        azure.delete(vault)
        with pytest.raises(Refused, match="no such host"):
            azure.delete(made)


class TestFunctions:
    def test_who_calls(self, azure):
        assert azure.invoke(kind("authorization:getClientConfig"), {}) == {
            "clientId": CALLER,
            "objectId": CALLER,
            "subscriptionId": SUBSCRIPTION,
            "tenantId": TENANT,
        }

    def test_a_group(self, azure, estate):
        lookup = kind("resources:getResourceGroup")
        found = azure.invoke(lookup, estate.group)
        assert (found["location"], found["id"]) == (LOCATION, estate.made["group"].id)
        assert found["tags"] == estate.made["group"].inputs["tags"]
        where = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/nowhere"
        with pytest.raises(Refused, match=f'^request failed {where}: Status=404 Code="ResourceGroupNotFound"'):
            azure.invoke(lookup, {"resourceGroupName": "nowhere"})
        with pytest.raises(Refused, match=exactly("missing required property 'resourceGroupName'")):
            azure.invoke(lookup, {})
        with pytest.raises(Refused, match="the sandbox knows no property 'name'"):
            azure.invoke(lookup, {"name": "x"})
