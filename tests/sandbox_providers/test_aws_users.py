"""Users, their policies and keys: what changes how, what is refused, and what is kept secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from driver import SIGNATURE, Partial, Refused
from pulumi.runtime.proto import provider_pb2
from world import POLICY, World

from confkube_sandbox.providers.wire import struct

NONE, SOME = 1, 2
OTHER = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "ec2:RunInstances"}]}


class TestUser:
    def test_tags_change_in_place_and_a_new_name_is_not_simulated(self, aws):
        user = World(aws).user().made["user"]
        assert user.outputs["arn"].endswith(f":user/confkube/{user.id}")
        changed = aws.update(user, {"path": "/confkube/", "tags": {"x": "y"}})
        assert changed.outputs["tagsAll"] == {"x": "y"}
        assert aws.read(changed).inputs == changed.inputs
        with pytest.raises(Refused, match="the sandbox does not simulate UpdateUser"):
            aws.diff(user, {"name": "other", "path": "/confkube/"})

    def test_one_with_a_key_of_somebody_else_goes_only_if_forced(self, aws, boto):
        world = World(aws)
        for name, forced in (("stays", False), ("goes", True)):
            user = world.make("aws:iam/user:User", name, {"forceDestroy": forced})
            boto("iam").create_access_key(UserName=user.id)
            if forced:
                aws.delete(user)
                assert aws.read(user) is None
                continue
            with pytest.raises(Refused, match="DeleteConflict: Cannot delete entity, must delete access keys first"):
                aws.delete(user)


class TestPolicies:
    def test_an_inline_policy_is_too_small_for_much(self, aws):
        text = json.dumps({**POLICY, "Id": "x" * 2100})
        with pytest.raises(Refused, match="Cannot exceed quota for PolicySize: 2048"):
            aws.check("aws:iam/userPolicy:UserPolicy", "p", {"user": "u", "policy": text})

    def test_a_managed_policy_has_its_quota_at_iam(self, aws, cloud):
        before = cloud.inventory()
        statement = {**POLICY["Statement"][0], "Resource": f"arn:aws:ec2:::instance/{'x' * 6200}"}
        with pytest.raises(Refused, match="LimitExceeded: Cannot exceed quota for PolicySize: 6144"):
            aws.create("aws:iam/policy:Policy", "p", {"policy": json.dumps({**POLICY, "Statement": [statement]})})
        assert cloud.inventory() == before

    def test_a_changed_text_is_a_new_default_version_and_the_oldest_gives_way(self, aws, boto):
        world = World(aws).user()
        made = world.made["rights"]
        for number in range(7):
            statement = {**OTHER["Statement"][0], "Sid": f"S{number}"}
            text = json.dumps({**OTHER, "Statement": [statement]})
            made = aws.update(made, {"path": "/confkube/", "description": "few", "policy": text})
            assert json.loads(made.outputs["policy"])["Statement"] == [statement]
        versions = boto("iam").list_policy_versions(PolicyArn=made.id)["Versions"]
        assert len(versions) == 5
        assert aws.read(made).inputs == made.inputs
        aws.delete(world.made["granted"])
        aws.delete(made)
        assert aws.read(made) is None

    def test_one_that_is_attached_stays(self, aws):
        world = World(aws).user()
        with pytest.raises(Refused, match="DeleteConflict: Cannot delete a policy attached to entities"):
            aws.delete(world.made["rights"])
        assert aws.read(world.made["rights"]).outputs["attachmentCount"] == 1

    @pytest.mark.parametrize(
        ("name", "change", "replaces"),
        [
            ("own", {"name": "other"}, ["name"]),
            ("rights", {"description": "more"}, ["description"]),
            ("granted", {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, ["policyArn"]),
            ("key", {"user": "other"}, ["user"]),
        ],
    )
    def test_what_replaces(self, aws, name, change, replaces):
        made = World(aws).user().made[name]
        given = {key: value for key, value in made.inputs.items() if key not in made.inputs.get("__defaults", [])}
        given.pop("__defaults", None)
        found = aws.diff(made, {**given, **change})
        assert (found.changes, list(found.replaces)) == (SOME, replaces)


class TestKey:
    def test_it_is_told_once_and_kept_sealed(self, aws):
        world = World(aws).user()
        key = world.made["key"]
        assert key.id.startswith("AKIA")
        assert len(key.outputs["secret"]) == 40
        request = provider_pb2.ReadRequest(
            id=key.id, urn=key.urn, properties=struct(key.outputs), inputs=struct(key.inputs)
        )
        answer = aws._call("Read", request)
        for name in ("secret", "sesSmtpPasswordV4"):
            assert SIGNATURE in answer.properties.fields[name].struct_value.fields
        urn = key.urn
        made = aws._call("Create", provider_pb2.CreateRequest(urn=urn, properties=struct({"user": key.inputs["user"]})))
        assert SIGNATURE in made.properties.fields["secret"].struct_value.fields

    def test_the_password_for_mail_follows_from_it(self, aws):
        outputs = World(aws).user().made["key"].outputs
        signed = ("AWS4" + outputs["secret"]).encode()
        for word in (b"11111111", b"us-east-2", b"ses", b"aws4_request", b"SendRawEmail"):
            signed = hmac.new(signed, word, hashlib.sha256).digest()
        assert base64.b64decode(outputs["sesSmtpPasswordV4"]) == b"\x04" + signed

    def test_it_can_be_switched_off_and_on(self, aws, boto):
        world = World(aws).user()
        user = world.made["user"].id
        asleep = world.make("aws:iam/accessKey:AccessKey", "asleep", {"user": user, "status": "Inactive"})
        awake = aws.update(asleep, {"user": user})
        assert awake.outputs["secret"] == asleep.outputs["secret"]
        found = {
            each["AccessKeyId"]: each["Status"]
            for each in boto("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
        }
        assert found[asleep.id] == "Active"

    def test_a_failure_after_the_key_was_made_keeps_it(self, aws, cloud):
        world = World(aws).user()
        fault = {
            "service": "iam",
            "operation": "UpdateAccessKey",
            "kind": "error",
            "times": 20,
            "code": "Boom",
            "status": 400,
        }
        cloud.settings(faults=[fault])
        inputs = {"user": world.made["user"].id, "status": "Inactive"}
        with pytest.raises(Partial) as failed:
            aws.create("aws:iam/accessKey:AccessKey", "k", inputs)
        assert failed.value.id.startswith("AKIA")
        assert failed.value.outputs["status"] == "Active"
        assert failed.value.outputs["secret"] not in str(failed.value)

    def test_there_are_two_at_most(self, aws):
        world = World(aws).user()
        inputs = {"user": world.made["user"].id}
        world.make("aws:iam/accessKey:AccessKey", "second", inputs)
        with pytest.raises(Refused, match="LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"):
            aws.create("aws:iam/accessKey:AccessKey", "third", inputs)
