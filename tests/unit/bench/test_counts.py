"""What the bench counts: an array's journal, a batch's seconds, the logins of today's practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flashd.sim import journal
from tests.bench import today
from tests.bench.bed import Bed, Costs, Heard, Shape, allowed, make_bed
from tests.bench.parts import BenchError
from tests.bench.profile import profile

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


@pytest.mark.parametrize(("services", "seconds"), [(0, 1.15 * 5), (1, 1.15 * 5.5), (50, 1.15 * 30)])
def test_a_batch_may_take_a_login_two_listings_and_a_command_a_service(
    services: int, seconds: float
) -> None:
    assert allowed(4.0, 0.5, services) == pytest.approx(seconds)


def test_a_batch_that_did_not_change_what_it_should_is_no_figure(bed: Bed) -> None:
    note(bed, ("resyncflash -dev X", 0, 0))
    assert bed.demand_changes(1).changes == 1
    with pytest.raises(BenchError, match="1 changes instead of 2"):
        bed.demand_changes(2)


def event(second: float, action: str, run: str = "", command: str = "") -> dict[str, Any]:
    return {
        "@timestamp": f"2026-11-23T02:00:{second:06.3f}Z",
        "event": {"action": action},
        "flashd": {"run": {"id": run}, "dscli": {"command": command}},
    }


BATCH = [
    event(0, "configuration-accepted"),
    event(1, "daemon-started"),
    event(4, "command-sent", command="lsflash -l"),
    event(5, "command-answered", command="lsflash -l"),
    event(5.5, "command-sent", command="lsfbvol; lssi"),
    event(7.5, "command-answered", command="lsfbvol; lssi"),
    event(8, "guard-read", "r"),
    event(8.25, "resync-started", "r"),
    event(9, "guard-read", "r"),
    event(10, "guard-unknown", "r"),
    event(10.125, "command-sent", "r", "resyncflash"),
    event(14.125, "command-answered", "r", "resyncflash"),
    event(14.5, "command-sent", command="lsflash -l"),
    event(16.5, "command-answered", command="lsflash -l"),
    event(17, "resync-completed", "r"),
    event(40, "decision-changed"),
]


def test_each_second_of_a_batch_is_a_part_of_one_share() -> None:
    shares = profile(BATCH)
    assert shares == {
        "login": 3,
        "listings": 1 + 2,
        "inventory": 2,
        "changes": 4,
        "turns": 0.5 + 0.75 + 0.375,
        "intent and guards": 1.75,
        "last gate": 0.125,
        "ends": 0.5,
    }
    assert sum(shares.values()) == 17 - 1


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
