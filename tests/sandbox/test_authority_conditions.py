"""Patterns, operators and decisions of the authoriser, one by one.

Source of the expectations: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and the pages that the modules name (2026-11-27).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from confkube_sandbox.daemon.aws.authority import conditions, documents, matching
from confkube_sandbox.daemon.aws.authority.documents import Condition
from confkube_sandbox.daemon.aws.authority.errors import Unjudged
from confkube_sandbox.daemon.aws.authority.evaluate import Verdict, decide
from confkube_sandbox.daemon.aws.authority.questions import Context, Question

SUBNET = "arn:aws:ec2:us-east-2:111111111111:subnet/subnet-1"


@pytest.mark.parametrize(
    ("name", "pattern", "meets"),
    [
        ("ec2:RunInstances", "ec2:RunInstances", True),
        ("ec2:RunInstances", "EC2:runinstances", True),
        ("ec2:RunInstances", "ec2:Run*", True),
        ("ec2:RunInstances", "ec2:RunInstance", False),
        ("ec2:RunInstances", "*", True),
        ("ec2:RunInstances", "ec2:Run?nstances", True),
        ("ec2:RunInstances", "ec2.RunInstances", False),
        ("iam:PassRole", "ec2:*", False),
    ],
)
def test_actions(name: str, pattern: str, meets: bool) -> None:
    assert matching.action(name, pattern) is meets


@pytest.mark.parametrize(
    ("pattern", "meets"),
    [
        ("*", True),
        (SUBNET, True),
        ("arn:aws:ec2:us-east-2:111111111111:subnet/*", True),
        ("arn:aws:ec2:*:*:subnet/subnet-?", True),
        ("arn:aws:ec2:*:subnet/subnet-1", False),
        ("arn:aws:ec2:us-east-2:111111111111:*", True),
        ("arn:aws:ec2:us-east-2:222222222222:subnet/*", False),
        ("arn:aws:ec2:us-east-2:111111111111:Subnet/subnet-1", False),
        ("arn:aws:ec2:us-east-2:111111111111:subnet/subnet-10", False),
        ("subnet-1", False),
        ("arn:*", False),
    ],
)
def test_resources(pattern: str, meets: bool) -> None:
    assert matching.arn(SUBNET, pattern) is meets


def context(**values: str | tuple[str, ...]) -> Context:
    """Keys ``ec2:<name>``; one that is not given is missing."""
    held = {f"ec2:{name}".lower(): (value,) if isinstance(value, str) else value for name, value in values.items()}
    return Context(values=held)


def line(operator: str, *values: str, key: str = "ec2:Key") -> Condition:
    return Condition(operator=operator, key=key, values=values)


@pytest.mark.parametrize(
    ("operator", "values", "asked", "holds", "missing"),
    [
        ("StringEquals", ("a", "b"), "b", True, False),
        ("StringEquals", ("a",), "A", False, False),
        ("StringNotEquals", ("a", "b"), "b", False, True),
        ("StringNotEquals", ("a", "b"), "c", True, True),
        ("StringEqualsIgnoreCase", ("a",), "A", True, False),
        ("StringNotEqualsIgnoreCase", ("a",), "A", False, True),
        ("StringLike", ("podvm-*",), "podvm-web", True, False),
        ("StringLike", ("podvm-*",), "Podvm-web", False, False),
        ("StringNotLike", ("podvm-*",), "podvm-web", False, True),
        ("ArnEquals", ("arn:aws:ec2:*:111111111111:subnet/*",), SUBNET, True, False),
        ("ArnLike", ("arn:aws:ec2:*:subnet/*",), SUBNET, False, False),
        ("ArnNotEquals", (SUBNET,), SUBNET, False, True),
        ("ArnNotLike", (SUBNET,), f"{SUBNET}0", True, True),
        ("Bool", ("true",), "True", True, False),
        ("Bool", ("true",), "false", False, False),
        ("NumericEquals", ("8",), "8.0", True, False),
        ("NumericNotEquals", ("8",), "8", False, True),
        ("NumericLessThan", ("8",), "8", False, False),
        ("NumericLessThanEquals", ("8",), "8", True, False),
        ("NumericGreaterThan", ("8",), "30", True, False),
        ("NumericGreaterThanEquals", ("31",), "30", False, False),
        ("StringEqualsIfExists", ("a",), "b", False, True),
        ("BoolIfExists", ("false",), "false", True, True),
        ("StringNotEqualsIfExists", ("a",), "a", False, True),
        ("ForAllValues:StringEquals", ("a", "b"), "a", True, True),
        ("ForAllValues:StringNotEquals", ("a",), "a", False, True),
        ("ForAnyValue:StringEquals", ("a", "b"), "c", False, False),
        ("ForAnyValue:StringNotEquals", ("a",), "c", True, False),
        ("ForAnyValue:StringEqualsIfExists", ("a",), "c", False, True),
        ("Null", ("true",), "a", False, True),
        ("Null", ("false",), "a", True, False),
    ],
)
def test_operators(operator: str, values: tuple[str, ...], asked: str, holds: bool, missing: bool) -> None:
    assert conditions.meets(line(operator, *values), context(Key=asked)) is holds
    assert conditions.meets(line(operator, *values), context()) is missing


@pytest.mark.parametrize(
    ("operator", "asked", "holds"),
    [
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "c"), False),
        ("ForAnyValue:StringEquals", ("c", "b"), True),
        ("ForAnyValue:StringEquals", ("c", "d"), False),
        ("ForAllValues:StringNotEquals", ("a", "c"), False),
        ("ForAnyValue:StringNotEquals", ("a", "c"), True),
    ],
)
def test_sets(operator: str, asked: tuple[str, ...], holds: bool) -> None:
    assert conditions.meets(line(operator, "a", "b"), context(Key=asked)) is holds


@pytest.mark.parametrize(
    "condition",
    [
        line("IpAddress", "10.0.0.0/8"),
        line("DateLessThan", "2026-01-01T00:00:00Z"),
        line("StringEqual", "a"),
        line("ForEveryValue:StringEquals", "a"),
        line("Null", "perhaps"),
        line("StringEquals", "a", key="ec2:Several"),
        line("NumericEquals", "many"),
        line("StringEquals", "a", key="aws:SourceIp"),
        line("StringEquals", "a", key="ec2:Tenancy"),
        line("StringEquals", "a", key="ec2:Attribute/Groups"),
    ],
    ids=lambda each: f"{each.operator} {each.key}",
)
def test_what_is_not_simulated_is_no_guess(condition: Condition) -> None:
    asked = Context(
        values={"ec2:key": ("a",), "ec2:several": ("a", "b")},
        unsimulated=frozenset({"ec2:tenancy", "ec2:attribute/*"}),
    )
    with pytest.raises(Unjudged):
        conditions.meets(condition, asked)


def test_keys_have_no_case_and_unknown_ones_are_missing() -> None:
    asked = Context(values={"aws:requesttag/owner": ("me",)})
    assert conditions.meets(line("StringEquals", "me", key="AWS:RequestTag/Owner"), asked)
    assert not conditions.meets(line("StringEquals", "me", key="aws:RequestTag/Other"), asked)
    assert not conditions.meets(line("StringEquals", "me", key="ec2:Mistyped"), asked)


def verdict(*statements: dict[str, Any], action: str = "ec2:RunInstances", resource: str = SUBNET) -> Verdict:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return decide(documents.parse(text), Question(action=action, resource=resource, context=context(Key="a")))


def statement(effect: str, **more: Any) -> dict[str, Any]:
    given = {"Effect": effect, "Action": "ec2:RunInstances", "Resource": SUBNET, **more}
    return {name: value for name, value in given.items() if value is not None}


ALLOW, DENY = statement("Allow"), statement("Deny")


def test_decisions() -> None:
    assert verdict() is Verdict.NOT_ALLOWED
    assert verdict(ALLOW) is Verdict.ALLOWED
    assert verdict(ALLOW, DENY) is verdict(DENY, ALLOW) is verdict(DENY) is Verdict.DENIED
    assert verdict(ALLOW, action="ec2:TerminateInstances") is Verdict.NOT_ALLOWED
    assert verdict(ALLOW, resource=f"{SUBNET}0") is Verdict.NOT_ALLOWED
    # What is about no resource is allowed by no name of one.
    assert verdict(ALLOW, resource="*") is Verdict.NOT_ALLOWED
    assert verdict(statement("Allow", Resource="*"), resource="*") is Verdict.ALLOWED
    assert verdict(statement("Allow", Resource=["*"], Action=["iam:*", "ec2:*"])) is Verdict.ALLOWED


def test_negated_elements() -> None:
    but_run = statement("Allow", Action=None, NotAction="ec2:RunInstances")
    assert verdict(but_run) is Verdict.NOT_ALLOWED
    assert verdict(but_run, action="ec2:TerminateInstances") is Verdict.ALLOWED
    elsewhere = statement("Deny", Resource=None, NotResource=SUBNET)
    assert verdict(ALLOW, elsewhere) is Verdict.ALLOWED
    assert verdict(statement("Allow", Resource="*"), elsewhere, resource=f"{SUBNET}0") is Verdict.DENIED


def test_every_line_of_a_condition_must_hold() -> None:
    both = {"StringEquals": {"ec2:Key": "a"}, "Null": {"ec2:Other": "true"}}
    assert verdict(statement("Allow", Condition=both)) is Verdict.ALLOWED
    one = {"StringEquals": {"ec2:Key": "a", "ec2:Other": "b"}}
    assert verdict(statement("Allow", Condition=one)) is Verdict.NOT_ALLOWED
    # One that cannot be judged is found, whatever the others say, also in a statement that would not allow anyway.
    with pytest.raises(Unjudged):
        verdict(statement("Allow", Condition={**one, "IpAddress": {"ec2:Key": "10.0.0.0/8"}}))


@pytest.mark.parametrize(
    "text",
    [
        "banana",
        "[]",
        json.dumps({"Version": "2030-01-01", "Statement": [ALLOW]}),
        json.dumps({"Version": "2012-10-17", "Statement": [ALLOW], "Statements": []}),
        json.dumps({"Version": "2012-10-17"}),
        *(
            json.dumps({"Version": "2012-10-17", "Statement": [each]})
            for each in (
                statement("allow"),
                statement("Allow", Principal="*"),
                statement("Allow", Action=None),
                statement("Allow", NotAction="ec2:*"),
                statement("Allow", Resource=None),
                statement("Allow", Resource=[]),
                statement("Allow", Resource="arn:aws:s3:::home/${aws:username}"),
                statement("Allow", Action=[["ec2:*"]]),
                statement("Allow", Condition=[]),
                statement("Allow", Condition={"StringEquals": "a"}),
            )
        ),
    ],
)
def test_documents_that_are_not_understood(text: str) -> None:
    with pytest.raises(Unjudged):
        documents.parse(text)


def test_numbers_and_truths_are_text() -> None:
    conditions_given = {"NumericEquals": {"ec2:Key": 8}, "Bool": {"ec2:Other": True}}
    found = documents.parse(json.dumps({"Statement": statement("Allow", Condition=conditions_given)}))
    assert [each.values for each in found[0].conditions] == [("8",), ("true",)]
