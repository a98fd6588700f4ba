"""What a backup may be believed to say, and when somebody is in the middle of something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flashd.core.restore import Since, at_work, disbelief, hangs_on_a_word, newest_first
from flashd.model.lease import DAEMON_LEASE, Held, Holder
from flashd.model.run import RunRecord, Trigger

MADE = datetime(2026, 11, 22, 2, tzinfo=UTC)
TICK = timedelta(microseconds=1)
QUIET = Since(nothing_ran=True, last_run=None, run_known=False, pair_seen=False)
ME = Holder("db1", "boot", 77, 1, "t")
RUN = RunRecord(
    id="R1", service="db", trigger=Trigger.PERSON, by="ann", arrays=("A",), started_at=MADE
)


def test_a_withdrawal_is_believed_where_nothing_speaks_against_it() -> None:
    assert disbelief(MADE, QUIET) is None
    assert disbelief(MADE, replace(QUIET, last_run=MADE - TICK)) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nothing_ran": False}, "may have run"),
        ({"nothing_ran": None}, "may have run"),
        ({"last_run": MADE}, "a run began"),
        ({"last_run": MADE + TICK}, "a run began"),
        ({"run_known": True}, "knows its run"),
        ({"pair_seen": True}, "was seen"),
    ],
)
def test_anything_that_speaks_against_it_is_enough(change: dict[str, object], said: str) -> None:
    reason = disbelief(MADE, replace(QUIET, **change))  # type: ignore[arg-type]  # named above
    assert reason is not None
    assert said in reason


def test_a_person_is_asked_where_his_word_decides() -> None:
    unsaid = replace(QUIET, nothing_ran=None)
    assert hangs_on_a_word(MADE, unsaid)
    assert not hangs_on_a_word(MADE, QUIET)
    assert not hangs_on_a_word(MADE, replace(QUIET, nothing_ran=False))
    for change in ({"last_run": MADE}, {"run_known": True}, {"pair_seen": True}):
        assert not hangs_on_a_word(MADE, replace(unsaid, **change))


def test_an_open_run_or_a_lease_is_work_and_the_daemon_as_such_is_none() -> None:
    assert at_work([], []) is None
    assert at_work([], [Held(DAEMON_LEASE, ME, MADE)]) is None
    said = at_work([RUN], [])
    assert said == "run R1 of db is open since 2026-11-22T02:00:00Z, begun by ann"
    said = at_work([], [Held(DAEMON_LEASE, ME, MADE), Held("array A", ME, MADE)])
    assert said == "process 77 on db1 is at work on array A since 2026-11-22T02:00:00Z"


@pytest.mark.parametrize(
    ("began", "newest", "first"),
    [
        (MADE, None, False),
        (MADE, MADE, False),
        (MADE + TICK, MADE, True),
        (MADE, MADE + TICK, False),
    ],
)
def test_a_restored_run_is_newer_only_where_it_began_later(
    began: datetime, newest: datetime | None, *, first: bool
) -> None:
    assert newest_first(began, newest) is first
