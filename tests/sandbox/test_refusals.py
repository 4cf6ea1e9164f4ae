"""The simulated AWS refuses what AWS refuses, and every one of its rules is needed for that."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import fixture_world
import pytest
from aws_client import Clients
from botocore.session import get_session
from corpus import Case, answer, cases, meets

from confkube_sandbox.daemon.aws import moto
from confkube_sandbox.daemon.aws.app import CLIENT_TOKEN, DRY_RUN, Aws
from confkube_sandbox.daemon.aws.decode import UNKNOWN_PARAMETER, WRONG_TYPE
from confkube_sandbox.daemon.aws.rules import rules
from confkube_sandbox.daemon.aws.rules.sources import EVIDENCE, READ
from confkube_sandbox.daemon.aws.served import ALLOW_LIST
from confkube_sandbox.daemon.aws.validate import MODEL_RULES
from confkube_sandbox.daemon.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.client import DaemonClient
    from confkube_sandbox.home import SandboxHome

    Capture = pytest.CaptureFixture[str]

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
MODELLED = frozenset({"autoscaling", "iam", "secretsmanager"})
# Errors that every operation of a service can give; the model does not list them.
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
COMMON = frozenset({"UnknownOperationException", "ValidationError", "ValidationException"})
LEAST_READ = {"rules": 0.4, "cases": 0.4}
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
    assert meets(case, met, world), met


def test_every_case_names_a_rule_that_exists() -> None:
    assert {each.rule for each in CASES} <= {*NAMES, "moto"}


def test_every_rule_has_a_case() -> None:
    assert set(NAMES) <= {each.rule for each in CASES}


def test_every_rule_says_what_it_follows() -> None:
    for each in rules():
        assert each.source.startswith("https://"), each.name
        assert each.date, each.name
        assert each.check.__doc__, each.name


def test_evidence_is_one_of_two_kinds_and_dated() -> None:
    for each in [*rules(), *CASES]:
        assert each.evidence in EVIDENCE, each.name
        assert date.fromisoformat(each.date) <= datetime.now(UTC).date() or each.evidence == READ, each.name
        assert each.source.startswith("https://"), each.name


def test_share_of_what_was_read(record_property: Callable[[str, object], None], capsys: Capture) -> None:
    """Say how much of the corpus rests on something that was opened; the share must not fall."""
    told: list[str] = []
    for what, everything in (
        ("rules", [each.evidence for each in rules()]),
        ("cases", [each.evidence for each in CASES]),
    ):
        read = everything.count(READ)
        told.append(f"{what}: {read} read, {len(everything) - read} recalled")
        record_property(f"{what}_read", read)
        assert read / len(everything) >= LEAST_READ[what]
    with capsys.disabled():
        sys.stdout.write(f"[evidence: {'; '.join(told)}] ")


@pytest.mark.parametrize("case", [each for each in CASES if each.service in MODELLED], ids=lambda each: each.name)
def test_codes_are_those_of_the_api_model(case: Case) -> None:
    """IAM, Secrets Manager and Auto Scaling list the errors of each operation, IAM and Auto Scaling with status."""
    if case.code in COMMON:
        return
    shapes = get_session().get_service_model(case.service).operation_model(case.operation).error_shapes
    known = {each.error_code: each.metadata.get("error", {}).get("httpStatusCode", 400) for each in shapes}
    assert known.get(case.code) == case.status


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
            if not meets(case, answer(clients, case, ids), ids):
                break
        else:
            survivors.append(name)
    moto.clear()
    assert survivors == []
