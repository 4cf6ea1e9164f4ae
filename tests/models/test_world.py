"""What a stack remembers of its first day, and what it refuses afterwards."""

import pytest

from confkube import world
from confkube.errors import Refusal
from confkube.platform import Account

RECORDED = {
    "world": "cloud",
    "account": "111122223333",
    "place": {"zone": "us-east-2a", "cidr": "10.20.0.0/16"},
    "created_at": "2020-01-01T00:00:00Z",
}


@pytest.fixture
def remember(monkeypatch):
    def set_outputs(outputs):
        monkeypatch.setattr(world, "_outputs_of_this_stack", lambda: outputs)

    return set_outputs


@pytest.fixture(autouse=True)
def here(monkeypatch):
    class Platform:
        place = {"zone": "us-east-2a"}

        def account(self):
            return Account(world="cloud", account_id="111122223333")

    monkeypatch.setattr(world, "resolve", lambda _: Platform())
    monkeypatch.setattr(world.pulumi, "get_stack", lambda: "demo")


def test_a_new_stack_is_free(remember):
    remember({})
    world.require_same_world({"platform": {}})


def test_the_same_place_is_fine(remember):
    remember(RECORDED)
    world.require_same_world({"platform": {}})
    world.require_same_world({"platform": {}, "ttl": "never", "addresses": {"services": "10.97.0.0/16"}})


@pytest.mark.parametrize(
    ("recorded", "args", "sentence"),
    [
        (
            {"world": "sandbox"},
            {},
            "lives in the sandbox account 111122223333, but the credentials here are for the cloud",
        ),
        ({"account": "999900001111"}, {}, "lives in the cloud account 999900001111"),
        ({"place": {"zone": "eu-west-1a"}}, {}, "its zone is eu-west-1a and cannot become us-east-2a while it is up"),
        ({}, {"addresses": {"cidr": "10.30.0.0/16"}}, "its cidr is 10.20.0.0/16 and cannot become 10.30.0.0/16"),
        (
            {},
            {"ttl": "7d"},
            "its lifetime ended at 2020-01-08T00:00:00Z; run pulumi destroy, or raise args.ttl above 7d",
        ),
        ({}, {"addresses": {"cidr": "banana"}}, "args.addresses.cidr: 'banana' is not an IPv4 range"),
    ],
)
def test_another_world_account_place_or_a_passed_end_is_refused(remember, recorded, args, sentence):
    remember({**RECORDED, **recorded})
    with pytest.raises(Refusal, match=sentence):
        world.require_same_world({"platform": {}, **args})
