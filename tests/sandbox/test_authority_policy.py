"""The policy of cloud-api-adaptor before the simulated AWS's own authoriser, and every part of it taken away."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import adaptor_cases
import adaptor_world
import pytest
from adaptor_cases import Case
from aws_client import ACCOUNT, Clients

from confkube.clouds.aws.adaptor_rights import policy
from confkube_sandbox import clock
from confkube_sandbox.daemon.aws.app import Aws
from confkube_sandbox.daemon.aws.authority import documents, failures, reference, requests
from confkube_sandbox.daemon.aws.authority.asking import Asker
from confkube_sandbox.daemon.aws.authority.errors import Unjudged
from confkube_sandbox.daemon.aws.context import Call
from confkube_sandbox.daemon.aws.signature import Caller
from confkube_sandbox.home import SandboxHome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confkube_sandbox.daemon.aws.authority.questions import Question

PRINCIPAL = {
    "aws:PrincipalAccount": ACCOUNT,
    "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/confkube/{adaptor_world.USER}",
    "aws:PrincipalType": "User",
}


class Court(NamedTuple):
    """The policy, and all cases with what each of them asks."""

    policy: dict[str, Any]
    cases: list[tuple[Case, list[Question]]]


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """Everything is asked once; mutants of the policy only answer."""
    app = _app(tmp_path_factory.mktemp("authority"))
    ids = adaptor_world.build(Clients("secret", app=app), lambda **given: app.change_settings(given))
    cases = [*adaptor_cases.allowed(ids), *adaptor_cases.denied(ids)]
    asked = [(case, _asked(app, case)) for case in cases]
    yield Court(policy(adaptor_world.scope(ids)), asked)
    app.reset()


def _app(folder: Path) -> Aws:
    home = SandboxHome(folder / "sandbox")
    home.prepare()
    app = Aws(home, "secret")
    app.store.load()
    return app


def _asked(app: Aws, case: Case) -> list[Question]:
    caller = Caller(ACCOUNT, case.region, "ec2", user=adaptor_world.USER)
    now = clock.now(app._home)
    call = Call(caller, case.operation, case.parameters, now, app.settings, app.memory, lambda _call, _limits: None)
    return requests.questions(call, Asker(call, PRINCIPAL))


def _outcome(document: dict[str, Any], asked: list[Question]) -> tuple[str, str] | None:
    """The first question that is not answered with yes; a condition that cannot be judged is a no."""
    try:
        refused = next(failures(documents.parse(json.dumps(document)), asked), None)
    except Unjudged:
        return ("unjudged", "")
    return (refused[0].action, refused[0].resource) if refused else None


def test_cases(court: Court) -> None:
    wrong: list[str] = []
    for case, asked in court.cases:
        found = _outcome(court.policy, asked)
        if (found is None) != (case.refused is None):
            wrong.append(f"{case.name}: {found or 'allowed'}")
        elif case.refused and found and not _fits(case.refused, found):
            wrong.append(f"{case.name}: refused for {found}, not for {case.refused}")
    assert wrong == []


def _fits(wanted: tuple[str, str], found: tuple[str, str]) -> bool:
    name = found[1].rpartition(":")[2]
    return wanted[0] == found[0] and name.startswith(wanted[1])


def test_every_call_has_a_case(court: Court) -> None:
    """The calls that facts name, written out once more."""
    calls = [
        *("RunInstances", "TerminateInstances", "DescribeInstances", "DescribeInstanceTypes", "DescribeImages"),
        *("CreateNetworkInterface", "AttachNetworkInterface", "DeleteNetworkInterface"),
        *("ModifyNetworkInterfaceAttribute", "AllocateAddress", "AssociateAddress", "DisassociateAddress"),
        *("ReleaseAddress", "DescribeAddresses", "DescribeSubnets", "DescribeSecurityGroups"),
        *("AttachVolume", "DescribeVolumes"),
    ]
    assert {case.operation for case, _ in court.cases if case.refused is None} == set(calls)
    actions = {question.action for case, asked in court.cases if case.refused is None for question in asked}
    assert actions == {f"ec2:{name}" for name in [*calls, "CreateTags"]}
    granted = {action for each in court.policy["Statement"] if each["Effect"] == "Allow" for action in each["Action"]}
    assert granted == actions


class Mutant(NamedTuple):
    """The policy with one part taken away."""

    name: str
    policy: dict[str, Any]


def _mutants(original: dict[str, Any]) -> Iterator[Mutant]:
    """Each name of a resource widened to ``*``; each condition, action and statement left out."""
    for number, statement in enumerate(original["Statement"]):
        sid = statement["Sid"]
        for place, name in enumerate(statement["Resource"]):
            if name != "*":
                changed = copy.deepcopy(original)
                changed["Statement"][number]["Resource"][place] = "*"
                yield Mutant(f"{sid}: * for {name}", changed)
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                changed = copy.deepcopy(original)
                block = changed["Statement"][number]["Condition"]
                del block[operator][key]
                if not block[operator]:
                    del block[operator]
                yield Mutant(f"{sid}: without {operator} {key}", changed)
                yield from _values(original, number, operator, key)
        for action in statement["Action"]:
            changed = copy.deepcopy(original)
            changed["Statement"][number]["Action"].remove(action)
            if not changed["Statement"][number]["Action"]:
                del changed["Statement"][number]
            yield Mutant(f"{sid}: without {action}", changed)


def _values(original: dict[str, Any], number: int, operator: str, key: str) -> Iterator[Mutant]:
    """One of several good values left out."""
    values = original["Statement"][number]["Condition"][operator][key]
    for value in values if isinstance(values, list) else []:
        changed = copy.deepcopy(original)
        changed["Statement"][number]["Condition"][operator][key].remove(value)
        yield Mutant(f"{original['Statement'][number]['Sid']}: {key} without {value}", changed)


def test_every_part_is_needed(court: Court) -> None:
    """A mutant lives when every case still ends the same way: allowed, or not."""
    ends = [case.refused is None for case, _ in court.cases]
    mutants = list(_mutants(court.policy))
    kinds = {mutant.name.partition(": ")[0] for mutant in mutants}
    assert kinds == {each["Sid"] for each in court.policy["Statement"]}
    living = [
        mutant.name
        for mutant in mutants
        if [_outcome(mutant.policy, asked) is None for _, asked in court.cases] == ends
    ]
    assert living == []


def test_widened_resources_are_refused(court: Court) -> None:
    """What the mutants stand for: the policy names no resource ``*`` but for what cannot be bound to one."""
    everywhere = [each["Sid"] for each in court.policy["Statement"] if "*" in each["Resource"]]
    assert everywhere == ["Look"]
    assert all(action.startswith("ec2:Describe") for action in court.policy["Statement"][0]["Action"])


def test_every_key_exists_where_it_is_asked_for(court: Court) -> None:
    """A condition on a key that EC2 does not have for an action and type would never hold, or always."""
    table = reference.ec2()
    for statement in court.policy["Statement"]:
        kinds = {_kind(name) for name in statement["Resource"]} - {"*"}
        keys = {key for block in statement.get("Condition", {}).values() for key in block}
        for action in (each.removeprefix("ec2:") for each in statement["Action"]):
            if action in table.lists:
                assert keys == {"aws:RequestedRegion"}
                continue
            described = table.actions[action]
            assert kinds & set(described.resources), (statement["Sid"], action)
            for kind in kinds & set(described.resources):
                known = described.resources[kind] | described.keys
                missing = {key for key in keys if _family(key) not in known}
                lenient = _lenient(statement)
                assert missing <= lenient, (statement["Sid"], action, kind, missing)


def _kind(name: str) -> str:
    return name.rpartition(":")[2].partition("/")[0]


def _family(key: str) -> str:
    head, slash, _ = key.partition("/")
    return f"{head}/*" if slash else key


def _lenient(statement: dict[str, Any]) -> set[str]:
    """Keys that the statement does not need to be there."""
    blocks = statement.get("Condition", {}).items()
    return {key for operator, block in blocks if operator == "Null" or operator.endswith("IfExists") for key in block}


def test_every_required_type_is_asked_about(court: Court) -> None:
    for case, asked in court.cases:
        described = reference.ec2().actions.get(case.operation)
        if described and not case.parameters.get("NetworkInterfaces"):
            kinds = {_kind(each.resource) for each in asked if each.action == f"ec2:{case.operation}"}
            assert described.required <= kinds, case.name
