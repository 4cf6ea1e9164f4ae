"""The simulated AWS refuses what AWS refuses, and every one of its rules is needed for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fixture_world
import pytest
from aws_client import Clients
from corpus import Case, answer, cases, meets

from confkube_sandbox.daemon.aws import moto
from confkube_sandbox.daemon.aws.app import CLIENT_TOKEN, DRY_RUN, Aws
from confkube_sandbox.daemon.aws.decode import UNKNOWN_PARAMETER, WRONG_TYPE
from confkube_sandbox.daemon.aws.rules import rules
from confkube_sandbox.daemon.aws.served import ALLOW_LIST
from confkube_sandbox.daemon.aws.validate import MODEL_RULES
from confkube_sandbox.daemon.settings import Settings

if TYPE_CHECKING:
    from confkube_sandbox.daemon.client import DaemonClient
    from confkube_sandbox.home import SandboxHome

CASES = cases()
NAMES = [
    *(each.name for each in rules()),
    *MODEL_RULES,
    UNKNOWN_PARAMETER,
    WRONG_TYPE,
    ALLOW_LIST,
    CLIENT_TOKEN,
    DRY_RUN,
]
DEFAULTS = Settings()
USUAL = {
    "speed": fixture_world.INSTANT,
    "quotas": dict(DEFAULTS.quotas),
    "capacity": [],
    "consistency_lag": 0.0,
}


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_wrong_request_is_refused(case: Case, daemon: DaemonClient, clients: Clients, world: dict[str, str]) -> None:
    if case.settings:
        daemon.settings(**case.settings)
    try:
        met = answer(clients, case, world)
    finally:
        if case.settings:
            daemon.settings(**USUAL)
    assert meets(case, met), met


def test_every_case_names_a_rule_that_exists() -> None:
    assert {each.rule for each in CASES} <= {*NAMES, "moto"}


def test_every_rule_has_a_case() -> None:
    assert set(NAMES) <= {each.rule for each in CASES}


def test_every_rule_says_what_it_follows() -> None:
    for each in rules():
        assert each.source.startswith("https://"), each.name
        assert each.date, each.name
        assert each.check.__doc__, each.name


def test_without_a_rule_its_cases_fail(home: SandboxHome) -> None:
    """Mutation run: each rule is switched off in turn, and a case that names it is no longer refused as it must be."""
    whole = Aws(home, "secret")
    whole.store.load()
    whole.change_settings(USUAL)
    ids = fixture_world.build(Clients("secret", app=whole), lambda **wanted: whole.change_settings(wanted))
    kept = whole.store.snapshot()
    survivors: list[str] = []
    for name in NAMES:
        mutant = Aws(home, "secret", frozenset({name}))
        clients = Clients("secret", app=mutant)
        for case in [each for each in CASES if each.rule == name]:
            mutant.store.put_back(kept)
            mutant.memory.settings = Settings().changed({**USUAL, **case.settings})
            if not meets(case, answer(clients, case, ids)):
                break
        else:
            survivors.append(name)
    moto.clear()
    assert survivors == []
