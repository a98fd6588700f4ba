"""What the bench counts: an array's journal, a batch's seconds, the logins of today's practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flashd.sim import journal
from tests.bench import today
from tests.bench.bed import Bed, Costs, Heard, Shape, make_bed
from tests.bench.parts import BenchError
from tests.bench.profile import at_work, before_commands

if TYPE_CHECKING:
    from pathlib import Path

FREE = Costs(0, 0)
ME = journal.Client(pid=1, hmc="10.10.0.10", user="opensvc")


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    return make_bed(tmp_path, Shape(services=1, costs=FREE))


def note(bed: Bed, *commands: tuple[str, float, float]) -> None:
    with bed.arrays[0].file.change() as rows:
        session = journal.note_login(rows, 0, ME, "ok")
        journal.note_login(rows, 0, ME, "refused")
        for text, at, answered in commands:
            entry = journal.note_received(rows, at, session, ME, text)
            journal.note_answer(rows, answered, entry, "")


def test_what_an_array_heard_is_counted_by_what_it_is_for(bed: Bed) -> None:
    verbs = ("setenv", "lsflash", "lsfbvol", "lssi", "resyncflash", "mkflash", "showpass")
    note(bed, *((f"{verb} -dev X", 0, 0) for verb in verbs))
    told = bed.heard
    assert told == Heard(logins=1, listings=1, inventory=2, changes=2, others=1)
    assert told.commands == 6
    assert told.facts() == {
        "logins": 1,
        "listings": 1,
        "inventory": 2,
        "changes": 2,
        "others": 1,
    }


def test_a_batch_that_did_not_change_what_it_should_is_no_figure(bed: Bed) -> None:
    note(bed, ("resyncflash -dev X", 0, 0))
    assert bed.demand_changes(1).changes == 1
    with pytest.raises(BenchError, match="1 changes instead of 2"):
        bed.demand_changes(2)


def test_the_time_of_an_array_is_that_from_command_to_answer(bed: Bed) -> None:
    note(bed, ("lsflash -l", 10, 12), ("lsfbvol -l", 20, 23), ("lssi", 30, 31), ("setenv", 0, 9))
    assert at_work(bed.arrays) == {"listings": 2, "inventory": 4}


def event(second: int, action: str, run: str | None = "r") -> dict[str, Any]:
    flashd = {"run": {"id": run}} if run else {}
    stamp = f"2026-11-23T02:00:{second:02d}.000Z"
    return {"@timestamp": stamp, "event": {"action": action}, "flashd": flashd}


def test_a_turn_is_parted_by_the_last_word_of_its_guards() -> None:
    told = [
        event(0, "guard-read"),
        event(1, "resync-started"),
        event(2, "guard-read", "other"),
        event(3, "guard-read"),
        event(5, "guard-unknown"),
        event(6, "command-sent", None),
        event(8, "command-sent"),
        event(9, "command-sent"),
    ]
    assert before_commands(told) == [(4, 3)]


def test_a_loop_that_was_ended_early_is_told_by_its_rate() -> None:
    half = today.Today(50, 20.0, Heard(logins=200, listings=150, changes=50))
    whole = Heard(logins=800, listings=600, changes=200)
    assert half.of(200) == today.Today(200, 80.0, whole)


def test_today_s_practice_is_four_logins_a_service_with_three_listings(bed: Bed) -> None:
    today.one_service(bed, "0000:4000")
    assert bed.heard == Heard(logins=4, listings=3, inventory=0, changes=1)
    assert [entry.command for entry in bed.arrays[0].journal("resyncflash")] == [
        "resyncflash -dev IBM.2107-75BE000 -persist -record -cp 0000:4000"
    ]
