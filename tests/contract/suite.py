"""What every platform must do, written once; a platform's own test module inherits it.

A platform's module gives ``block`` (its arguments), ``machine_type`` (a type with the TEE), ``tee`` and readers of what
was registered; the tests name an ability and never a platform.
"""

import json
import re

import pytest
import recorder

import confkube as ck
from confkube.clouds import resolve
from confkube.errors import Refusal
from confkube.models import OUTPUTS
from confkube.platform import Platform

PRIVATE_KEY = re.compile(r"PRIVATE KEY")
LABELS = {"confkube-cluster", "confkube-stack", "confkube-owner", "confkube-expires", "confkube-proof"}


class Contract:
    """Inherited as ``class TestX(Contract)``."""

    block: dict
    tee = "snp"
    allow: tuple[str, ...] = ()
    """States that the platform's machines have and a user has to allow."""
    near = ""
    """How addresses begin at which this computer alone reaches the machines; empty where it needs a tunnel."""

    # -- how a platform's registrations are read; each returns plain values -------------------------------------------
    def user_data(self, recorded) -> dict[str, str]:
        raise AssertionError("the platform's test says how its user data is read")

    def inbound(self, recorded) -> list[tuple[str, str]]:
        """(firewall, range or firewall) of every opening."""
        raise AssertionError("the platform's test says how its firewall openings are read")

    def labelled(self, recorded) -> list[dict[str, str]]:
        """Labels of everything that can carry some, and of what machines bring along."""
        raise AssertionError("the platform's test says where its labels are")

    def confidential(self, recorded) -> dict[str, bool]:
        """Machine or pool -> whether it was asked to be confidential."""
        raise AssertionError("the platform's test says how isolation is asked for")

    def encrypted(self, recorded) -> list[bool]:
        raise AssertionError("the platform's test says how disk encryption is asked for")

    # -- the tests -----------------------------------------------------------------------------------------------------
    def up(self, name="demo", *, seen=None, **args):
        asked = {"platform": self.block, "tee": self.tee, "allow": list(self.allow), **args}
        return recorder.run(lambda: ck.CvmNodes(name, asked).outputs, recorder=seen)

    @pytest.fixture(scope="class")
    @classmethod
    def default(cls):
        return cls().up()

    def test_has_at_most_five_methods_and_the_common_names(self):
        platform = resolve(self.block)
        wanted = {name for name in vars(Platform) if not name.startswith("_")}
        assert all(hasattr(platform, name) for name in wanted)
        methods = {name for name in wanted if callable(getattr(platform, name))}
        assert len(methods) <= 5

    def test_outputs_are_complete(self, default):
        _, outputs = default
        assert set(outputs) == set(OUTPUTS)
        assert all(outputs.values())
        assert set(outputs["machines"]) == {"control-plane", "trust"}
        assert set(outputs["pools"]) == {"workers"}
        assert outputs["cluster_id"].startswith("demo-")

    def test_nothing_is_asked_of_the_cloud_twice(self, default):
        """Each question waits for its answer before anything is created."""
        asked = default[0].called
        assert [each for number, each in enumerate(asked) if each in asked[:number]] == []

    def test_pools_and_trust_server_are_confidential_and_the_control_plane_is_not(self, default):
        asked = self.confidential(default[0])
        assert asked == {"demo-workers": True, "demo-trust": True, "demo-control-plane": False}

    def test_every_disk_is_encrypted(self, default):
        found = self.encrypted(default[0])
        assert found
        assert all(found)

    def test_everything_is_labelled(self, default):
        labels = self.labelled(default[0])
        assert len(labels) > 3
        for each in labels:
            assert set(each) >= LABELS, each
            assert each["confkube-cluster"] == "demo-0a1b2c3d"

    def test_times_are_utc_to_the_second_whatever_the_users_time_zone(self):
        recorded, outputs = self.up(ttl="12h")
        assert outputs["created_at"] == "2026-11-24T00:00:00Z"
        assert outputs["expires_at"] == "2026-11-24T12:00:00Z"
        assert {each["confkube-expires"] for each in self.labelled(recorded)} == {"2026-11-24t120000z"}

    def test_the_proof_stamp_depends_on_the_key(self, default):
        stamps = {each["confkube-proof"] for each in self.labelled(default[0])}
        assert len(stamps) == 1
        assert re.fullmatch(r"[0-9a-f]{32}", stamps.pop())

    def test_no_private_key_in_any_user_data(self, default):
        texts = self.user_data(default[0])
        assert len(texts) == 3
        for name, text in texts.items():
            assert "#cloud-config" in text, name
            assert not PRIVATE_KEY.search(text), name

    def test_user_data_stays_within_the_limit(self):
        pool = {"name": "p" * 15, "labels": {f"example.org/{'k' * 40}{n}": "v" * 60 for n in range(10)}}
        recorded, _ = self.up("n" * 30, pools=[pool])
        limit = resolve(self.block).limits.user_data_bytes
        assert all(len(text.encode()) <= limit for text in self.user_data(recorded).values())

    def test_nothing_is_open_to_the_world(self, default):
        openings = self.inbound(default[0])
        assert openings
        assert not [source for _, source in openings if re.fullmatch(r"[0-9.]+/\d+", source)]

    def test_admin_ranges_reach_the_api_alone(self):
        recorded, outputs = self.up(admin_cidrs=["203.0.113.0/24"])
        ranges = [(firewall, source) for firewall, source in self.inbound(recorded) if "/" in source]
        assert ranges == [("control-plane", "203.0.113.0/24")]
        assert outputs["endpoint"].endswith(":6443")
        assert not outputs["endpoint"].startswith("10.")

    def test_without_admin_ranges_there_is_no_public_address_and_a_way_in_is_told(self, default):
        _, outputs = default
        assert outputs["endpoint"].startswith(self.near or "10.20.")
        assert (outputs["endpoint"] if self.near else "tunnel") in outputs["access"]

    def test_a_pool_of_1000_costs_as_many_resources_as_one_of_3(self):
        small, _ = self.up(pools=[{"name": "workers", "count": 3}])
        large, _ = self.up(pools=[{"name": "workers", "count": 1000}])
        assert len(small.registered) == len(large.registered)

    def test_an_external_trust_server_is_not_made(self):
        external = {"endpoint": "spire.example.org:8081", "root_certificate": recorder.CERTIFICATE}
        recorded, outputs = self.up(trust={"external": external})
        assert set(outputs["machines"]) == {"control-plane"}
        assert outputs["trust"]["endpoint"] == "spire.example.org:8081"
        assert not [each for each in recorded.registered if "trust" in each.name]

    def test_the_kubeconfig_verifies_every_address(self, default):
        config = json.loads(default[1]["kubeconfig"])
        servers = {each["name"]: each["cluster"] for each in config["clusters"]}
        assert set(servers) == {"demo", "demo-tunnel"}
        assert servers["demo"]["server"].startswith(f"https://{self.near or '10.20.'}")
        assert servers["demo-tunnel"]["tls-server-name"] == "kubernetes"
        assert not any("insecure-skip-tls-verify" in each for each in servers.values())

    def test_a_tee_that_is_not_there_is_refused_before_anything_is_registered(self):
        pool = {"name": "workers", "machine_type": "no-such-type"}
        seen = recorder.Recorder()
        with pytest.raises(Exception, match="no-such-type"):
            self.up(seen=seen, pools=[pool])
        assert seen.registered == []

    def test_a_key_with_nothing_behind_it_is_left_out(self):
        recorded, outputs = self.up(
            pools=[{"name": "w", "tee": None, "machine_type": None}],
            trust={"server": None, "external": None, "trust_domain": None},
        )
        assert set(outputs["pools"]) == {"w"}
        assert self.confidential(recorded)["demo-w"]

    def test_an_unknown_key_in_the_block_is_refused(self):
        ((cloud, settings),) = self.block.items()
        with pytest.raises(Refusal, match="unknown key 'zoen'; the keys are"):
            resolve({cloud: {**settings, "zoen": 1}})
