"""What a refresh writes into inputs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from confkube_sandbox.providers.azure_native.drift import drifted

_NAMES = st.sampled_from("abcd")
_VALUES = st.recursive(
    st.integers(0, 3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(_NAMES, _VALUES, max_size=4)


@given(inputs=_OBJECTS, outputs=_OBJECTS)
def test_an_unchanged_cloud_changes_no_input(inputs, outputs):
    assert drifted(inputs, outputs, outputs) == inputs


@given(before=_OBJECTS, now=_OBJECTS)
def test_inputs_that_the_cloud_repeated_follow_it(before, now):
    assert drifted(before, before, now) == now


@given(inputs=_OBJECTS, before=_OBJECTS, now=_OBJECTS)
def test_what_the_cloud_never_told_stays(inputs, before, now):
    silent = inputs.keys() - before.keys() - now.keys()
    result = drifted(inputs, before, now)
    assert {key: result[key] for key in silent} == {key: inputs[key] for key in silent}


def test_values_that_the_service_chose_are_not_taken_over():
    inputs = {"sku": {"name": "Standard"}}
    before = {"sku": {"name": "Standard", "tier": "Regional"}, "idleTimeoutInMinutes": 4}
    now = {"sku": {"name": "Standard", "tier": "Global"}, "idleTimeoutInMinutes": 4}
    assert drifted(inputs, before, now) == {"sku": {"name": "Standard", "tier": "Global"}}


def test_lists_element_by_element():
    inputs = {"rules": [{"name": "a", "port": 1}, {"name": "b"}]}
    before = {"rules": [{"name": "a", "port": 1, "id": "x"}, {"name": "b", "id": "y"}]}
    now = {"rules": [{"name": "a", "port": 2, "id": "x"}, {"name": "b", "id": "y"}, {"name": "c"}]}
    assert drifted(inputs, before, now) == {"rules": [{"name": "a", "port": 2}, {"name": "b"}, {"name": "c"}]}


def test_what_is_gone_from_the_cloud_goes_from_the_inputs():
    assert drifted({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1"}}) == {
        "tags": {"a": "1"}
    }
    assert drifted({"zones": ["1"], "x": 1}, {"zones": ["1"]}, {}) == {"x": 1}
