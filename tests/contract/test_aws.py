"""AWS against the contract, and what is its own."""

import base64
import gzip
import json

import pytest
import recorder
from contract.suite import Contract

import confkube as ck

INSTANCE, TEMPLATE = "aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"


def plain(encoded):
    raw = base64.b64decode(recorder.plain(encoded))
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()


class TestAws(Contract):
    block = {"aws": {"zone": "us-east-2a"}}

    def user_data(self, recorded):
        texts = {each.name: plain(each.inputs["userDataBase64"]) for each in recorded.of_type(INSTANCE)}
        return texts | {each.name: plain(each.inputs["userData"]) for each in recorded.of_type(TEMPLATE)}

    def inbound(self, recorded):
        tiers = {f"demo-network-{tier}_id": tier for tier in ("control-plane", "workers", "trust")}
        return [
            (
                tiers[each.inputs["securityGroupId"]],
                each.inputs.get("cidrIpv4") or tiers[each.inputs["referencedSecurityGroupId"]],
            )
            for each in recorded.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        ]

    def labelled(self, recorded):
        found = [each.inputs["tags"] for each in recorded.registered if isinstance(each.inputs.get("tags"), dict)]
        for each in recorded.of_type(TEMPLATE):
            kinds = {one["resourceType"]: one["tags"] for one in each.inputs["tagSpecifications"]}
            assert set(kinds) == {"instance", "volume", "network-interface"}
            found += kinds.values()
        for each in recorded.of_type(INSTANCE):
            found.append(each.inputs["rootBlockDevice"]["tags"])
        for each in recorded.of_type(GROUP):
            assert all(tag["propagateAtLaunch"] for tag in each.inputs["tags"])
            found.append({tag["key"]: tag["value"] for tag in each.inputs["tags"]})
        return found

    def confidential(self, recorded):
        return {
            each.name: each.inputs.get("cpuOptions") == {"amdSevSnp": "enabled"}
            for each in [*recorded.of_type(INSTANCE), *recorded.of_type(TEMPLATE)]
        }

    def encrypted(self, recorded):
        disks = [each.inputs["rootBlockDevice"]["encrypted"] for each in recorded.of_type(INSTANCE)]
        for each in recorded.of_type(TEMPLATE):
            disks += [mapping["ebs"]["encrypted"] == "true" for mapping in each.inputs["blockDeviceMappings"]]
        return disks

    def test_metadata_needs_a_token_and_is_one_hop_away(self, default):
        for each in [*default[0].of_type(INSTANCE), *default[0].of_type(TEMPLATE)]:
            options = each.inputs["metadataOptions"]
            assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)

    def test_the_control_plane_may_read_its_own_secret_and_nothing_else(self, default):
        policy = json.loads(default[0].named("demo-control-plane-identity", "aws:iam/rolePolicy:RolePolicy")["policy"])
        allowed = {each["Sid"]: each for each in policy["Statement"]}
        assert set(allowed) == {"OwnSecret", "Session"}
        assert allowed["OwnSecret"]["Action"] == ["secretsmanager:GetSecretValue"]
        assert allowed["OwnSecret"]["Resource"] != "*"

    def test_workers_have_no_identity(self, default):
        assert "iamInstanceProfile" not in default[0].named("demo-workers", TEMPLATE)

    def test_everything_names_its_region(self, default):
        for each in default[0].registered:
            if each.typ.startswith("aws:") and not each.typ.startswith("aws:iam"):
                assert each.inputs["region"] == "us-east-2", each.name

    def test_an_image_that_boots_without_uefi_is_refused(self):
        seen = recorder.Recorder(boot_mode="legacy-bios")
        with pytest.raises(Exception, match="boots with legacy-bios; SEV-SNP needs uefi or uefi-preferred"):
            recorder.run(lambda: ck.CvmNodes("demo", {"platform": self.block, "tee": "snp"}).outputs, recorder=seen)

    @pytest.mark.parametrize(
        ("caller", "world"),
        [
            (("111122223333", "arn:aws:iam::111122223333:user/somebody"), "cloud"),
            (("000000000000", "arn:aws:iam::000000000000:user/confkube-sandbox"), "sandbox"),
        ],
    )
    def test_the_world_is_told_by_the_caller(self, caller, world):
        _, outputs = recorder.run(
            lambda: ck.CvmNodes("demo", {"platform": self.block, "tee": "snp"}).outputs,
            recorder=recorder.Recorder(account=caller),
        )
        assert (outputs["world"], outputs["account"]) == (world, caller[0])
