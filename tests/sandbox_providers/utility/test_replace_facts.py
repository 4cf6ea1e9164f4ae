"""The tables of what a change does name every input that the SDKs have, and nothing else."""

import importlib
import tomllib
from importlib import resources

import pytest

from confkube_sandbox.providers import diff, sdk

PACKAGES = ("command", "random", "tls")


def _handlers():
    for name in PACKAGES:
        module = importlib.import_module(f"confkube_sandbox.providers.{name}")
        for handler in module.handlers():
            yield pytest.param(name, module.SDK, handler, id=handler.token)


@pytest.mark.parametrize(("package", "package_sdk", "handler"), [*_handlers()])
def test_every_input_is_listed(package, package_sdk, handler):
    facts = diff.rules(package)[handler.token]
    assert set(facts.effects) == set(sdk.resource_shape(package_sdk, handler.token).properties)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_row_is_used_and_has_a_source_and_a_date(package):
    module = importlib.import_module(f"confkube_sandbox.providers.{package}")
    text = resources.files("confkube.facts").joinpath("replace", f"{package}.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    assert set(rows) == {handler.token for handler in module.handlers()}
    for row in rows.values():
        assert row["source"].startswith("https://github.com/")
        assert row["date"]


@pytest.mark.parametrize(("package", "package_sdk", "handler"), [*_handlers()])
def test_outputs_of_the_sdk_are_promised_or_given(package, package_sdk, handler):
    parts = sdk.Token.parse(handler.token)
    module = importlib.import_module(f"{package_sdk}.{parts.module}" if parts.module else package_sdk)
    resource = getattr(module, parts.member)
    names = {
        value.fget.__name__: getattr(value.fget, "_pulumi_name", value.fget.__name__)
        for value in vars(resource).values()
        if isinstance(value, property)
    }
    inputs = set(sdk.resource_shape(package_sdk, handler.token).properties)
    assert set(names.values()) - inputs == set(handler.computed)


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        ("command:local:Command", {"triggers": [1]}, {"triggers": [2]}, ["triggers"]),
        ("command:local:Command", {}, {"triggers": [2]}, ["triggers"]),
        ("command:local:Command", {"create": "a"}, {"create": "b"}, []),
        ("random:index/randomId:RandomId", {"keepers": {"a": "1"}}, {"keepers": {"a": "2"}}, ["keepers"]),
        ("tls:index/selfSignedCert:SelfSignedCert", {"subject": {"commonName": "a"}}, {"subject": {}}, ["subject"]),
        ("tls:index/selfSignedCert:SelfSignedCert", {"earlyRenewalHours": 0}, {"earlyRenewalHours": 1}, []),
    ],
)
def test_effects(token, old, new, replaces):
    found = diff.compare(token, old, new)
    assert found.changes
    assert found.replaces == replaces
    assert found.delete_first is False
