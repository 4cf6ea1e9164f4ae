"""No cell can be forgotten: each that goes up has a stack file, and each stack file belongs to a cell."""

import cells
import pytest
import yaml

from confkube import facts


@pytest.mark.parametrize("each", cells.GOING_UP, ids=lambda each: f"{each.stack}-{each.tee}")
def test_what_goes_up_has_a_stack_file_that_allows_what_it_is(each):
    path = cells.STACKS / f"Pulumi.{each.stack}.yaml"
    assert path.is_file()
    config = yaml.safe_load(path.read_text())["config"]
    args = config["confkube:args"]
    assert config["confkube:model"] == each.model
    assert list(args["platform"]) == [each.cloud]
    if each.cloud != "lab":
        assert args.get("tee", facts.NO_TEE) == each.tee
    assert args.get("allow", []) == ([] if each.status == "ga" else [each.status])


def test_every_stack_file_belongs_to_a_cell():
    known = {each.stack for each in cells.GOING_UP}
    mixed = {name for name in cells.files() if name.endswith("-mixed")}
    assert cells.files() - mixed <= known
    for name in mixed:
        assert {f"{name.removesuffix('mixed')}{tee}" for tee in facts.TEES} <= known


LIVED_ELSEWHERE = {
    "cvm-nodes-lab": "test_cvm_nodes_lab.py",
    "coco-metal-lab": "test_coco_metal_lab.py",
}
"""Stacks on this computer, by the module that lives their life."""


def test_every_stack_file_is_under_test():
    engine = cells.STACKS.parents[1] / "tests" / "engine"
    lived = {name for cloud in ("aws", "azure", "gcp", "metal") for name in cells.lives(cloud)}
    long = {name for name in cells.files() if (engine / f"test_{name.replace('-', '_')}.py").is_file()}
    assert cells.files() == lived | long | set(LIVED_ELSEWHERE)
    assert all((engine / module).is_file() for module in LIVED_ELSEWHERE.values())


def test_the_clouds_have_all_five_models_between_them():
    assert {each.model for each in cells.GOING_UP} == set(facts.models())
    assert cells.REFUSED
