"""The facts that decide what a change does, against the SDK's types and the handlers."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from confkube_sandbox.daemon.gcp import app as simulated
from confkube_sandbox.daemon.gcp.registry import HANDLERS as SERVED
from confkube_sandbox.providers import diff, schema, sdk
from confkube_sandbox.providers import gcp as package
from confkube_sandbox.providers.gcp import missing

HANDLERS = {handler.token: handler for handler in package.handlers()}
# Newer than the version that was read.
UNKNOWN_INPUTS = {"gcp:secretmanager/secret:Secret": {"secretType"}}


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_every_input_of_the_sdk_has_an_effect(token):
    facts = diff.rules("gcp")[token]
    shape = sdk.resource_shape("pulumi_gcp", token)
    assert {key for key in shape.properties if facts.effect(key) is None} == UNKNOWN_INPUTS.get(token, set())
    assert HANDLERS[token].supported <= shape.properties.keys()


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_every_path_exists_in_the_sdk(token):
    handler, shape = HANDLERS[token], sdk.resource_shape("pulumi_gcp", token)
    paths = {*diff.rules("gcp")[token].effects, *handler.same, *handler.sets, *handler.maps, *handler.watched}
    paths |= {*handler.filled, *getattr(handler, "needs", {}), *(key for pair in handler.conflicts for key in pair)}
    paths |= {*(key for keys in (*handler.choices, *handler.some) for key in keys)}
    paths |= {path.replace(".*", "[*]") for path in (*handler.rules, *handler.defaults, *handler.unserved)}
    for path in paths:
        inside = shape
        names = re.sub(r"\[\*\]", "", path).split(".")
        for number, name in enumerate(names):
            assert name in inside.properties, path
            if number + 1 < len(names):
                inside = sdk.object_shape(_object(inside.properties[name]))


def _object(annotation):
    members = schema._alternatives(annotation)
    found = [member for member in members if sdk.is_object(member)]
    return found[0] if found else _object(members[0].__args__[0])


def test_every_row_says_where_it_was_read():
    text = resources.files("confkube.facts").joinpath("replace", "gcp.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    assert set(rows) == set(HANDLERS)
    for row in rows.values():
        assert row["source"].startswith("google-beta/")
        assert re.fullmatch(r"[0-9a-f]{12}", row["commit"])


def test_methods_said_to_be_missing_are_not_served():
    assert simulated is not None
    assert missing.METHODS & SERVED.keys() == set()


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_a_change_needs_a_method_that_is_served_or_said_to_be_missing(token):
    needed = set(getattr(HANDLERS[token], "needs", {}).values())
    assert needed <= SERVED.keys() | missing.METHODS


@pytest.mark.parametrize(
    ("token", "old", "new", "effects"),
    [
        (
            "gcp:compute/instance:Instance",
            {"networkInterfaces": [{"subnetwork": "a"}]},
            {"networkInterfaces": [{"subnetwork": "b", "accessConfigs": [{}]}, {"subnetwork": "c"}]},
            {
                "networkInterfaces[0].subnetwork": "stop-start",
                "networkInterfaces[0].accessConfigs": "update",
                "networkInterfaces[1]": "replace",
            },
        ),
        (
            "gcp:compute/instance:Instance",
            {"bootDisk": {"autoDelete": True, "initializeParams": {"size": 1, "image": "a"}}},
            {"bootDisk": {"autoDelete": False, "initializeParams": {"size": 2, "image": "b"}}},
            {
                "bootDisk.autoDelete": "update",
                "bootDisk.initializeParams.image": "replace",
                "bootDisk.initializeParams.size": "update",
            },
        ),
        ("gcp:compute/instance:Instance", {"machineType": "a"}, {"machineType": "b"}, {"machineType": "stop-start"}),
    ],
)
def test_effects(token, old, new, effects):
    assert {change.path: change.effect for change in diff.compare(token, old, new).changes} == effects


def test_a_chosen_name_deletes_first_and_a_secret_always():
    token = "gcp:compute/network:Network"
    old, new = {"name": "a", "description": "1"}, {"name": "a", "description": "2"}
    assert diff.compare(token, old, new).delete_first
    assert not diff.compare(token, old, {**new, "__defaults": ["name"]}).delete_first
    secret = "gcp:secretmanager/secret:Secret"
    assert diff.compare(secret, {"secretId": "a"}, {"secretId": "b"}).delete_first
