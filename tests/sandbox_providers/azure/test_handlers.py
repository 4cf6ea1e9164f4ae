"""The engine of all types against a resource manager that fails on demand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from azure_parts import SUBSCRIPTION
from fake_arm import failure

from confkube_sandbox.providers.azure_native import connection
from confkube_sandbox.providers.errors import CloudError, PartialFailure
from confkube_sandbox.providers.wire import UNKNOWN

VNET = {"resourceGroupName": "rg", "virtualNetworkName": "net", "location": "westeurope"}
VNET_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net"
SPACE = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
DONE = {"status": "Succeeded"}


@pytest.fixture
def vnet(handler):
    return handler("network:VirtualNetwork")


class TestCreate:
    def test_the_body_is_unflattened_and_the_answer_flattened(self, vnet, ctx, arm):
        arm.operation = DONE
        made = vnet.create({**VNET, **SPACE, "tags": {"a": "1"}}, ctx)
        assert made.id == VNET_ID
        assert arm.sent("PUT") == [
            {
                "location": "westeurope",
                "tags": {"a": "1"},
                "properties": {**SPACE, "subnets": [], "virtualNetworkPeerings": []},
            }
        ]
        assert made.outputs["addressSpace"] == SPACE["addressSpace"]
        assert made.outputs["azureApiVersion"] == "2024-05-01"
        assert "resourceGroupName" not in made.outputs

    def test_the_order_of_calls(self, vnet, ctx, arm):
        arm.operation = DONE
        vnet.create({**VNET, **SPACE}, ctx)
        version = "?api-version=2024-05-01"
        whole = [method + " " + path.removesuffix(version) for method, path, _ in arm.requests]
        assert whole == [f"GET {VNET_ID}", f"PUT {VNET_ID}", "GET /operation", f"GET {VNET_ID}", f"GET {VNET_ID}"]

    def test_an_object_that_is_there_is_not_taken_over(self, vnet, ctx, arm):
        arm.objects[VNET_ID.lower()] = {"id": VNET_ID}
        with pytest.raises(CloudError) as refused:
            vnet.create({**VNET, **SPACE}, ctx)
        assert refused.value.message == f"cannot create already existing resource '{VNET_ID}'"
        assert arm.sent("PUT") == []

    def test_existence_that_cannot_be_checked(self, vnet, ctx, arm):
        arm.script.append(("GET", 403, {}, failure("AuthorizationFailed", "no")))
        with pytest.raises(CloudError, match=f"cannot check existence of resource '{VNET_ID}': status code 403, {{"):
            vnet.create({**VNET, **SPACE}, ctx)

    def test_a_refusal_leaves_nothing(self, vnet, ctx, arm):
        arm.script.append(("PUT", 400, {}, failure("InvalidRequestFormat", "Cannot parse the request.")))
        with pytest.raises(CloudError) as refused:
            vnet.create({**VNET, **SPACE}, ctx)
        text = 'Status=400 Code="InvalidRequestFormat" Message="Cannot parse the request."'
        assert (refused.value.message, refused.value.code) == (text, "InvalidRequestFormat")

    def test_an_operation_that_fails_later_keeps_the_object(self, vnet, ctx, arm):
        arm.operation = {"status": "Failed", **failure("SkuNotAvailable", "none left")}
        with pytest.raises(PartialFailure) as failed:
            vnet.create({**VNET, **SPACE}, ctx)
        assert failed.value.id == VNET_ID
        assert failed.value.reasons == ['Status=200 Code="SkuNotAvailable" Message="none left"']
        assert failed.value.outputs["addressSpace"] == SPACE["addressSpace"]
        assert failed.value.inputs == {**VNET, **SPACE}

    def test_what_failed_and_cannot_be_read_is_kept_too(self, vnet, ctx, arm):
        arm.operation = {"status": "Failed", **failure("X", "y")}
        arm.script += [("GET", 404, {}, failure("ResourceNotFound", "z"))]
        arm.script += [("PUT", 201, {"Azure-AsyncOperation": f"{arm.url}/operation"}, {"id": VNET_ID})]
        arm.script += [("GET", 404, {}, failure("ResourceNotFound", "z"))]
        with pytest.raises(PartialFailure) as failed:
            vnet.create({**VNET, **SPACE}, ctx)
        assert failed.value.outputs == {}
        unread, first = 'Status=404 Code="ResourceNotFound" Message="z"', 'Status=200 Code="X" Message="y"'
        assert failed.value.reasons == [f"resource created but read failed {unread}: {first}"]

    def test_time_is_limited(self, vnet, impatient, arm, monkeypatch):
        monkeypatch.setattr(connection, "_LEAST_SECONDS", 0.2)
        arm.operation, arm.polls_until_done = DONE, 10**6
        with pytest.raises(PartialFailure) as failed:
            vnet.create({**VNET, **SPACE}, impatient)
        assert failed.value.reasons == ["operation timed out"]

    def test_reading_after_writing_can_be_switched_off(self, vnet, ctx, arm):
        vnet.create({**VNET, **SPACE}, ctx)
        before = len(arm.requests)
        quiet = replace(ctx, config={**ctx.config, "skipReadOnUpdate": True})
        vnet.create({**VNET, **SPACE, "virtualNetworkName": "other"}, quiet)
        assert len(arm.requests) - before == before - 1


class TestRetries:
    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_throttled_calls_are_repeated(self, vnet, ctx, arm, status):
        arm.operation = DONE
        arm.script += [("GET", status, {"Retry-After": "5"}, failure("TooManyRequests", "slow down"))]
        assert vnet.create({**VNET, **SPACE}, ctx).id == VNET_ID

    def test_not_for_ever(self, vnet, ctx, arm):
        arm.script += [("GET", 503, {"Retry-After": "5"}, failure("ServerBusy", "busy"))] * 5
        with pytest.raises(CloudError, match="status code 503"):
            vnet.create({**VNET, **SPACE}, ctx)
        assert len(arm.requests) == 4

    def test_a_conflict_only_with_an_operation_under_way(self, vnet, ctx, arm):
        arm.operation = DONE
        arm.script += [("GET", 404, {}, failure("N", "n"))]
        arm.script += [("PUT", 409, {}, failure("AnotherOperationInProgress", "wait"))]
        vnet.create({**VNET, **SPACE}, ctx)
        assert len(arm.sent("PUT")) == 2
        arm.objects.clear()
        arm.script += [("GET", 404, {}, failure("N", "n"))]
        arm.script += [("PUT", 409, {"Retry-After": "1"}, failure("Conflict", "no"))]
        with pytest.raises(CloudError, match='Status=409 Code="Conflict"'):
            vnet.create({**VNET, **SPACE}, ctx)


class TestUpdate:
    def test_lists_of_resources_of_their_own_are_kept(self, vnet, ctx, arm):
        arm.operation = DONE
        live = {"properties": {**SPACE, "subnets": [{"name": "a"}], "virtualNetworkPeerings": []}, "id": VNET_ID}
        arm.objects[VNET_ID.lower()] = live
        vnet.update(VNET_ID, VNET, {}, {**VNET, **SPACE, "tags": {"b": "2"}}, ctx)
        assert arm.sent("PUT")[0]["properties"]["subnets"] == [{"name": "a"}]

    def test_but_not_those_that_the_program_gives(self, vnet, ctx, arm):
        arm.operation = DONE
        arm.objects[VNET_ID.lower()] = {"properties": {"subnets": [{"name": "a"}]}, "id": VNET_ID}
        own = {"subnets": [{"name": "b", "addressPrefix": "10.0.1.0/24"}]}
        vnet.update(VNET_ID, VNET, {}, {**VNET, **SPACE, **own}, ctx)
        wanted = [{"name": "b", "properties": {"addressPrefix": "10.0.1.0/24"}}]
        assert arm.sent("PUT")[0]["properties"]["subnets"] == wanted

    def test_gone_objects_cannot_be_updated_where_their_lists_are_needed(self, vnet, ctx):
        with pytest.raises(CloudError, match="failed maintaining unset sub-resource properties: reading cloud state"):
            vnet.update(VNET_ID, VNET, {}, {**VNET, **SPACE}, ctx)

    def test_a_removed_identity_is_sent_as_null_by_patch(self, handler, ctx, arm):
        arm.operation = DONE
        vm = {"resourceGroupName": "rg", "vmName": "vm", "location": "westeurope"}
        before = {**vm, "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a", "/b"]}}
        after = {**vm, "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/b"]}}
        machine = handler("compute:VirtualMachine")
        machine.update("", before, {}, after, ctx)
        (sent,) = arm.sent("PATCH")
        assert sent["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {"/a": None, "/b": {}}}
        machine.update("", after, {}, after, ctx)
        assert len(arm.sent("PUT")) == 1

    def test_a_failed_update_records_the_new_inputs(self, handler, ctx, arm):
        arm.operation = {"status": "Failed", **failure("PropertyChangeNotAllowed", "no")}
        vm = {"resourceGroupName": "rg", "vmName": "vm", "location": "westeurope", "zones": ["2"]}
        id_ = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"
        with pytest.raises(PartialFailure) as failed:
            handler("compute:VirtualMachine").update(id_, {**vm, "zones": ["1"]}, {}, vm, ctx)
        assert failed.value.inputs["zones"] == ["2"]


class TestReadAndDelete:
    def test_gone(self, vnet, ctx):
        assert vnet.read(VNET_ID, VNET, {}, ctx) is None
        vnet.delete(VNET_ID, {}, ctx)

    def test_inputs_change_only_where_the_cloud_did(self, vnet, ctx, arm):
        arm.operation = DONE
        inputs = {**VNET, **SPACE, "tags": {"a": "1"}}
        made = vnet.create(inputs, ctx)
        same = vnet.read(made.id, inputs, made.outputs, ctx)
        assert same.inputs == inputs
        live = arm.objects[VNET_ID.lower()]
        live["tags"] = {"a": "2", "b": "1"}
        live["properties"]["subnets"] = [{"name": "s"}]
        live["properties"]["flowTimeoutInMinutes"] = 4
        seen = vnet.read(made.id, inputs, made.outputs, ctx)
        assert seen.inputs == {**inputs, "tags": {"a": "2", "b": "1"}, "flowTimeoutInMinutes": 4}
        assert seen.outputs["subnets"] == [{"name": "s"}]

    def test_an_import_finds_the_inputs(self, vnet, ctx, arm):
        arm.operation = DONE
        made = vnet.create({**VNET, **SPACE}, ctx)
        found = vnet.read(made.id, {}, {}, ctx)
        assert found.inputs.items() >= {**VNET, **SPACE}.items()
        arm.objects["/other"] = {"id": "/other"}
        with pytest.raises(CloudError, match="failed to parse"):
            vnet.read("/other", {}, {}, ctx)

    def test_a_refused_removal(self, vnet, ctx, arm):
        arm.script.append(("DELETE", 400, {}, failure("InUseSubnetCannotBeDeleted", "in use")))
        with pytest.raises(CloudError, match='Status=400 Code="InUseSubnetCannotBeDeleted"'):
            vnet.delete(VNET_ID, {}, ctx)


class TestCheck:
    def test_names(self, handler, ctx):
        checked, failures = handler("network:VirtualNetwork").check({"resourceGroupName": "rg"}, {}, ctx)
        assert failures == []
        assert checked["virtualNetworkName"].startswith("thing")
        assert len(checked["virtualNetworkName"]) == len("thing") + 8
        assert checked["__createBeforeDelete"] is True
        assert checked["location"] == "westeurope"
        assert checked["azureApiVersion"] == "2024-05-01"
        again, _ = handler("network:VirtualNetwork").check({"resourceGroupName": "rg"}, checked, ctx)
        assert again == checked

    def test_names_inside_of_others_are_copied(self, handler, ctx):
        inputs = {"resourceGroupName": "rg", "virtualNetworkName": "net"}
        checked, _ = handler("network:Subnet").check(inputs, {}, ctx)
        assert checked["subnetName"] == "thing"
        assert "__createBeforeDelete" not in checked
        assert "location" not in checked

    def test_role_assignments_get_a_uuid(self, handler, ctx):
        import uuid

        checked, _ = handler("authorization:RoleAssignment").check({"scope": "/x"}, {}, ctx)
        assert str(uuid.UUID(checked["roleAssignmentName"])) == checked["roleAssignmentName"]

    def test_the_location_is_that_of_before_then_of_the_configuration_then_of_the_group(self, handler, ctx, arm):
        group = handler("network:PublicIPAddress")
        inputs = {"resourceGroupName": "rg"}
        assert group.check(inputs, {"location": "eastus"}, ctx)[0]["location"] == "eastus"
        bare = replace(ctx, config={"subscriptionId": SUBSCRIPTION})
        assert "location" not in group.check(inputs, {}, bare)[0]
        arm.objects[f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg"] = {"location": "uksouth"}
        assert group.check(inputs, {}, bare)[0]["location"] == "uksouth"
        assert group.check({"resourceGroupName": UNKNOWN}, {}, bare)[0]["location"] == UNKNOWN

    def test_a_missing_location(self, handler, ctx):
        bare = replace(ctx, config={"subscriptionId": SUBSCRIPTION})
        _, failures = handler("resources:ResourceGroup").check({}, {}, bare)
        (found,) = failures
        assert found.reason == (
            "missing required property 'location'. Either set it explicitly or configure it with 'pulumi config set "
            "azure-native:location <value>'."
        )

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("ab", "'vaultName' does not match expression '^[a-zA-Z0-9-]{3,24}$'"),
            ("a_b_c", "'vaultName' does not match expression '^[a-zA-Z0-9-]{3,24}$'"),
        ],
    )
    def test_limits_of_names(self, handler, ctx, name, text):
        _, failures = handler("keyvault:Vault").check({"resourceGroupName": "rg", "vaultName": name}, {}, ctx)
        assert [failure.reason for failure in failures] == [text]

    def test_lengths(self, handler, ctx):
        _, failures = handler("resources:ResourceGroup").check({"resourceGroupName": "x" * 91}, {}, ctx)
        assert [failure.reason for failure in failures] == [
            "'resourceGroupName' is too long (91): at most 90 characters allowed"
        ]
        _, failures = handler("resources:ResourceGroup").check({"resourceGroupName": ""}, {}, ctx)
        assert failures[0].reason == "'resourceGroupName' is too short (0): at least 1 characters required"


class TestPreview:
    def test_given_values_stay_and_all_others_are_unknown_also_inside(self, handler):
        inputs = {"resourceGroupName": "rg", "ipConfigurations": [{"name": "a", "subnet": {"id": UNKNOWN}}]}
        seen = handler("network:NetworkInterface").promised(inputs)
        assert seen["macAddress"] == UNKNOWN
        configuration = seen["ipConfigurations"][0]
        assert configuration["name"] == "a"
        assert configuration["privateIPAddress"] == UNKNOWN
        assert configuration["subnet"]["id"] == UNKNOWN
        assert "resourceGroupName" not in seen

    def test_an_update_tells_the_name_and_the_location(self, handler):
        outputs = {"name": "n", "location": "westeurope", "ipAddress": "1.2.3.4"}
        seen = handler("network:PublicIPAddress").promised_change({}, {"tags": {}}, outputs)
        assert (seen["name"], seen["location"], seen["ipAddress"]) == ("n", "westeurope", UNKNOWN)


class TestConfiguration:
    def test_no_subscription(self, handler, ctx, monkeypatch):
        monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
        with pytest.raises(CloudError, match="A Subscription ID must be configured"):
            handler("network:VirtualNetwork").delete(VNET_ID, {}, replace(ctx, config={}))

    def test_the_environment_stands_in(self, handler, ctx, arm, monkeypatch):
        monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "s-1")
        handler("resources:ResourceGroup").create(
            {"resourceGroupName": "rg", "location": "x"}, replace(ctx, config={"location": "y"})
        )
        assert arm.requests[0][1].startswith("/subscriptions/s-1/resourcegroups/rg?")

    def test_other_tenants_and_applications_do_not_exist(self, handler, ctx):
        for name, code in (("tenantId", "AADSTS90002"), ("clientId", "AADSTS700016")):
            stranger = replace(ctx, config={**ctx.config, name: "11111111-0000-4000-8000-000000000000"})
            with pytest.raises(CloudError, match=code):
                handler("network:VirtualNetwork").delete(VNET_ID, {}, stranger)
