"""Google Cloud against the contract, and what is its own."""

import pytest
import recorder
from contract.suite import Contract

import confkube as ck
from confkube.clouds import resolve
from confkube.errors import Refusal
from confkube.roles.openings import tiers_of
from confkube.spec import Addresses

INSTANCE, TEMPLATE = "gcp:compute/instance:Instance", "gcp:compute/instanceTemplate:InstanceTemplate"
FIREWALL = "gcp:compute/firewall:Firewall"
IAP = "35.235.240.0/20"
LABELLED = {INSTANCE, TEMPLATE, "gcp:compute/address:Address", "gcp:secretmanager/secret:Secret"}


class TestGcp(Contract):
    block = {"gcp": {"project": "my-project", "zone": "us-central1-a"}}

    def machines(self, recorded):
        return [*recorded.of_type(INSTANCE), *recorded.of_type(TEMPLATE)]

    def user_data(self, recorded):
        found = {}
        for each in self.machines(recorded):
            metadata = recorder.plain(each.inputs["metadata"])
            found[each.name] = recorder.plain(metadata["user-data"])
        return found

    def inbound(self, recorded):
        tiers = tiers_of(Addresses().cidr, public=False, own_trust_server=True).values()
        names = {str(tier.cidr): tier.name for tier in tiers} | {IAP: "tunnel"}
        return [
            (tag.removeprefix("demo-network-"), names.get(source, source))
            for each in recorded.of_type(FIREWALL)
            for tag in each.inputs["targetTags"]
            for source in each.inputs["sourceRanges"]
        ]

    def labelled(self, recorded):
        found = [each.inputs["labels"] for each in recorded.registered if each.typ in LABELLED]
        found += [each.inputs["bootDisk"]["initializeParams"]["labels"] for each in recorded.of_type(INSTANCE)]
        for each in recorded.of_type(TEMPLATE):
            found += [disk["labels"] for disk in each.inputs["disks"]]
        return found

    def confidential(self, recorded):
        return {
            each.name: each.inputs.get("confidentialInstanceConfig") == {"confidentialInstanceType": "SEV_SNP"}
            for each in self.machines(recorded)
        }

    def encrypted(self, recorded):
        """Google encrypts every disk at rest, without being asked."""
        return [True for _ in self.machines(recorded)]

    def test_confidential_machines_are_asked_for_as_the_documentation_says(self, default):
        for each in self.machines(default[0]):
            confidential = "confidentialInstanceConfig" in each.inputs
            assert ("minCpuPlatform" in each.inputs) == confidential
            assert each.inputs.get("scheduling", {}).get("onHostMaintenance") == ("TERMINATE" if confidential else None)
            assert each.inputs["shieldedInstanceConfig"] == {
                "enableSecureBoot": True,
                "enableVtpm": True,
                "enableIntegrityMonitoring": True,
            }
            assert [one["nicType"] for one in each.inputs["networkInterfaces"]] == ["GVNIC"]

    def test_tdx_needs_no_processor_by_name_on_c3(self):
        recorded, _ = recorder.run(lambda: ck.CvmNodes("demo", {"platform": self.block, "tee": "tdx"}).outputs)
        workers = recorded.named("demo-workers", TEMPLATE)
        assert workers["confidentialInstanceConfig"] == {"confidentialInstanceType": "TDX"}
        assert "minCpuPlatform" not in workers

    def test_each_machine_has_an_account_of_its_own_and_only_the_control_plane_reads_a_secret(self, default):
        accounts = [each.inputs["accountId"] for each in default[0].of_type("gcp:serviceaccount/account:Account")]
        assert len(accounts) == len(set(accounts)) == 3
        assert all(6 <= len(each) <= 30 for each in accounts)
        (reader,) = default[0].of_type("gcp:secretmanager/secretIamMember:SecretIamMember")
        assert reader.inputs["role"] == "roles/secretmanager.secretAccessor"
        assert not [each for each in default[0].registered if "iAMMember" in each.typ and "secret" not in each.typ]

    def test_what_cannot_be_labelled_says_whose_it_is(self, default):
        recorded, outputs = default
        kinds = ("network:Network", "router:Router", "instanceGroupManager:InstanceGroupManager", "account:Account")
        found = [each.inputs["description"] for each in recorded.registered if each.typ.endswith(kinds)]
        assert len(found) == 6
        assert {each.split()[0] for each in found} == {f"confkube-cluster={outputs['cluster_id']}"}
        assert all(each.split()[1].startswith("confkube-proof=") for each in found)

    def test_project_keys_of_others_do_not_get_in(self, default):
        for each in self.machines(default[0]):
            metadata = recorder.plain(each.inputs["metadata"])
            assert metadata["block-project-ssh-keys"] == "true"
            assert metadata["serial-port-enable"] == "false"

    def test_everything_names_its_project(self, default):
        # Versions and disks belong to a parent that does.
        for each in default[0].registered:
            if each.typ.startswith("gcp:") and "secretVersion" not in each.typ:
                assert each.inputs["project"] == "my-project", each.name

    def test_an_image_that_is_not_ready_is_refused(self):
        with pytest.raises(Exception, match="is failed, not ready"):
            recorder.run(
                lambda: ck.CvmNodes("demo", {"platform": self.block, "tee": "snp"}).outputs,
                recorder=recorder.Recorder(image_status="FAILED"),
            )

    @pytest.mark.parametrize(("number", "world"), [("123456789012", "cloud"), ("000000000001", "sandbox")])
    def test_the_world_is_told_by_the_projects_number(self, number, world):
        _, outputs = recorder.run(
            lambda: ck.CvmNodes("demo", {"platform": self.block, "tee": "snp"}).outputs,
            recorder=recorder.Recorder(project_number=number),
        )
        assert (outputs["world"], outputs["account"]) == (world, "my-project")

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"zone": "us-central1"}, "'us-central1' is not known; choose one of"),
            ({"project": "My-Project"}, "'My-Project' is not a project id"),
            ({"project": "a"}, "'a' is not a project id"),
        ],
    )
    def test_bad_settings_are_refused(self, changes, text):
        with pytest.raises(Refusal, match=text):
            resolve({"gcp": {**self.block["gcp"], **changes}})

    def test_a_zone_without_the_tee_is_refused_with_the_good_ones(self):
        block = {"gcp": {"project": "my-project", "zone": "us-east1-c"}}
        with pytest.raises(Exception, match="region 'us-east1' has no snp"):
            recorder.run(lambda: ck.CvmNodes("demo", {"platform": block, "tee": "snp"}).outputs)
