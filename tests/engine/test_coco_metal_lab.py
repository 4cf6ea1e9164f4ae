"""The stack coco-metal-lab: hosts are prepared for confidential pods, up to the runtime class, for real.

Its Kata is missing and its TEE exists in name only: what is proved is all that confkube does on the way there.
"""

import pytest
from lab_world import eventually, lab

from confkube_lab import readiness

NAME = "coco-metal-lab"
WORKERS = {f"{NAME}-workers-{number}" for number in (1, 2)}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="module")
def stack(world, stack_in, committed_config):
    return stack_in(NAME, committed_config(NAME))


class TestCocoMetalLab:
    def test_it_comes_up_and_every_node_becomes_ready(self, stack, world):
        result = stack.up()
        assert set(readiness.wait(world.inventory, 240, lambda _: None)) == {f"{NAME}-control-plane", *WORKERS}
        assert result.outputs["runtime_class"] == "kata-qemu-snp"
        assert "nothing here is confidential" in result.outputs["attestation"]
        assert result.outputs["trust"]["state"] == "external"
        world.kubeconfig.write_text(result.outputs["kubeconfig"])

    def test_the_runtime_class_is_there_and_leads_to_the_prepared_workers(self, world):
        found = eventually(lambda: world.json("get", "runtimeclasses")["items"], 120)
        assert [each["metadata"]["name"] for each in found] == ["kata-qemu-snp"]
        (selector,) = {tuple(each["scheduling"]["nodeSelector"].items()) for each in found}
        labelled = world.json("get", "nodes", "-l", "=".join(selector[0]))["items"]
        assert {node["metadata"]["name"] for node in labelled} == WORKERS

    def test_containerd_keeps_the_layers_that_guests_pull_by(self, world):
        for worker in sorted(WORKERS):
            dumped = world.run(worker, "containerd", "config", "dump").stdout
            assert "discard_unpacked_layers = false" in dumped

    def test_a_second_up_changes_nothing_and_destroy_leaves_nothing(self, stack, world):
        assert not stack.up().changed
        world.remember()
        stack.destroy()
        assert not world.traces()
