"""A run: its name, its end, and what its answers say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.model.run import Account, Answer, Outcome, RunRecord, Trigger, run_id
from flashd.model.volumes import Pair

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST, MOST = bytes(10), b"\xff" * 10

IDS = {
    "the beginning": (EPOCH, LEAST, "0" * 26),
    "all entropy": (EPOCH, MOST, "0" * 10 + "Z" * 16),
    "entropy in order": (EPOCH, bytes(9) + b"\x01", "0" * 25 + "1"),
    "a millisecond": (EPOCH + timedelta(milliseconds=1), LEAST, "0000000001" + "0" * 16),
    "the specification's example": (  # 1469918176385 is its 01ARYZ6S41
        EPOCH + timedelta(milliseconds=1469918176385),
        LEAST,
        "01ARYZ6S41" + "0" * 16,
    ),
}


@pytest.mark.parametrize(("instant", "entropy", "text"), IDS.values(), ids=IDS.keys())
def test_names_a_run_by_a_ulid(instant: datetime, entropy: bytes, text: str) -> None:
    assert run_id(instant, entropy) == text


@pytest.mark.parametrize("size", [0, 9, 11])
def test_a_ulid_takes_ten_bytes_of_entropy(size: int) -> None:
    with pytest.raises(ValueError, match="ten bytes"):
        run_id(EPOCH, bytes(size))


instants = st.datetimes(
    EPOCH.replace(tzinfo=None), EPOCH.replace(year=9999, tzinfo=None), timezones=st.just(UTC)
)


@given(instants, instants, st.binary(min_size=10, max_size=10))
def test_ulids_sort_by_time(first: datetime, second: datetime, entropy: bytes) -> None:
    earlier, later = sorted((first, second))
    assert len(run_id(first, entropy)) == 26
    if later - earlier > timedelta(milliseconds=2):
        assert run_id(earlier, MOST) < run_id(later, entropy)


def test_each_outcome_has_its_exit_code() -> None:
    assert {outcome.value: outcome.exit_code for outcome in Outcome} == {
        "done": 0,
        "planned": 0,
        "refused": 4,
        "failed": 1,
        "unknown": 5,
    }


YES, NO, NOTHING = Account.ACCEPTED, Account.REJECTED, Account.SILENT
ANSWERS = {
    (YES,): True,
    (YES, YES): True,
    (YES, NO): False,
    (NOTHING, YES): False,
    (NO,): False,
    (NOTHING,): False,
    (): False,
}


@pytest.mark.parametrize(("accounts", "accepted"), ANSWERS.items())
def test_all_are_accepted_only_where_each_was_positively_acknowledged(
    *, accounts: tuple[Account, ...], accepted: bool
) -> None:
    said = {Pair.parse(f"000{i}:001{i}"): one for i, one in enumerate(accounts)}
    assert Answer(0, said, refused=False, reason="", output="").all_accepted is accepted


def test_a_run_is_open_until_its_end_is_written() -> None:
    run = RunRecord(
        id="RUN", service="a", trigger=Trigger.PERSON, by="root", arrays=(), started_at=EPOCH
    )
    ended = RunRecord(
        id="RUN",
        service="a",
        trigger=Trigger.PERSON,
        by="root",
        arrays=(),
        started_at=EPOCH,
        ended_at=EPOCH,
    )
    assert run.open
    assert not ended.open
