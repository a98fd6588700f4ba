"""A backup of either kind of store, restored into either kind, never makes flashd less safe."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from flashd.adapters import procfs
from flashd.adapters.host import LinuxHost
from flashd.adapters.stores import backups
from flashd.adapters.stores.migrations import STEPS
from flashd.adapters.stores.rules import LEFT_OUT, carried
from flashd.adapters.stores.schema import METADATA
from flashd.adapters.stores.store import open_store
from flashd.errors import ConfigError, StoreError
from flashd.model.backup import Backup, Busy, Restored, Unsaid
from flashd.model.enrolment import Enrolment, Fact
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.lease import DAEMON_LEASE, Holder, array_lease
from flashd.model.observation import ArrayRecord, Breaker, Standing
from flashd.model.run import Marks, Outcome, StepKind
from tests.contract.stores.samples import (
    ANSWER,
    ARRAY,
    NOW,
    ONE,
    SECOND,
    TWO,
    array_time,
    intent,
    listing,
    minute,
    relation,
    run,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from subprocess import Popen

    from flashd.adapters.stores.store import SqlStore
    from tests.conftest import Empty
    from tests.integration.stores.conftest import Spawn

CREATED = array_time("01 10:00:00").text
ENROLMENT = Enrolment(
    service="payroll", at=NOW, by="ann", facts=(Fact(ARRAY, "target 0002", "name", "TST"),)
)
BREAKER = Breaker(array=ARRAY, username="u", pwfile="print", opened_at=NOW, reason="refused")
ME = LinuxHost().holder("me")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
async def other(
    request: pytest.FixtureRequest, tmp_path: Path, state: str
) -> AsyncIterator[SqlStore]:
    """Open an empty store of the other kind than `either`."""
    url = f"sqlite:///{tmp_path}/other.db"
    if state.startswith("sqlite"):
        server = request.getfixturevalue("server")
        url = server.url(server.schema())
    opened = await open_store(url, LinuxHost())
    yield opened
    await opened.close()


async def fill(store: SqlStore) -> None:
    """Put something in every table."""
    await store.open_run(run("R1"))
    await store.intend(intent("R1", kind=StepKind.WITHDRAW, before=BEFORE), [], ME)
    await store.answered("R1", 1, ANSWER)
    await store.close_run("R1", minute(1), Outcome.FAILED, "half", [{"seen": "\udcff \0"}])
    await store.record_listing(
        listing(minute(2), relation(TWO, created=array_time("01 10:00:00"))), []
    )
    await store.record_listing(listing(NOW, relation(ONE)), [ONE])
    await store.record_failure(ArrayRecord(array="B", failed_at=NOW, failure="no", failures=3))
    await store.open_breaker(BREAKER)
    await store.enroll([ENROLMENT], NOW)
    await store.enlist(["payroll"], NOW)
    await store.stand([Standing(service="payroll", look_at=minute(999), failures=2)])
    await store.acquire([DAEMON_LEASE], ME, NOW)
    await store.accept({"flashd.yaml": "state: secret"}, NOW)


BEFORE = {ONE: Marks("Mon", CREATED), TWO: Marks(None, CREATED)}


async def rows(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    def read(connection: object) -> dict[str, list[tuple[object, ...]]]:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)  # type: ignore[attr-defined]
            for table in carried()
        }

    return await store._reading.run(read)


async def took(store: SqlStore, file: Path, *, nothing_ran: bool | None = False) -> Restored:
    found = await store.restore(file, minute(200), nothing_ran=nothing_ran)
    assert isinstance(found, Restored)
    return found


async def test_everything_goes_to_the_other_kind_of_store_and_back(
    either: SqlStore, other: SqlStore, empty: Empty, file: Path
) -> None:
    await fill(either)
    before = await rows(either)
    backup = await either.back_up(file, minute(100), replace=False)
    assert backup.rows == {name: len(found) for name, found in before.items()}
    await took(other, file, nothing_ran=True)
    assert await other.held() == {}, "leases are never restored"
    assert await other.accepted() is None
    again = file.with_name("again")
    await other.back_up(again, minute(300), replace=False)
    back = await open_store(empty(), LinuxHost())
    await took(back, again, nothing_ran=True)
    after = await rows(back)
    for name in set(before) - {"arrays", "standings"}:
        assert after[name] == before[name], name
    assert [one.id for one in await back.history(None, 9)] == ["R1"]
    await back.close()


def test_a_table_is_carried_unless_it_is_named() -> None:
    assert {table.name for table in carried()} == set(METADATA.tables) - LEFT_OUT
    assert {"leases", "accepted", "schema_version"} == LEFT_OUT


async def test_arrays_are_listed_and_services_looked_at_before_anything_is_decided(
    either: SqlStore, file: Path
) -> None:
    await fill(either)
    await either.back_up(file, minute(100), replace=False)
    await took(either, file)
    records = await either.arrays()
    assert [one.observed_at for one in records.values()] == [None, None]
    assert records["B"].failure == "no"
    assert await either.due(minute(200)) == ["payroll"]
    assert (await either.standings())["payroll"].failures == 2


async def test_what_the_store_knows_now_stays(either: SqlStore, file: Path) -> None:
    await either.open_run(run("OLD"))
    await either.record_listing(listing(NOW, relation(ONE)), [ONE])
    await either.back_up(file, minute(100), replace=False)
    await either.close_run("OLD", minute(101), Outcome.DONE, "proved", [])
    await either.open_run(run("NEW", at=minute(102)))
    await either.close_run("NEW", minute(103), Outcome.DONE, "proved", [])
    await either.record_listing(listing(minute(104), relation(ONE, synced=SECOND)), [ONE])
    await either.open_breaker(BREAKER)
    await either.accept({"flashd.yaml": "of now"}, NOW)
    before = await rows(either)
    found = await took(either, file)
    assert not any(found.taken.values())
    after = await rows(either)
    for name in ("runs", "steps", "sightings", "breakers", "withdrawals"):
        assert after[name] == before[name], name
    assert [one.id for one in await either.history(None, 9)] == ["NEW", "OLD"]
    accepted = await either.accepted()
    assert accepted
    assert accepted[0] == {"flashd.yaml": "of now"}


async def test_an_open_run_of_the_backup_stays_open_for_recovery_where_its_end_is_not_known(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await either.open_run(run("R1"))
    await either.intend(intent("R1"), [], ME)
    await either.back_up(file, minute(100), replace=False)
    await took(other, file)
    (left,) = await other.open_runs()
    (there,) = await either.open_runs()
    assert left.steps[0].intent == there.steps[0].intent
    busy = await other.restore(file, minute(201), nothing_ran=True)
    assert isinstance(busy, Busy)
    assert busy.reason.startswith("run R1 of payroll is open since 2026-11-22T02:00:00Z")


async def test_older_runs_go_below_those_of_now_and_newer_ones_above(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    for name, at in (("A", 0), ("B", 1), ("D", 30), ("E", 31)):
        await either.open_run(run(name, at=minute(at)))
        await either.close_run(name, minute(at), Outcome.DONE, "", [])
    await either.back_up(file, minute(100), replace=False)
    await other.open_run(run("C", at=minute(20)))
    await other.close_run("C", minute(21), Outcome.DONE, "", [])
    await took(other, file)
    assert [one.id for one in await other.history(None, 9)] == ["E", "D", "C", "B", "A"]
    await other.open_run(run("F", at=minute(40)))
    assert (await other.history(None, 1))[0].id == "F"


async def test_an_enrolment_comes_back_only_where_there_is_none(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    elsewhere = replace(ENROLMENT, service="elsewhere")
    await either.enroll([ENROLMENT, elsewhere], NOW)
    await either.back_up(file, minute(100), replace=False)
    newer = replace(ENROLMENT, by="eve", at=minute(1), facts=())
    await other.enroll([newer], NOW)
    assert (await took(other, file)).taken["enrolments"] == 1
    assert await other.enrolments() == {"payroll": newer, "elsewhere": elsewhere}


async def test_the_later_sighting_of_a_pair_stays(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await either.record_listing(listing(minute(10), relation(ONE), relation(TWO)), [ONE, TWO])
    await either.back_up(file, minute(100), replace=False)
    await other.record_listing(listing(minute(9), relation(ONE)), [ONE])
    await other.record_listing(listing(minute(11), relation(TWO, synced=SECOND)), [TWO])
    await took(other, file)
    seen = {one.pair: one.observed_at for one in await other.sightings()}
    assert seen == {ONE: minute(10), TWO: minute(11)}


async def withdrawn(store: SqlStore) -> None:
    """Leave ONE withdrawn, its run ended."""
    await store.open_run(run("W"))
    await store.intend(intent("W", kind=StepKind.WITHDRAW, before=BEFORE), [], ME)
    await store.close_run("W", minute(1), Outcome.FAILED, "half", [])
    there = relation(TWO, created=array_time("01 10:00:00"))
    await store.record_listing(listing(minute(2), there), [])


async def test_a_withdrawal_is_not_believed_unless_somebody_says_that_nothing_ran(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await withdrawn(either)
    await either.back_up(file, minute(100), replace=False)
    found = await took(other, file)
    assert [(one.pair, one.service) for one in found.disbelieved] == [(str(ONE), "payroll")]
    assert "may have run since" in found.disbelieved[0].reason
    assert await other.withdrawals() == []


async def test_nothing_is_restored_before_it_is_said_whether_flashd_ran(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    """To restore without the word would make the runs known, and the withdrawals void for ever."""
    await withdrawn(either)
    await either.back_up(file, minute(100), replace=False)
    before = await rows(other)
    found = await other.restore(file, minute(200), nothing_ran=None)
    assert isinstance(found, Unsaid)
    assert [(one.pair, one.service) for one in found.withdrawals] == [(str(ONE), "payroll")]
    assert await rows(other) == before
    assert not (await took(other, file, nothing_ran=True)).disbelieved


async def test_where_nothing_hangs_on_it_nothing_has_to_be_said(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await either.open_run(run("R"))
    await either.close_run("R", minute(1), Outcome.DONE, "", [])
    await either.back_up(file, minute(100), replace=False)
    assert (await took(other, file, nothing_ran=None)).taken["runs"] == 1


async def test_a_hold_that_comes_back_is_told_and_one_that_has_ended_does_not(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    scopes = (Scope(Kind.ALL), Scope(Kind.SERVICE, "ended"), Scope(Kind.SERVICE, "anew"))
    laid = [Hold(scope=one, reason="why", by="ann", since=NOW) for one in scopes]
    laid[1] = replace(laid[1], until=minute(150))
    await either.hold(laid, [], NOW)
    await either.back_up(file, minute(100), replace=False)
    anew = replace(laid[2], reason="another")
    await other.hold([anew], [], NOW)
    found = await took(other, file)
    assert found.holds == (laid[0],)
    assert set((await other.holds()).values()) == {laid[0], anew}


async def test_a_withdrawal_is_believed_where_nothing_ran(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await withdrawn(either)
    await either.back_up(file, minute(100), replace=False)
    assert not (await took(other, file, nothing_ran=True)).disbelieved
    assert await other.withdrawals() == await either.withdrawals()


async def test_what_is_known_of_the_time_since_contradicts_who_says_that_nothing_ran(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await withdrawn(either)
    await either.back_up(file, minute(100), replace=False)
    await other.open_run(run("LATER", at=minute(100)))
    await other.close_run("LATER", minute(101), Outcome.REFUSED, "", [])
    found = await took(other, file, nothing_ran=True)
    assert "a run began since" in found.disbelieved[0].reason
    assert await other.withdrawals() == []


async def test_a_pair_that_was_seen_since_is_not_withdrawn(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    await withdrawn(either)
    await either.back_up(file, minute(100), replace=False)
    await other.record_listing(listing(minute(100), relation(ONE)), [ONE])
    found = await took(other, file, nothing_ran=True)
    assert "was seen since" in found.disbelieved[0].reason


async def test_a_withdrawal_that_this_store_has_closed_is_not_opened_again(
    either: SqlStore, file: Path
) -> None:
    await withdrawn(either)
    await either.back_up(file, minute(100), replace=False)
    await either.record_listing(listing(minute(101), relation(ONE)), [ONE])
    assert await either.withdrawals() == []
    found = await took(either, file, nothing_ran=True)
    assert "this store knows its run" in found.disbelieved[0].reason
    assert await either.withdrawals() == []


async def test_one_that_is_open_now_stays_open(either: SqlStore, file: Path) -> None:
    await withdrawn(either)
    before = await either.withdrawals()
    await either.back_up(file, minute(100), replace=False)
    assert not (await took(either, file)).disbelieved
    assert await either.withdrawals() == before


@pytest.mark.parametrize(
    ("name", "busy"),
    [(array_lease(ARRAY), True), (DAEMON_LEASE, False), ("login A", True)],
)
async def test_it_waits_for_whoever_is_at_work(
    either: SqlStore, file: Path, name: str, *, busy: bool
) -> None:
    await either.back_up(file, minute(100), replace=False)
    await either.acquire([name], ME, NOW)
    found = await either.restore(file, minute(200), nothing_ran=True)
    assert isinstance(found, Busy) is busy
    if isinstance(found, Busy):
        assert f"{ME} is at work on {name} since" in found.reason
    assert name in await either.held()


async def test_a_lease_of_a_process_that_is_gone_holds_nobody_up(
    either: SqlStore, file: Path
) -> None:
    await either.back_up(file, minute(100), replace=False)
    await either.acquire([array_lease(ARRAY)], replace(ME, started=1), NOW)
    await took(either, file)


async def test_a_lease_of_another_host_holds_up_for_half_a_minute(
    tmp_path: Path, file: Path
) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/one.db", LinuxHost())
    await store.back_up(file, NOW, replace=False)
    await store.acquire(["array X"], Holder("elsewhere", "b", 1, 1, "t"), NOW)
    assert isinstance(
        await store.restore(file, NOW + timedelta(seconds=29), nothing_ran=True), Busy
    )
    restored = await store.restore(file, NOW + timedelta(seconds=30), nothing_ran=True)
    assert isinstance(restored, Restored)
    await store.close()


async def test_the_file_is_private_and_alone(either: SqlStore, tmp_path: Path) -> None:
    directory = tmp_path / "backups"
    directory.mkdir()
    before = os.umask(0)
    try:
        await either.back_up(directory / "b", NOW, replace=False)
    finally:
        os.umask(before)
    assert {one.name: one.stat().st_mode & 0o777 for one in directory.iterdir()} == {"b": 0o600}


async def test_an_existing_file_is_replaced_only_when_told(either: SqlStore, file: Path) -> None:
    await asyncio.to_thread(file.write_text, "mine")
    with pytest.raises(ConfigError, match="exists already") as told:
        await either.back_up(file, NOW, replace=False)
    assert "--replace" in told.value.hint
    assert content(file) == b"mine"
    with pytest.raises(ConfigError, match="is not a backup, so it is not replaced"):
        await either.back_up(file, NOW, replace=True)
    assert content(file) == b"mine"
    await asyncio.to_thread(file.unlink)
    await either.back_up(file, NOW, replace=False)
    await either.back_up(file, NOW + timedelta(hours=1), replace=True)
    assert backups.verify(file, file).made_at == NOW + timedelta(hours=1)


async def test_the_store_itself_is_never_replaced_by_its_backup(tmp_path: Path) -> None:
    place = tmp_path / "flashd.db"
    store = await open_store(f"sqlite:///{place}", LinuxHost())
    for name in ("flashd.db", "flashd.db-wal"):
        with pytest.raises(ConfigError, match="is not a backup"):
            await store.back_up(tmp_path / name, NOW, replace=True)
    await asyncio.to_thread((tmp_path / "link").symlink_to, place)
    with pytest.raises(ConfigError, match="is not a file"):
        await store.back_up(tmp_path / "link", NOW, replace=True)
    await store.open_run(run("R1"))
    await store.close()


UNREADABLE = {
    "a hold of no kind": "INSERT INTO holds VALUES ('x', 'y', 'r', 'b', 0, NULL, NULL)",
    "a run of no outcome": "UPDATE runs SET outcome = 'fine'",
    "a sighting of no relation": "UPDATE sightings SET relation = '[1]'",
    "a sighting of no date": "UPDATE sightings SET dated = '[1]'",
    "a step of no carrier": "UPDATE steps SET carrier = '7'",
    "an enrolment of no facts": "INSERT INTO enrolments VALUES ('s', 0, 'b', '[[1]]')",
    "no JSON": "UPDATE runs SET arrays = '{'",
}


def forged(file: Path, statement: str) -> None:
    """Change a backup, and its note to match."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)
        sums = {one.name: backups._sum_of(connection, one.name) for one in carried()}
        connection.execute("UPDATE backup SET tables = ?", [json.dumps(sums)])


@pytest.mark.parametrize("statement", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_flashd_could_not_read_does_not_come_into_a_store(
    either: SqlStore, other: SqlStore, file: Path, statement: str
) -> None:
    await fill(either)
    await either.back_up(file, minute(100), replace=False)
    forged(file, statement)
    before = await rows(other)
    with pytest.raises(StoreError):
        await other.restore(file, minute(200), nothing_ran=True)
    assert await rows(other) == before


STRANGE = {
    "a note of no tables": "UPDATE backup SET tables = '{}'",
    "a note that is a list": "UPDATE backup SET tables = '[1]'",
    "a note of another form": "UPDATE backup SET format = 'x'",
    "a date that is none": "UPDATE backup SET made_at = 'soon'",
    "a view": "CREATE VIEW more AS SELECT 1",
    "a trigger": "CREATE TRIGGER more AFTER INSERT ON runs BEGIN DELETE FROM holds; END",
    "two notes": "INSERT INTO backup SELECT * FROM backup",
}


@pytest.mark.parametrize("statement", STRANGE.values(), ids=STRANGE.keys())
async def test_a_backup_is_not_believed_by_its_own_note(
    either: SqlStore, file: Path, statement: str
) -> None:
    await either.back_up(file, minute(100), replace=False)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)
    with pytest.raises(StoreError, match=r"is damaged|is not a backup"):
        await either.restore(file, minute(200), nothing_ran=True)


async def test_a_restored_step_names_no_living_process_of_this_host(
    either: SqlStore, other: SqlStore, file: Path
) -> None:
    """What has its number may be anybody's, and must not be ended for a file from elsewhere."""
    innocent = subprocess.Popen(  # noqa: ASYNC220 - nobody waits for it
        ["/bin/sleep", "60"], start_new_session=True
    )
    try:
        found = procfs.process(innocent.pid)
        assert found
        await either.open_run(run("R1"))
        named = LinuxHost().carrier(innocent.pid, found.started)
        await either.intend(replace(intent("R1"), carrier=named), [], ME)
        await either.back_up(file, minute(100), replace=False)
        await took(other, file)
        (left,) = await other.open_runs()
        assert await LinuxHost().end(left.steps[0].intent.carrier) is None
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


@pytest.mark.parametrize("group", [0, 1])
async def test_a_restored_step_of_no_possible_group_does_not_stay_open_for_ever(
    either: SqlStore, other: SqlStore, file: Path, group: int
) -> None:
    """To end group 0 or 1 is to end many: it is waited for as one of another host is."""
    await either.open_run(run("R1"))
    forged = LinuxHost().carrier(group, 1)
    assert await LinuxHost().end(forged) is False
    await either.intend(replace(intent("R1"), carrier=forged), [], ME)
    await either.back_up(file, minute(100), replace=False)
    await took(other, file)
    (left,) = await other.open_runs()
    assert await LinuxHost().end(left.steps[0].intent.carrier) is None


def test_a_file_that_appears_while_a_backup_is_written_stays(tmp_path: Path) -> None:
    draft, file = tmp_path / "draft", tmp_path / "file"
    draft.write_text("backup")
    file.write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        backups._publish(draft, file, replace=False)
    assert content(file) == b"mine"


async def test_a_place_that_cannot_be_used_is_told_by_the_name_of_the_backup(
    either: SqlStore, file: Path
) -> None:
    """A name too long is refused to root too."""
    name = file.parent / ("x" * 300)
    with pytest.raises(StoreError, match=f"^backup {name}: File name too long$") as written:
        await either.back_up(name, NOW, replace=False)
    assert "may write" in written.value.hint
    with pytest.raises(StoreError, match=f"^backup {name}: File name too long$") as read:
        await either.restore(name, NOW, nothing_ran=True)
    assert "may read" in read.value.hint


async def test_a_directory_that_is_not_there(either: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        await either.back_up(tmp_path / "no" / "b", NOW, replace=False)


async def test_no_secret_is_in_it(either: SqlStore, file: Path) -> None:
    await fill(either)
    await either.back_up(file, NOW, replace=False)
    assert b"state: secret" not in content(file)


def content(file: Path) -> bytes:
    return file.read_bytes()


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty_it(file: Path) -> None:
    file.write_bytes(b"")


def flip(file: Path) -> None:
    """Change a word of a record, so that the file is a sound database still."""
    found = content(file)
    assert b"payroll" in found
    file.write_bytes(found.replace(b"payroll", b"payrent"))


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE songs (title TEXT)")


def no_database(file: Path) -> None:
    file.write_text("services: {}\n" * 100)


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE backup SET schema_version = 777")


def newer_form(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE backup SET format = 777")


def row_less(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM steps")


def without_note(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM backup")


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    "harm",
    [cut, empty_it, flip, foreign, no_database, newer, newer_form, row_less, without_note, gone],
)
async def test_what_is_no_whole_backup_is_refused_before_anything_is_changed(
    either: SqlStore, other: SqlStore, file: Path, harm: object
) -> None:
    await fill(either)
    await either.back_up(file, minute(100), replace=False)
    harm(file)  # type: ignore[operator]
    before = await rows(other)
    with pytest.raises(StoreError) as told:
        await other.restore(file, minute(200), nothing_ran=True)
    assert str(file) in told.value.message
    assert told.value.hint.endswith(".")
    assert await rows(other) == before
    if harm in {newer, newer_form}:
        assert "A newer flashd wrote it" in told.value.hint


async def test_a_store_s_own_file_is_no_backup(tmp_path: Path, other: SqlStore) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/live.db", LinuxHost())
    with pytest.raises(StoreError, match="is not a backup of flashd"):
        await other.restore(tmp_path / "live.db", NOW, nothing_ran=True)
    await store.close()


async def test_an_older_backup_is_brought_up_to_date_and_left_as_it_is(
    either: SqlStore, file: Path, tmp_path: Path
) -> None:
    await fill(either)
    await either.back_up(file, minute(100), replace=False)
    found = content(file)
    later = [*STEPS, ("UPDATE runs SET reason = reason || ' by then'",)]
    (tmp_path / "private").mkdir()
    backup, engine = backups.prepare(file, tmp_path / "private", later)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT reason FROM runs")).scalar_one() == "half by then"
    engine.dispose()
    assert backup.schema_version == len(STEPS)
    assert content(file) == found


async def test_a_failure_in_its_middle_changes_nothing(
    either: SqlStore, other: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(either)
    await either.back_up(file, minute(100), replace=False)
    before = await rows(other)

    def fail(*_: object) -> None:
        raise ValueError("in the middle")

    monkeypatch.setattr("flashd.adapters.stores.rules.look_again", fail)
    with pytest.raises(StoreError, match="in the middle"):
        await other.restore(file, minute(200), nothing_ran=True)
    assert await rows(other) == before


async def test_a_backup_is_of_one_instant_while_others_write(
    state: str, either: SqlStore, file: Path, spawn: Spawn
) -> None:
    child = spawn("write", state)
    assert child.stdout
    for _ in range(20):
        child.stdout.readline()
    for number in range(5):
        backup = await either.back_up(file, minute(number), replace=True)
        assert isinstance(backup, Backup)
        with closing(sqlite3.connect(file)) as connection:
            numbers = [nr for (nr,) in connection.execute("SELECT nr FROM runs ORDER BY nr")]
            still_open = connection.execute("SELECT count(*) FROM runs WHERE ended_at IS NULL")
            assert numbers == list(range(1, len(numbers) + 1))
            assert still_open.fetchone()[0] <= 1
    child.kill()
    child.wait()


async def test_killed_in_a_backup_the_old_one_is_whole_and_in_a_restore_the_store_is(
    state: str, either: SqlStore, file: Path, spawn: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(file.parent))  # what is killed leaves its copy behind
    for number in range(1200):
        await either.open_run(run(f"R{number:04}"))
    await change(either, "UPDATE runs SET ended_at = 1, outcome = 'done'")
    await either.back_up(file, minute(1), replace=False)
    old = content(file)
    chosen = spread(calls_of(spawn("back-up", state, f"{file.with_name('whole')} 0")))
    for at in chosen:
        child = spawn("back-up", state, f"{file} {at}")
        assert child.wait(60) == -signal.SIGKILL, at
        assert backups.verify(file, file).rows["runs"] == 1200
        assert content(file) == old or at == chosen[-1], at
    await change(either, "DELETE FROM runs")
    before = await rows(either)
    copy = await open_store(f"sqlite:///{file}.copy.db", LinuxHost())
    await copy.close()
    whole = calls_of(spawn("restore", f"sqlite:///{file}.copy.db", f"{file} 0"))
    for at in spread(whole):
        child = spawn("restore", state, f"{file} {at}")
        assert child.wait(60) == -signal.SIGKILL, at
        assert await rows(either) == before, at
    assert (await took(either, file)).taken["runs"] == 1200


def calls_of(child: Popen[str]) -> int:
    said, _ = child.communicate(timeout=60)
    return int(said)


def spread(calls: int) -> list[int]:
    """Choose some calls, the first and the last among them."""
    return sorted({1, calls // 3, 2 * calls // 3, calls - 1})


async def change(store: SqlStore, statement: str) -> None:
    await store._writing.run(lambda connection: connection.execute(text(statement)))
