"""The store's version, the daemon, failed readings, guards, logins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flashd.core.checkup.diagnosis import State
from flashd.core.checkup.login import judge_login, version_in
from flashd.core.checkup.looks import judge_guards
from flashd.core.checkup.state import (
    Daemon,
    judge_daemon,
    judge_enrolments,
    judge_readings,
    judge_schema,
)
from flashd.errors import ArrayUnreachable, LoginStopped
from flashd.model.lease import Held, Holder
from flashd.model.observation import ArrayRecord
from flashd.model.verdict import Finding, Reading, Verdict
from flashd.model.volumes import Listing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ARRAY = "IBM.2107-75ABC01"
LEASE = Held("daemon", Holder("node1", "boot", 7, 1, "t"), NOW - timedelta(hours=3))
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("version", "state"),
    [(None, State.UNSEEN), (0, State.HINT), (1, State.HINT), (2, State.OK), (3, State.PROBLEM)],
)
def test_judges_a_schema(version: int | None, state: State) -> None:
    assert judge_schema("/x", version, 2).state is state


def record(minutes: float | None, failure: str | None = None) -> ArrayRecord:
    at = None if minutes is None else NOW - timedelta(minutes=minutes)
    return ArrayRecord(array=ARRAY, observed_at=at, failure=failure, failures=2 if failure else 0)


DAEMONS = {
    "none": (Daemon(lease=None, gone=None, arrays=()), [State.HINT], "none runs"),
    "ended": (Daemon(lease=LEASE, gone=True, arrays=()), [State.HINT], "ended without stopping"),
    "elsewhere": (Daemon(lease=LEASE, gone=None, arrays=()), [State.UNSEEN], "cannot be told"),
    "lives": (Daemon(lease=LEASE, gone=False, arrays=()), [State.OK], "since 2026-11-22T09:00:00Z"),
    "has read": (Daemon(lease=LEASE, gone=False, arrays=(record(1),)), [State.OK], "read 1m ago"),
    "has read nothing": (Daemon(lease=LEASE, gone=False, arrays=(record(None),)), [State.OK], ""),
    "45 minutes": (Daemon(lease=LEASE, gone=False, arrays=(record(45),)), [State.OK], "45m"),
    "longer": (
        Daemon(lease=LEASE, gone=False, arrays=(record(46),)),
        [State.OK, State.HINT],
        "46m",
    ),
    "longer, since it fails": (
        Daemon(lease=LEASE, gone=False, arrays=(record(46, "dead"),)),
        [State.OK],
        "46m",
    ),
}


@pytest.mark.parametrize(("seen", "states", "words"), DAEMONS.values(), ids=DAEMONS.keys())
def test_judges_a_daemon(seen: Daemon, states: list[State], words: str) -> None:
    found = list(judge_daemon(seen, QUARTER, NOW))
    assert [one.state for one in found] == states
    assert words in found[0].words


def test_tells_failed_readings_of_configured_arrays_only() -> None:
    found = list(judge_readings([record(5, "dead"), record(1)], [ARRAY]))
    assert [(one.state, one.words) for one in found] == [(State.HINT, "the last 2 failed: dead")]
    assert not list(judge_readings([record(5, "dead")], []))


def reading(verdict: Verdict) -> Reading:
    return Reading("tcp h:1", "tcp", False, Finding(verdict, "because"), NOW, 0.0)


def test_guards_that_know_nothing_are_named() -> None:
    found = list(
        judge_guards({"a": [reading(Verdict.DOWN)], "b": [reading(Verdict.UNKNOWN)], "c": []})
    )
    assert [(one.check, one.state) for one in found] == [
        ("guards", State.PROBLEM),
        ("guard of b", State.PROBLEM),
    ]
    assert found[0].words == "2 of 3 services: 1 down, 1 unknown"
    assert found[1].words == "tcp h:1: because"


def test_up_is_no_problem_and_none_is_unseen() -> None:
    found = judge_guards({"a": [reading(Verdict.UP), reading(Verdict.CLEAR)]})
    assert [(one.state, one.words) for one in found] == [
        (State.OK, "2 of 1 services: 1 up, 1 clear")
    ]
    assert [one.state for one in judge_guards({})] == [State.UNSEEN]


BANNER = "Date/Time: September 18, 2014 11:04:04 PM CEST IBM DSCLI Version: 7.7.10.317 DS: "


def test_the_version_stands_in_the_banner_and_nowhere_else() -> None:
    assert version_in(f"{BANNER}{ARRAY}\n") == "7.7.10.317"
    assert version_in("DSCLI 7.7.10.317") == ""


def test_judges_a_login() -> None:
    listing = Listing(ARRAY, NOW, NOW, {})
    found = judge_login(ARRAY, listing, f"{BANNER}{ARRAY}")
    assert (found.state, "DS CLI 7.7.10.317" in found.words) == (State.OK, True)
    assert "tells no version" in judge_login(ARRAY, listing, "").words
    stopped = judge_login(ARRAY, LoginStopped("logins are stopped", "Make it anew."), "")
    assert (stopped.state, stopped.hint) == (State.PROBLEM, "Make it anew.")
    assert judge_login(ARRAY, ArrayUnreachable("dead"), "").hint


ENROLMENTS = {
    "all": (["a", "b"], ["a", "b", "gone"], True, State.OK, "all are enrolled: 2 services"),
    "none known": ([], ["a"], True, State.UNSEEN, "no service is known"),
    "one is missing": (["b", "a"], ["a"], True, State.HINT, "1 of 2 services are not enrolled"),
    "not required": (["a", "b"], ["a"], False, State.OK, "not required; 1 of 2 are"),
    "many": ([f"s{n:02}" for n in range(21)], [], True, State.HINT, "s18, s19 …"),
    "not too many": ([f"s{n:02}" for n in range(20)], [], True, State.HINT, "s18, s19"),
}


@pytest.mark.parametrize(
    ("services", "enrolled", "required", "state", "words"),
    ENROLMENTS.values(),
    ids=ENROLMENTS.keys(),
)
def test_judges_enrolments(
    services: list[str],
    enrolled: list[str],
    required: bool,  # noqa: FBT001 - a case
    state: State,
    words: str,
) -> None:
    (found,) = judge_enrolments(services, enrolled, required=required)
    assert found.state is state
    assert words in found.words
