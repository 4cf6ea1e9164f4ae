"""The simulated AWS refuses what AWS refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fixture_world
import pytest
from aws_client import Clients
from botocore.session import get_session
from corpus import Case, cases
from refusal_suite import Refusals

from confkube_sandbox.daemon.aws import moto, rules
from confkube_sandbox.daemon.aws.app import CLIENT_TOKEN, DRY_RUN, Aws
from confkube_sandbox.daemon.aws.decode import UNKNOWN_PARAMETER, WRONG_TYPE
from confkube_sandbox.daemon.aws.served import ALLOW_LIST
from confkube_sandbox.daemon.aws.validate import MODEL_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.daemon.client import DaemonClient
    from confkube_sandbox.daemon.rules import Rule
    from confkube_sandbox.home import SandboxHome

MODELLED = frozenset({"autoscaling", "iam", "secretsmanager"})
# Errors that every operation of a service can give; the model does not list them.
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
COMMON = frozenset({"UnknownOperationException", "ValidationError", "ValidationException"})


class TestAws(Refusals):
    cloud = "aws"
    switches = (*MODEL_RULES, UNKNOWN_PARAMETER, WRONG_TYPE, ALLOW_LIST, CLIENT_TOKEN, DRY_RUN)
    elsewhere = frozenset({"moto"})
    build = staticmethod(fixture_world.build)

    @staticmethod
    def rules() -> Iterable[Rule]:
        return rules.rules()

    @staticmethod
    def over_http(daemon: DaemonClient) -> Clients:
        return Clients(daemon.token, daemon.url)

    @staticmethod
    def application(home: SandboxHome, disabled: frozenset[str]) -> Aws:
        return Aws(home, "secret", disabled)

    @staticmethod
    def in_process(application: Aws) -> Clients:
        return Clients("secret", app=application)

    @staticmethod
    def forget(application: Aws) -> None:
        del application
        moto.clear()


@pytest.mark.parametrize(
    "case", [each for each in cases("aws") if each.service in MODELLED], ids=lambda each: each.name
)
def test_codes_are_those_of_the_api_model(case: Case) -> None:
    """IAM, Secrets Manager and Auto Scaling list the errors of each operation, IAM and Auto Scaling with status."""
    if case.code in COMMON:
        return
    shapes = get_session().get_service_model(case.service).operation_model(case.operation).error_shapes
    known = {each.error_code: each.metadata.get("error", {}).get("httpStatusCode", 400) for each in shapes}
    assert known.get(case.code) == case.status
