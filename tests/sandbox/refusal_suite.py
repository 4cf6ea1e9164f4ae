"""What holds for the refusals of every simulated cloud, written once: each wrong request is refused as the real
cloud refuses it, and every rule is needed for that.

A cloud's own test module inherits ``Refusals``. Its cases are in ``refusals/<cloud>/*.toml``.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import pytest
from corpus import Case, cases, meets

from confkube_sandbox.daemon.rules import EVIDENCE, READ
from confkube_sandbox.daemon.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confkube_sandbox.daemon.client import DaemonClient
    from confkube_sandbox.daemon.rules import Rule
    from confkube_sandbox.home import SandboxHome

INSTANT = 100_000.0
"""Simulated seconds per real one at which nothing has to be waited for."""
USUAL: dict[str, Any] = {
    "speed": INSTANT,
    "quotas": dict(Settings().quotas),
    "capacity": [],
    "consistency_lag": 0.0,
}
"""The settings that a case meets unless it brings its own."""


class Clients(Protocol):
    """Official SDK clients of one account."""

    def answer(
        self, service: str, operation: str, parameters: dict[str, Any], region: str, wire: dict[str, Any]
    ) -> tuple[int, str, str]:
        """Send one request; return status, code and text of the refusal, or (200, "", "")."""
        ...


class Refusals:
    """Inherited as ``class TestX(Refusals)``."""

    cloud: ClassVar[str]
    """Folder of the corpus."""
    switches: ClassVar[tuple[str, ...]] = ()
    """What can be switched off beside the rules: checks against the API's model, and the like."""
    elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Names that cases give for refusals of a library that is not ours to switch off."""
    least_read: ClassVar[dict[str, float]] = {"rules": 0.4, "cases": 0.4}
    """Share of evidence that was opened and read, which must not fall."""

    # -- what a cloud's own module says
    @staticmethod
    def rules() -> Iterable[Rule]:
        """All rules."""
        raise NotImplementedError

    @staticmethod
    def over_http(daemon: DaemonClient) -> Clients:
        """Clients of the running daemon."""
        raise NotImplementedError

    @staticmethod
    def build(clients: Any, settings: Callable[..., object]) -> dict[str, str]:
        """Make the world that cases refer to as ``${name}``."""
        raise NotImplementedError

    @staticmethod
    def application(home: SandboxHome, disabled: frozenset[str]) -> Any:
        """Make the simulated cloud in this process, without the named rules."""
        raise NotImplementedError

    @staticmethod
    def in_process(application: Any) -> Clients:
        """Clients of the cloud in this process."""
        raise NotImplementedError

    @staticmethod
    def forget(application: Any) -> None:
        """Clear what the cloud keeps outside of its own object."""

    # -- the tests
    @pytest.fixture(scope="class")
    @classmethod
    def clients(cls, daemon: DaemonClient) -> Clients:
        return cls.over_http(daemon)

    @pytest.fixture(scope="class")
    @classmethod
    def world(cls, daemon: DaemonClient, clients: Clients) -> dict[str, str]:
        return cls.build(clients, daemon.settings)

    def test_wrong_request_is_refused(
        self, case: Case, daemon: DaemonClient, clients: Clients, world: dict[str, str]
    ) -> None:
        if case.settings:
            daemon.settings(**case.settings)
        try:
            met = answer(clients, case, world)
        finally:
            if case.settings:
                daemon.settings(**USUAL)
        assert meets(case, met, world), met

    def test_every_case_names_a_rule_that_exists(self) -> None:
        assert {each.rule for each in cases(self.cloud)} <= {*self._names(), *self.elsewhere}

    def test_every_rule_has_a_case(self) -> None:
        assert set(self._names()) <= {each.rule for each in cases(self.cloud)}

    def test_every_rule_says_what_it_follows(self) -> None:
        for each in self.rules():
            assert each.source.startswith("https://"), each.name
            assert each.date, each.name
            assert each.check.__doc__, each.name

    def test_evidence_is_one_of_two_kinds_and_dated(self) -> None:
        for each in [*self.rules(), *cases(self.cloud)]:
            assert each.evidence in EVIDENCE, each.name
            assert date.fromisoformat(each.date) <= datetime.now(UTC).date() or each.evidence == READ, each.name
            assert each.source.startswith("https://"), each.name

    def test_share_of_what_was_read(
        self, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Say how much of the corpus rests on something that was opened; the share must not fall."""
        told: list[str] = []
        for what, everything in (
            ("rules", [each.evidence for each in self.rules()]),
            ("cases", [each.evidence for each in cases(self.cloud)]),
        ):
            read = everything.count(READ)
            told.append(f"{what}: {read} read, {len(everything) - read} recalled")
            record_property(f"{self.cloud}_{what}_read", read)
            assert read / len(everything) >= self.least_read[what]
        with capsys.disabled():
            sys.stdout.write(f"[evidence {self.cloud}: {'; '.join(told)}] ")

    def test_without_a_rule_its_cases_fail(self, home: SandboxHome) -> None:
        """Mutation run: each rule is switched off in turn, and a case that names it is no longer refused."""
        whole = self.application(home, frozenset())
        whole.change_settings(USUAL)
        ids = self.build(self.in_process(whole), lambda **wanted: whole.change_settings(wanted))
        kept = whole.store.snapshot()
        survivors: list[str] = []
        for name in self._names():
            mutant = self.application(home, frozenset({name}))
            clients = self.in_process(mutant)
            for case in [each for each in cases(self.cloud) if each.rule == name]:
                mutant.store.put_back(kept)
                mutant.change_settings({**USUAL, **case.settings})
                if not meets(case, answer(clients, case, ids), ids):
                    break
            else:
                survivors.append(name)
        self.forget(whole)
        assert survivors == []

    def _names(self) -> list[str]:
        return [*(each.name for each in self.rules()), *self.switches]


def answer(clients: Clients, case: Case, ids: dict[str, str]) -> tuple[int, str, str]:
    """Send a case's request and return status, code and text of the answer."""
    parameters, wire = case.request(ids)
    return clients.answer(case.service, case.operation, parameters, case.region, wire)
