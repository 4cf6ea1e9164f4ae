"""The whole life of a cvm-nodes stack on the real engine, written once: each step touches what it should and no more.

The tests of a class run in order and share one stack; each starts where the one before ended. A cloud's own module
inherits ``Life``, says how the living cloud is read with its official SDK, and what a step changes there.
"""

import copy
import json
import os
import re
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import pytest
from pulumi import automation as auto

from confkube_sandbox import clock
from confkube_sandbox.daemon.client import ensure_running

LABELS = {"confkube-cluster", "confkube-stack", "confkube-owner", "confkube-expires", "confkube-proof"}
LATER = {"addresses": {"services": "10.97.0.0/16"}}
"""What the stack is asked for in the later part of its life, beside a larger pool."""
OPEN = {"admin_cidrs": ["203.0.113.0/24"]}
OTHER_IMAGE = """
import dataclasses
from confkube import facts

pinned = facts.stock_image
facts.stock_image = lambda *args, **options: dataclasses.replace(pinned(*args, **options), name="IMAGE")

"""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine as the cloud shows it."""

    id: str
    role: str
    """``control-plane``, ``trust``, or the name of its pool."""
    tee: str | None
    shielded: bool
    """UEFI with what the cloud adds: secure boot, vTPM."""
    public: bool
    encrypted: bool
    labels: list[dict] = field(default_factory=list)
    """Its own, and those of what it brought along."""


class Life:
    """Inherited as ``class TestX(Life)``."""

    name: str
    least_resources: int
    group: str
    """Type of a pool's scale group."""
    big: str
    """A larger machine type with the first pool's TEE."""
    moved: tuple[dict, str]
    """Changes of the platform block that would move the cluster, and the sentence that refuses them."""
    other_images: ClassVar[dict[str, set[str]]] = {}
    """Images that a later confkube might pin, and what becomes of the pools' groups then."""

    def __init_subclass__(cls):
        if cls.__name__.startswith("Test") and not cls.other_images:
            # Else it would pass without a look at anything.
            cls.test_another_pinned_image_reaches_the_pool_and_leaves_single_machines_alone = None

    # -- how a cloud is read -----------------------------------------------------------------------------------------
    def machines(self, stack) -> list[Machine]:
        raise NotImplementedError

    def open_to_everybody(self, stack) -> list:
        """Openings that anybody can use."""
        raise NotImplementedError

    def user_data(self, stack) -> list[str]:
        """Boot texts that the cloud shows; empty where it shows them to nobody."""
        raise NotImplementedError

    def secret(self, stack) -> str | None:
        """The control plane's document in the secret store, or None where only a machine may read it."""
        raise NotImplementedError

    def check_grants(self, stack) -> None:
        """Each machine may do what it needs, and nothing else."""
        raise NotImplementedError

    def drift(self, stack) -> tuple[dict, dict]:
        """Change the cloud behind the program's back; return what a refresh and the next ``up`` have to do."""
        raise NotImplementedError

    def pool_parts(self, pool) -> set[str]:
        """What a further pool is made of."""
        raise NotImplementedError

    def opened(self, stack) -> dict:
        """What opening the API to administrators changes."""
        raise NotImplementedError

    def kept_machine(self) -> str:
        """Type and name of the control plane's machine, as in a URN."""
        raise NotImplementedError

    @contextmanager
    def elsewhere(self, stack, config):
        """Credentials or settings of another account."""
        raise NotImplementedError

    # -- the stack ---------------------------------------------------------------------------------------------------
    @pytest.fixture(scope="class")
    @classmethod
    def config(cls, committed_config):
        return committed_config(cls.name)

    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls, stack_in, config):
        return stack_in(cls.name, config)

    @pytest.fixture(scope="class")
    @classmethod
    def before(cls, stack):
        return stack.inventory()

    @staticmethod
    def pools(config):
        return copy.deepcopy(config["confkube:args"].get("pools", [{"name": "workers"}]))

    def more(self, config):
        """The pools of the later life: one machine more in the first."""
        first, *others = self.pools(config)
        return [first | {"count": 3}, *others]

    @staticmethod
    def asking(config, **changes):
        changed = copy.deepcopy(config)
        changed["confkube:args"].update(changes)
        return changed

    def of_role(self, stack, role):
        return sorted(each.id for each in self.machines(stack) if each.role == role)

    # -- its life ----------------------------------------------------------------------------------------------------
    def test_preview_creates_nothing(self, stack, before):
        planned = stack.preview()
        assert set(planned.changed) == {"create"}
        assert len(planned.changed["create"]) >= self.least_resources
        assert stack.inventory() == before

    def test_up_brings_the_cluster_up(self, stack, before):
        made = stack.up()
        assert set(made.changed) == {"create"}
        assert made.outputs["world"] == "sandbox"
        assert made.outputs["account"] in (stack.account, stack.subscription, stack.project)
        assert made.outputs["expires_at"] == "never"
        assert json.loads(made.outputs["kubeconfig"])["kind"] == "Config"
        assert "instance identity, not confidentiality" in made.outputs["attestation"]
        assert "tunnel" in made.outputs["access"]
        assert set(stack.inventory()) > set(before)

    def test_what_is_live_is_what_was_promised(self, stack, config):
        found = self.machines(stack)
        wanted = {"control-plane": (1, None), "trust": (1, config["confkube:args"]["tee"])}
        for pool in self.pools(config):
            wanted[pool["name"]] = (2, pool.get("tee", config["confkube:args"]["tee"]))
        roles = {each.role for each in found}
        assert {role: (len(self.of_role(stack, role)), self.tee_of(found, role)) for role in roles} == wanted
        for each in found:
            assert each.shielded, each
            assert each.encrypted, each
            assert not each.public, each
            assert each.labels, each
            for labels in each.labels:
                assert set(labels) >= LABELS, each

    @staticmethod
    def tee_of(found, role):
        (tee,) = {each.tee for each in found if each.role == role}
        return tee

    def test_nothing_is_open_to_the_world(self, stack):
        assert self.open_to_everybody(stack) == []

    def test_no_private_key_in_user_data_nor_plain_in_the_state(self, stack):
        assert not [text for text in self.user_data(stack) if re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY", text)]
        state = json.dumps(stack.state())
        assert "PRIVATE KEY" not in state
        assert "BEGIN CERTIFICATE" in state

    def test_the_control_planes_secret_is_in_the_store(self, stack):
        document = self.secret(stack)
        if document is not None:
            found = json.loads(document)
            assert "PRIVATE KEY" in found["ca.key"]
            assert re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", found["token"])

    def test_each_machine_may_do_what_it_needs_and_nothing_else(self, stack):
        self.check_grants(stack)

    def test_a_killed_daemon_forgets_nothing(self, stack, sandbox):
        inventory = stack.inventory()
        os.kill(stack.client.pid, signal.SIGKILL)
        stack.client = ensure_running(sandbox)
        assert stack.inventory() == inventory

    def test_refresh_and_second_up_change_nothing_even_a_year_later(self, stack, sandbox):
        clock.advance(sandbox, timedelta(days=365))
        try:
            assert stack.up("--refresh").changed == {}
        finally:
            clock.reset(sandbox)

    def test_drift_is_seen_and_mended(self, stack):
        seen, mended = self.drift(stack)
        assert stack.refresh().changed == {"drift": seen}
        assert stack.up().changed == mended

    def test_count_changes_the_group_alone_and_a_further_pool_is_added_beside_it(self, stack, config):
        first = self.pools(config)[0]["name"]
        stack.configure(self.asking(config, pools=[*self.more(config), {"name": "big", "machine_type": self.big}]))
        assert stack.up().changed == {
            "update": {f"{self.group} {self.name}-{first}"},
            "create": {f"confkube:index:Workers {self.name}-big", *self.pool_parts("big")},
        }
        assert len(self.of_role(stack, first)) == 3
        assert len(self.of_role(stack, "big")) == 2

    def test_removing_the_pool_removes_only_the_pool(self, stack, config):
        stack.configure(self.asking(config, pools=self.more(config)))
        assert stack.up().changed == {"delete": {f"confkube:index:Workers {self.name}-big", *self.pool_parts("big")}}
        assert self.of_role(stack, "big") == []

    def test_changed_boot_text_leaves_the_control_plane_alone_and_says_so(self, stack, config):
        control_plane = self.of_role(stack, "control-plane")
        stack.configure(self.asking(config, pools=self.more(config), **LATER))
        done = stack.up()
        assert done.changed == {}
        assert self.of_role(stack, "control-plane") == control_plane
        (notice,) = [message for message in done.messages if "boot text" in message]
        assert "the running machine is kept" in notice
        assert "pulumi up --replace 'urn:pulumi:" in notice

    def test_the_command_that_it_says_replaces_the_control_plane(self, stack):
        before = self.of_role(stack, "control-plane")
        kind, name = self.kept_machine().split()
        done = stack.up(replace=[urn_of(stack, f"{kind}::{name}")])
        assert not [message for message in done.messages if "boot text" in message]
        assert self.of_role(stack, "control-plane") != before
        texts = self.user_data(stack)
        assert not texts or any("10.97.0.0/16" in text for text in texts)

    def test_opening_the_api_leaves_the_machines_alone(self, stack, config):
        machines = sorted(each.id for each in self.machines(stack))
        stack.configure(self.asking(config, pools=self.more(config), **LATER, **OPEN))
        opened = stack.up()
        assert opened.changed == self.opened(stack)
        found = self.machines(stack)
        assert sorted(each.id for each in found) == machines
        assert {each.role for each in found if each.public} == {"control-plane"}
        assert not [message for message in opened.messages if "boot text" in message]
        assert not opened.outputs["endpoint"].startswith("10.")

    def test_another_pinned_image_reaches_the_pool_and_leaves_single_machines_alone(self, stack, config):
        program = stack.folder / "stacks" / "__main__.py"
        committed = program.read_text()
        for image, steps in self.other_images.items():
            program.write_text(OTHER_IMAGE.replace("IMAGE", image) + committed)
            groups = {f"{self.group} {self.name}-{pool['name']}" for pool in self.pools(config)}
            assert stack.preview().changed == dict.fromkeys(steps, groups)
        program.write_text(committed)

    def test_wrong_arguments_are_one_line_and_change_nothing(self, stack, config):
        inventory = stack.inventory()
        stack.configure(self.asking(config, pools=[{"name": "workers", "count": 0}]))
        with pytest.raises(auto.CommandError) as failed:
            stack.up()
        assert "args.pools[0].count: 0 is too small; use 1 or more" in str(failed.value)
        assert "Traceback" not in str(failed.value)
        assert stack.inventory() == inventory

    def test_a_cluster_cannot_move(self, stack, config):
        ((cloud, block),) = config["confkube:args"]["platform"].items()
        changes, sentence = self.moved
        stack.configure(self.asking(config, platform={cloud: block | changes}))
        with pytest.raises(auto.CommandError, match=re.escape(sentence)) as failed:
            stack.preview()
        assert "Traceback" not in str(failed.value)

    def test_another_account_is_refused(self, stack, config):
        wanted = self.asking(config, pools=self.more(config), **LATER, **OPEN)
        stack.configure(wanted)
        with self.elsewhere(stack, wanted):
            with pytest.raises(
                auto.CommandError, match=r"lives in the sandbox account|the provider works in"
            ) as failed:
                stack.up()
            assert "Traceback" not in str(failed.value)

    def test_destroy_leaves_what_was_there_before(self, stack, config, before):
        stack.configure(self.asking(config, pools=self.more(config), **LATER, **OPEN))
        stack.destroy()
        assert stack.inventory() == before
        assert "resources" not in stack.state() or not stack.state()["resources"]


def urn_of(stack, ending):
    (urn,) = (each["urn"] for each in stack.state()["resources"] if each["urn"].endswith(ending))
    return urn
