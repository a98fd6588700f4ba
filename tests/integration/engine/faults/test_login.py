"""A fault on the way to the console: nothing is sent, and no account is locked by trying again."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.engine.batch import look_at
from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.request import Request
from flashd.model.run import Outcome
from tests.integration.engine.faults.table import (
    DONE,
    FAILED,
    IN_TIME,
    SEVERAL,
    UNKNOWN,
    Row,
    furnish,
    judged,
)
from tests.integration.engine.house import SERIAL, Lab, asked, console, outcomes, ticks

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.engine.world import World
    from flashd.model.observation import ArrayRecord


def row(fault: str, words: str, **options: object) -> Row:
    """Make the row of a fault that nothing gets past."""
    return Row(fault, options, FAILED, words, sent=0, verb="*")


STOPPED = {
    "nobody answers": row("unreachable", "no connection to the management console"),
    "no CLI.CFG": row("start-fails", "dscli cannot be started", exit=63),
    "no Java": row("start-fails", "dscli cannot be started", exit=64),
    "no classpath": row("start-fails", "dscli cannot be started", exit=65),
    "a bad CLI.CFG": row("start-fails", "dscli cannot be started", exit=66),
    "a full disk": row("start-fails", "No space left", exit=1, text="No space left on device"),
    "a login that hangs": row("login-hang", f"dscli did not log in {IN_TIME}"),
    "refused": row("login-refused", "login refused: CMUC00191E"),
    "locked by others": row("locked-out", "account locked"),
}


@pytest.mark.parametrize("row", STOPPED.values(), ids=STOPPED.keys())
async def test_before_the_listing(tmp_path: Path, row: Row) -> None:
    await judged(furnish(Lab(tmp_path)), row, SEVERAL)


SECOND = ("nobody answers", "no Java", "a login that hangs", "refused", "locked by others")


@pytest.mark.parametrize("nth", [2, 3])
@pytest.mark.parametrize("name", SECOND)
async def test_between_the_listing_and_the_command(tmp_path: Path, name: str, nth: int) -> None:
    await judged(furnish(Lab(tmp_path)), replace(STOPPED[name], nth=nth), SEVERAL)


THIRD = ("nobody answers", "no Java", "a login that hangs")


@pytest.mark.parametrize("name", THIRD)
async def test_between_the_command_and_the_listing(tmp_path: Path, name: str) -> None:
    unread = replace(
        STOPPED[name], nth=4, outcome=UNKNOWN, words="could not be read", closed=DONE, sent=1
    )
    await judged(furnish(Lab(tmp_path)), unread, SEVERAL)


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("fault", ["login-refused", "locked-out", "password-expired"])
async def test_a_refused_login_is_not_tried_again(tmp_path: Path, fault: str, nth: int) -> None:
    """Five tries would lock the account for everybody, and a locked one stays so.

    With an expired password the login succeeds, and then its command is refused: of a command
    that was sent to a client that is logged in nobody knows.
    """
    lab = furnish(Lab(tmp_path))
    lab.array().add_fault(fault, nth=nth)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        sent = nth == 4 or (nth == 3 and fault == "password-expired")
        assert result.outcome is (UNKNOWN if sent else FAILED)
        await ticks(world, 2)
        (result,) = await asked(world, "db", force=True)
        assert (result.outcome, result.exit_code) == (FAILED, 1)
        assert "logins as opensvc are stopped" in result.reason
    assert len(lab.array().logins()) == nth
    assert lab.acted() == (["resyncflash"] if nth == 4 else [])
    assert lab.told.kinds().count(Event.LOGINS_STOPPED) == 1


async def read(world: World) -> ArrayRecord:
    """Read the array as a person has it read, and tell what is remembered of that."""
    await look_at(world, SERIAL)
    return (await world.store.arrays())[SERIAL]


async def test_what_is_not_tried_puts_the_next_look_off_no_further(tmp_path: Path) -> None:
    """Who only looks, however often, keeps nobody from finding a new password file in time."""
    lab = furnish(Lab(tmp_path))
    lab.array().add_fault("login-refused")
    async with lab.open() as world:
        refused = await read(world)
        assert refused.retry_at
        assert refused.failed_at
        assert refused.retry_at - refused.failed_at == world.pace.check_interval
        for _ in range(5):
            lab.clock.ahead += timedelta(seconds=10)
            again = await read(world)
            assert "logins as opensvc are stopped" in (again.failure or "")
            assert (again.failures, again.retry_at) == (1, refused.retry_at)
        lab.clock.ahead += timedelta(seconds=10)
        now = lab.clock.now()
        later = await read(world)
        assert later.failures == 1
        assert later.retry_at
        assert later.retry_at - now >= world.pace.check_interval
    assert len(lab.array().logins()) == 1


async def test_failures_before_do_not_put_off_the_look_for_a_new_password_file(
    tmp_path: Path,
) -> None:
    lab = furnish(Lab(tmp_path))
    lab.array().add_fault("unreachable", times=4)
    async with lab.open() as world:
        for _ in range(4):
            unreachable = await read(world)
        assert unreachable.failed_at
        assert unreachable.retry_at == unreachable.failed_at + timedelta(minutes=8)
        lab.array().add_fault("login-refused")
        refused = await read(world)
        assert refused.failures == 5
        assert refused.failed_at
        assert refused.retry_at == refused.failed_at + world.pace.check_interval


async def test_a_password_file_that_is_missing_is_looked_for_each_check_interval(
    tmp_path: Path,
) -> None:
    lab = furnish(Lab(tmp_path))
    (tmp_path / f"{SERIAL}.pwfile").unlink()
    async with lab.open() as world:
        for _ in range(3):
            missing = await read(world)
            assert missing.failed_at
            assert missing.retry_at == missing.failed_at + world.pace.check_interval
            lab.clock.ahead += world.pace.check_interval + timedelta(seconds=1)
    assert not lab.array().logins()


async def test_the_daemon_finds_a_new_password_file_within_a_check_interval(
    tmp_path: Path,
) -> None:
    lab = furnish(Lab(tmp_path))
    lab.array().add_fault("login-refused")
    async with lab.open() as world:
        cycle = Cycle(world, Request(patience=world.pace.command_timeout.total_seconds()))
        await cycle.tick()
        await cycle.idle()
        for _ in range(3):
            await passing(lab, cycle, world.pace.check_interval)
        assert len(lab.array().logins()) == 1
        os.utime(tmp_path / f"{SERIAL}.pwfile")
        await passing(lab, cycle, world.pace.check_interval)
        assert await outcomes(world, "db") == ["done"]
    assert lab.acted() == ["resyncflash"]
    assert lab.told.kinds().count(Event.LOGINS_STOPPED) == 1


async def passing(lab: Lab, cycle: Cycle, time: timedelta) -> None:
    """Let time pass without a jump, and tick."""
    lab.clock.ahead += time
    lab.clock.older += time.total_seconds()
    await cycle.tick()
    await cycle.idle()


async def test_the_second_console_is_asked_where_the_first_does_not_answer(tmp_path: Path) -> None:
    lab = Lab(tmp_path, second_console="10.10.10.11")
    furnish(lab)
    lab.array().add_fault("unreachable", console(SERIAL), times=-1)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
        lab.array().add_fault("unreachable", "10.10.10.11", times=-1)
        (result,) = await asked(world, "db", force=True)
        assert result.outcome is FAILED
        assert "no connection to the management console" in result.reason
    assert lab.acted() == ["resyncflash"]


PWFILES = {
    "not its format": b"\xff\xfe no password file\n",
    "nothing in it": b"",
}


@pytest.mark.parametrize("data", PWFILES.values(), ids=PWFILES.keys())
async def test_a_password_file_that_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    lab = furnish(Lab(tmp_path))
    (tmp_path / f"{SERIAL}.pwfile").write_bytes(data)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (FAILED, 1)
        assert "login refused: CMUC00191E" in result.reason
    assert not lab.array().journal()
