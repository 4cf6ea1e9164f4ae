import base64
import re
import string as letters

import bcrypt
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from confkube_sandbox.providers import random as package
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.random.generate import SPECIAL, Recipe, bcrypt_hash, string
from confkube_sandbox.providers.random.raw import RandomBytes, RandomId, RandomUuid
from confkube_sandbox.providers.random.text import RandomPassword, RandomString
from confkube_sandbox.providers.wire import UNKNOWN

CLASSES = {
    "upper": letters.ascii_uppercase,
    "lower": letters.ascii_lowercase,
    "numeric": letters.digits,
    "special": SPECIAL,
}
QUIET = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def made(handler, inputs, ctx):
    checked, failures = handler.check(inputs, {}, ctx)
    assert failures == []
    return handler.create(checked, ctx)


@QUIET
@given(
    switches=st.fixed_dictionaries({name: st.booleans() for name in CLASSES}),
    least=st.fixed_dictionaries({name: st.integers(0, 6) for name in CLASSES}),
    more=st.integers(0, 40),
    override=st.sampled_from(["", "~", "äß€", "_-"]),
)
def test_a_string_has_its_length_its_minimums_and_no_foreign_character(switches, least, more, override):
    assume(any(switches.values()))
    length = max(1, sum(least.values()) + more)
    minimums = {f"min_{name}": count for name, count in least.items()}
    drawn = string(Recipe(length=length, override_special=override, **switches, **minimums))
    classes = CLASSES | {"special": override or SPECIAL}
    assert len(drawn) == length
    for name, characters in classes.items():
        found = sum(character in characters for character in drawn)
        assert found >= least[name]
        if not switches[name]:
            assert found == least[name]
    assert set(drawn) <= set("".join(classes.values()))


def test_the_minimums_are_not_left_at_the_front():
    starts = {string(Recipe(length=12, min_numeric=1, numeric=False))[0].isdigit() for _ in range(200)}
    assert starts == {True, False}


@QUIET
@given(size=st.integers(1, 200), prefix=st.text(max_size=8))
def test_an_id_says_the_same_bytes_in_four_ways(size, prefix, ctx):
    outputs = made(RandomId(), {"byteLength": size, "prefix": prefix}, ctx).outputs
    raw = bytes.fromhex(outputs["hex"].removeprefix(prefix))
    assert len(raw) == size
    assert base64.b64decode(outputs["b64Std"].removeprefix(prefix)) == raw
    url = outputs["b64Url"].removeprefix(prefix)
    assert base64.urlsafe_b64decode(url + "=" * (-len(url) % 4)) == raw
    assert int(outputs["dec"].removeprefix(prefix)) == int.from_bytes(raw, "big")


def test_the_id_of_an_id_has_no_prefix(ctx):
    created = made(RandomId(), {"byteLength": 4, "prefix": "p-"}, ctx)
    assert created.outputs["b64Url"] == f"p-{created.id}"


@QUIET
@given(size=st.integers(1, 100))
def test_bytes(size, ctx):
    created = made(RandomBytes(), {"length": size}, ctx)
    raw = base64.b64decode(created.outputs["base64"])
    assert len(raw) == size
    assert raw.hex() == created.outputs["hex"]
    assert created.id == created.outputs["base64"]


def test_uuid(ctx):
    created = made(RandomUuid(), {}, ctx)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", created.id)
    assert created.outputs == {"result": created.id}


def test_nothing_repeats(ctx):
    drawn = {made(RandomUuid(), {}, ctx).id for _ in range(500)}
    assert len(drawn) == 500


def test_a_password_is_secret_hashed_and_not_its_id(ctx):
    created = made(RandomPassword(), {"length": 30}, ctx)
    result = created.outputs["result"]
    assert created.id == "none"
    assert bcrypt.checkpw(result.encode(), created.outputs["bcryptHash"].encode())
    assert created.outputs["bcryptHash"].startswith("$2a$10$")
    assert RandomPassword.secret_outputs == {"result", "bcryptHash"}


def test_only_the_first_72_bytes_are_hashed():
    assert bcrypt.checkpw(b"x" * 72, bcrypt_hash("x" * 100).encode())


def test_defaults_are_written_out_so_that_saying_them_is_no_change(ctx):
    short, _ = RandomString().check({"length": 8}, {}, ctx)
    spoken = {"length": 8, "special": True, "upper": True, "lower": True, "numeric": True, "minLower": 0}
    assert RandomString().check(spoken, {}, ctx)[0] == short
    assert short["number"] is True


@pytest.mark.parametrize(("given_name", "other"), [("number", "numeric"), ("numeric", "number")])
def test_both_names_of_the_digits_switch_agree(given_name, other, ctx):
    checked, failures = RandomString().check({"length": 8, given_name: False}, {}, ctx)
    assert failures == []
    assert checked[other] is False


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"length": 0}, "Attribute length value must be at least 1, got: 0"),
        ({"length": 3, "minUpper": 2, "minLower": 2}, "must be at least sum of min_upper + min_lower"),
        ({"length": 8, "number": True, "numeric": False}, "Number and numeric are both configured"),
        ({"length": 8, "numeric": False, "upper": False, "lower": False, "special": False}, "specified as true"),
        ({"length": 8, "minSpecial": -1}, "min_special value must be at least 0, got: -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_happens(inputs, words, ctx):
    _, failures = RandomString().check(inputs, {}, ctx)
    assert len(failures) == 1
    assert words in failures[0].reason
    assert "Examine values at 'x." in failures[0].reason


@pytest.mark.parametrize(("handler", "name"), [(RandomId(), "byteLength"), (RandomBytes(), "length")])
def test_no_bytes_are_refused(handler, name, ctx):
    assert handler.check({name: 0}, {}, ctx)[1]
    assert not handler.check({name: UNKNOWN}, {}, ctx)[1]


def test_an_unknown_length_waits(ctx):
    assert RandomString().check({"length": UNKNOWN, "minUpper": 9}, {}, ctx)[1] == []


def test_an_empty_alphabet_fails_like_the_real_one(ctx):
    # Without `numeric` in the program the real validator does not look, and Create fails.
    checked, _ = RandomString().check({"length": 4}, {}, ctx)
    nothing = checked | {"upper": False, "lower": False, "special": False, "numeric": False}
    with pytest.raises(CloudError, match=r"(?s)Random Read Error.*the character set specified is empty"):
        RandomString().create(nothing, ctx)


@pytest.mark.parametrize("handler", package.handlers(), ids=lambda handler: handler.token)
def test_what_was_drawn_stays(handler, ctx):
    outputs = {"result": "kept"}
    assert handler.read("id", {"keepers": {"a": "b"}}, outputs, ctx).outputs == outputs
    assert handler.update("id", {}, outputs, {"keepers": {}}, ctx) == outputs | {"keepers": {}}
    handler.delete("id", outputs, ctx)
    with pytest.raises(CloudError, match="cannot be imported"):
        handler.read("id", {}, {}, ctx)
