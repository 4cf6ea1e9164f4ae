"""The official SDK pointed at the daemon: identity, proxies, addresses of operations, waiting."""

from __future__ import annotations

import time

import pytest
from azure.core.exceptions import HttpResponseError
from azure_parts import SUBSCRIPTION
from fake_arm import TOKEN, failure

from confkube_sandbox.access import azure as access
from confkube_sandbox.providers.azure_native.api import Api, ArmError

PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
VERSION = "2024-03-01"


@pytest.fixture
def where(arm):
    return access.Access(arm.url, TOKEN, SUBSCRIPTION, 1000.0)


@pytest.fixture
def api(where):
    return Api(access.pipeline(where), where)


def test_the_token_is_not_shown(where):
    assert TOKEN not in repr(where)


def test_a_proxy_of_the_shell_is_not_asked(where, arm, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    arm.objects[PATH.lower()] = {"location": "westeurope"}
    assert Api(access.pipeline(where), where).get(PATH, VERSION) == {"location": "westeurope"}
    group = access.client(where, "resources").resource_groups.get("rg")
    assert group.location == "westeurope"


@pytest.mark.parametrize("service", ["resources", "network", "compute", "msi", "authorization", "keyvault"])
def test_every_official_client_authenticates(where, service):
    """The fake asserts the header; what it answers is another matter."""
    made = access.client(where, service)
    listing = {
        "resources": lambda: made.resource_groups.get("rg"),
        "network": lambda: made.virtual_networks.get("rg", "x"),
        "compute": lambda: made.virtual_machines.get("rg", "x"),
        "msi": lambda: made.user_assigned_identities.get("rg", "x"),
        "authorization": lambda: made.role_assignments.get(PATH, "x"),
        "keyvault": lambda: made.vaults.get("rg", "x"),
    }[service]
    with pytest.raises(HttpResponseError, match="was not found"):
        listing()


def test_an_operation_at_a_relative_address(api, arm):
    arm.operation = {"status": "Succeeded"}
    arm.script.append(("PUT", 202, {"Azure-AsyncOperation": "/operation"}, {}))
    arm.objects[PATH.lower()] = {"location": "x"}
    assert api.put(PATH, VERSION, {}, waits=True) == {"location": "x"}


def test_an_accepted_call_is_followed_also_where_the_specification_is_silent(api, arm):
    arm.operation = {"status": "Failed", **failure("X", "later")}
    arm.script.append(("PUT", 202, {"Azure-AsyncOperation": f"{arm.url}/operation"}, {}))
    with pytest.raises(ArmError, match='Status=200 Code="X" Message="later"') as failed:
        api.put(PATH, VERSION, {}, waits=False)
    assert failed.value.accepted


def test_a_removal_waits_for_the_end(api, arm):
    arm.operation, arm.polls_until_done = {"status": "Succeeded"}, 5
    arm.script.append(("DELETE", 202, {"Azure-AsyncOperation": f"{arm.url}/operation", "Retry-After": "15"}, {}))
    begun = time.monotonic()
    api.delete(PATH, VERSION, waits=True)
    assert [path for _, path, _ in arm.requests].count("/operation") == 5
    # 15 and four times 10 simulated seconds, a thousand times as fast, but never without a pause.
    assert 0.05 < time.monotonic() - begun < 5


def test_a_failed_removal_is_told(api, arm):
    arm.operation = {"status": "Failed", **failure("ResourceGroupDeletionBlocked", "locked")}
    arm.script.append(("DELETE", 202, {"Azure-AsyncOperation": f"{arm.url}/operation"}, {}))
    with pytest.raises(ArmError, match='Code="ResourceGroupDeletionBlocked"'):
        api.delete(PATH, VERSION, waits=True)


def test_no_answer_at_all(where, arm):
    gone = access.Access("http://127.0.0.1:9", TOKEN, SUBSCRIPTION, 1000.0)
    with pytest.raises(ArmError, match=f'^Get "{PATH}": ') as failed:
        Api(access.pipeline(gone), gone).get(PATH, VERSION)
    assert TOKEN not in str(failed.value)


def test_answers_that_are_no_json(api, arm):
    arm.script.append(("GET", 400, {}, "just text"))
    with pytest.raises(ArmError, match=r'^Status=400 Message=""just text""$'):
        api.get(PATH, VERSION)
