"""What happens to flashd on an array, told apart from how the array's switches stand.

Each scenario makes a lab, and asks once or several times for a resync of all its services; an hour
passes between one time and the next.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flashd.core.instants import SAME_SECOND
from flashd.model.run import Outcome
from tests.integration.engine.house import (
    DAY,
    HOUR,
    SERIAL,
    HandClock,
    Lab,
    console,
    down,
    resource,
    up,
)
from tests.switches.killed import PAIRS, RECORDING
from tests.switches.killed import TWO_STEPS as NOT_RECORDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.model.verdict import Finding

ROOT = Path(__file__).parents[2]
SECOND_CONSOLE = "10.10.10.11"
DONE, REFUSED, FAILED, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN
RESYNC, WITHDRAW, ESTABLISH = "resyncflash", "rmflash", "mkflash"
TWO_STEPS = (WITHDRAW, ESTABLISH)
SUMMER_ENDS = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
"""In Europe: 03:00 is 02:00 again."""


class LeapingClock(HandClock):
    """Clocks that are put forward for a pair to bear another date; limits of time are real."""

    def __init__(self, leap: Callable[[timedelta], None]) -> None:
        super().__init__()
        self._leap = leap

    async def sleep(self, seconds: float) -> None:
        if timedelta(seconds=seconds) > SAME_SECOND:
            await super().sleep(seconds)
        else:
            self._leap(timedelta(seconds=seconds))
            await asyncio.sleep(0)


@dataclass
class Site(Lab):
    """A lab in which time passes at once; the array's clock is `skew` ahead of the host's."""

    skew: timedelta = timedelta(0)
    clock: HandClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = LeapingClock(self.let_pass)

    def let_pass(self, time: timedelta) -> None:
        """Let time pass, by all clocks."""
        self.clock.older += time.total_seconds()
        self.set_clocks(self.clock.ahead + time)

    def set_clocks(self, ahead: timedelta) -> None:
        """Set the clocks of the host and of the array."""
        self.clock.ahead = ahead
        self.array().set_clock(offset=(ahead + self.skew).total_seconds())


@dataclass(frozen=True)
class Ends:
    """How each time of asking ends, and which verbs the array carries out, of some pair at least.

    `said` is in the first reason that is not that of a success.
    """

    outcomes: tuple[Outcome, ...]
    acted: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True)
class Scenario:
    """What is prepared, what is done before the second time of asking, and how it ends.

    `first` comes once the switches are moved. `check` is whatever else has to be so of this one.
    `daemon`: nobody asks, the daemon looks twice, and `ends` are those of all runs.
    """

    prepare: Callable[[Site], object]
    ends: Ends
    first: Callable[[Site], object] = lambda _: None
    meanwhile: Callable[[Site], object] = lambda _: None
    check: Callable[[Site], bool] = lambda _: True
    daemon: bool = False


def nightly(lab: Site, *looks: Finding | Callable[[], object], age: timedelta = DAY) -> None:
    """Make a service of three recording pairs."""
    lab.clones(*PAIRS, age=age)
    lab.define("db", resource(*PAIRS), looks=looks)


def two_steps(lab: Site, *looks: Finding | Callable[[], object]) -> None:
    """Make a service of three pairs that do not record."""
    lab.clones(*PAIRS, record=False)
    lab.define("db", resource(*PAIRS, recording=False), looks=looks)


def spoilt(lab: Site, *pairs: str) -> Callable[[], Finding]:
    """Make a look during which pairs become such that the array will not resync them."""

    def look() -> Finding:
        for pair in pairs:
            lab.array().set_relation(pair, state="Invalid")
        return down()

    return look


def mended(lab: Site) -> None:
    """Make all pairs good again."""
    for pair in PAIRS:
        lab.array().set_relation(pair, state="Valid")


def one_refused(lab: Site) -> None:
    nightly(lab, down(), spoilt(lab, PAIRS[1]), down())


def all_refused(lab: Site) -> None:
    nightly(lab, down(), spoilt(lab, *PAIRS), down())


def copy_begins(lab: Site) -> None:
    """Somebody else has the array copy a pair after flashd has looked."""

    def look() -> Finding:
        lab.array().set_relation(PAIRS[0], uncopied=9, held=True)
        return down()

    nightly(lab, down(), look)


def copying(lab: Site) -> None:
    nightly(lab)
    lab.array().set_relation(PAIRS[0], uncopied=9, held=True)


def interrupted(lab: Site) -> None:
    two_steps(lab, down(), down(), up(), down())


def client_dies_after_withdraw(lab: Site) -> None:
    two_steps(lab)
    lab.array().add_fault("die-after", WITHDRAW)


def target_shrinks(lab: Site) -> None:
    """A target is made anew, too small, between the withdraw and the establish."""

    def look() -> Finding:
        lab.array().set_volume("0102", blocks=1024)
        return down()

    two_steps(lab, down(), down(), look, down())


def target_grows(lab: Site) -> None:
    lab.array().set_volume("0102", blocks=lab.array().volume("0101").blocks)


def space_efficient(lab: Site, *standard: str, recording: bool) -> None:
    """Make a service whose targets, but for those that are `standard`, take space as written."""
    array = lab.array()
    for pair in PAIRS:
        array.add_volumes(pair[:4])
        array.add_volumes(pair[5:], space_efficient=pair[5:] not in standard)
    array.establish(*PAIRS, synced_at=array.now() - DAY.total_seconds(), record=recording)
    for pair in PAIRS:
        array.write(pair[:4])
    lab.define("db", resource(*PAIRS, recording=recording))


def permits_space_efficient(lab: Site) -> bool:
    return "-tgtse" in lab.changes()[-1].command.split()


def without_background_copy(lab: Site) -> None:
    nightly(lab)
    for pair in PAIRS:
        lab.array().set_relation(pair, background_copy=False)
    lab.define("db", resource(*PAIRS, bgcopy=False))


def pool_runs_full(lab: Site) -> None:
    """The pool of a target has no space left for what changed since the last resync."""
    space_efficient(lab, recording=True)
    lab.array().set_volume("0102", pool="P9", allocated=100)
    lab.array().put_pool("P9", capacity=100)


def reserved(lab: Site) -> None:
    """A host that died has left a SCSI reservation on a target."""
    nightly(lab)
    lab.array().reserve("host", "0102")


def mirrored(lab: Site) -> None:
    """A target is mirrored to another array."""
    nightly(lab)
    lab.array().mirror("0102", "0102")


def missing(lab: Site) -> None:
    nightly(lab)
    lab.array().drop_relation(PAIRS[2])


def reversed_pair(lab: Site) -> None:
    nightly(lab)
    lab.array().reverse_relation(PAIRS[0])


def no_relation_at_all(lab: Site) -> None:
    nightly(lab)
    for pair in PAIRS:
        lab.array().drop_relation(pair)


def login_refused(lab: Site) -> None:
    nightly(lab)
    lab.array().add_fault("login-refused", "*", times=-1)


def wrong_password(lab: Site) -> None:
    nightly(lab)
    lab.array().add_user("opensvc", "another")


def right_password(lab: Site) -> None:
    """Somebody makes the password file anew."""
    lab.array().write_pwfile(lab.root / f"{SERIAL}.pwfile", password="another")


def one_login(lab: Site) -> bool:
    return len(lab.array().logins()) == 1


def expired_password(lab: Site) -> None:
    """An administrator has set the password: it has to be changed before anything else."""
    nightly(lab)
    lab.array().set_user("opensvc", must_change=True)


def monitor(lab: Site) -> None:
    nightly(lab)
    lab.array().add_user("opensvc", "opensvc", role="monitor")


def consoles_gone(lab: Site, *consoles: str) -> None:
    lab.second_console = SECOND_CONSOLE
    nightly(lab)
    for one in consoles:
        lab.array().add_fault("unreachable", one, times=-1)


def by_the_second_console(lab: Site) -> bool:
    return {one.hmc for one in lab.array().journal()} == {SECOND_CONSOLE}


def fault(name: str, verb: str = RESYNC, **options: object) -> Callable[[Site], None]:
    """Have a fault strike a nightly resync."""

    def prepare(lab: Site) -> None:
        nightly(lab)
        lab.array().add_fault(name, verb, **options)  # type: ignore[arg-type]

    return prepare


def unread_afterwards(lab: Site) -> None:
    """The answer is lost, and then the array cannot be read."""
    nightly(lab)
    lab.array().add_fault("lost-answer", RESYNC)
    lab.array().add_fault("unreachable", "*", nth=3)


def killed(kind: str) -> Callable[[Site], None]:
    """Have another flashd die when the array has done its first command."""

    def die(lab: Site) -> None:
        command = [sys.executable, "-m", "tests.switches.killed", str(lab.root), kind]
        assert subprocess.call(command, cwd=ROOT) == -signal.SIGKILL

    return die


def summer_ends(lab: Site) -> None:
    """The copies are of 02:40 in summer time; it is 02:10 in winter time."""
    lab.set_clocks(SUMMER_ENDS + timedelta(minutes=10) - lab.clock.now())
    nightly(lab, age=timedelta(minutes=30))


def summer_ends_in_a_zone(lab: Site) -> None:
    """The same where the administrator says in which zone the array writes, rightly or not."""
    lab.zones[SERIAL] = ZoneInfo("Europe/Paris")
    summer_ends(lab)


def clock_differs(by: timedelta) -> Callable[[Site], None]:
    """Have the array's clock go before or after the host's."""

    def prepare(lab: Site) -> None:
        lab.skew = by
        lab.set_clocks(timedelta(0))
        nightly(lab)

    return prepare


def too_soon(lab: Site) -> None:
    """sync_min_delay is a day; the clones are of an hour ago, whatever zone that is told in."""
    lab.clones(*PAIRS, age=HOUR)
    lab.define("db", resource(*PAIRS), min_delay=DAY, max_delay=2 * DAY)


def several_services(lab: Site) -> None:
    nightly(lab)
    lab.clones("0005:0006", "0007:0008")
    lab.define("web", resource("0005:0006"), looks=[up()])
    lab.define("mail", resource("0007:0008"))


SCENARIOS = {
    "several pairs": Scenario(nightly, Ends((DONE,), (RESYNC,))),
    "again and again": Scenario(nightly, Ends((DONE, DONE, DONE), (RESYNC,) * 3)),
    "by the daemon": Scenario(nightly, Ends((DONE,), (RESYNC,)), daemon=True),
    "several services": Scenario(
        several_services, Ends((DONE, DONE, REFUSED), (RESYNC, RESYNC), "it runs")
    ),
    "in use": Scenario(lambda lab: nightly(lab, up()), Ends((REFUSED,), said="it runs")),
    "one refused": Scenario(
        one_refused,
        Ends(
            (FAILED, DONE), (RESYNC, RESYNC), "not 0101:0102; 0101:0102 is in state Invalid: CMUN"
        ),
        meanwhile=mended,
    ),
    "all refused": Scenario(
        all_refused,
        Ends((FAILED, DONE), (RESYNC,), "0003:0004 is in state Invalid: CMUN"),
        meanwhile=mended,
    ),
    "copying": Scenario(copying, Ends((REFUSED,), said="is still being copied")),
    "copy begins after the look": Scenario(
        copy_begins, Ends((FAILED,), (RESYNC,), "not 0001:0002: CMUN")
    ),
    "without background copy": Scenario(
        without_background_copy, Ends((DONE, DONE), (RESYNC, RESYNC))
    ),
    "two steps": Scenario(two_steps, Ends((DONE,), TWO_STEPS)),
    "up between the two steps": Scenario(
        interrupted, Ends((REFUSED, DONE), TWO_STEPS, "withdrawn, to be established")
    ),
    "client dies after the withdraw": Scenario(
        client_dies_after_withdraw, Ends((FAILED, DONE), TWO_STEPS, "withdrawn, to be established")
    ),
    "establish refused": Scenario(
        target_shrinks,
        Ends((FAILED, DONE), TWO_STEPS * 2, "partly done: 2 of 3 pairs, not 0101:0102: CMUN"),
        meanwhile=target_grows,
    ),
    "space efficient": Scenario(
        lambda lab: space_efficient(lab, recording=True),
        Ends((DONE,), (RESYNC,)),
        check=permits_space_efficient,
    ),
    "space efficient in two steps": Scenario(
        lambda lab: space_efficient(lab, recording=False),
        Ends((DONE,), TWO_STEPS),
        check=permits_space_efficient,
    ),
    "mixed": Scenario(
        lambda lab: space_efficient(lab, "0002", "0004", recording=True),
        Ends((DONE,), (RESYNC,)),
        check=permits_space_efficient,
    ),
    "mixed in two steps": Scenario(
        lambda lab: space_efficient(lab, "0002", "0004", recording=False),
        Ends((DONE,), TWO_STEPS),
        check=permits_space_efficient,
    ),
    "the pool runs full": Scenario(
        pool_runs_full, Ends((UNKNOWN, REFUSED), (RESYNC,), "0101:0102 is in state Tgt Failed")
    ),
    "a target is reserved": Scenario(
        reserved, Ends((FAILED,), (RESYNC,), "partly done: 2 of 3 pairs, not 0101:0102: CMUN")
    ),
    "a target is mirrored": Scenario(
        mirrored, Ends((FAILED,), (RESYNC,), "partly done: 2 of 3 pairs, not 0101:0102: CMUN")
    ),
    "a pair missing": Scenario(missing, Ends((REFUSED,), said=f"{PAIRS[2]} is not on the array")),
    "a pair reversed": Scenario(reversed_pair, Ends((REFUSED,), said="is reversed on the array")),
    "no relation at all": Scenario(
        no_relation_at_all, Ends((REFUSED,), said=f"{PAIRS[0]} is not on the array")
    ),
    "login refused": Scenario(
        login_refused, Ends((FAILED, FAILED), said="login refused"), check=one_login
    ),
    "wrong password": Scenario(
        wrong_password,
        Ends((FAILED, DONE), (RESYNC,), "wrong password"),
        meanwhile=right_password,
    ),
    "the password has expired": Scenario(
        expired_password, Ends((FAILED, FAILED), said="login refused"), check=one_login
    ),
    "a user who may only look": Scenario(
        monitor, Ends((FAILED,), said="Unsupported task"), check=lambda lab: len(lab.changes()) == 1
    ),
    "the first console is gone": Scenario(
        lambda lab: consoles_gone(lab, console(SERIAL)),
        Ends((DONE,), (RESYNC,)),
        check=by_the_second_console,
    ),
    "no console answers": Scenario(
        lambda lab: consoles_gone(lab, console(SERIAL), SECOND_CONSOLE),
        Ends((FAILED,), said="no connection to the management console"),
        check=lambda lab: not lab.array().journal(),
    ),
    "killed after acting": Scenario(fault("die-after"), Ends((DONE,), (RESYNC,))),
    "killed before acting": Scenario(
        fault("die-before"), Ends((UNKNOWN, DONE), (RESYNC,), "shows no pair done")
    ),
    "the answer is lost": Scenario(fault("lost-answer"), Ends((DONE,), (RESYNC,))),
    "the answer is lost and the array unread": Scenario(
        unread_afterwards, Ends((UNKNOWN, DONE), (RESYNC, RESYNC), "could not be read")
    ),
    "the answer is a lie": Scenario(
        fault("lie"), Ends((UNKNOWN, DONE), (RESYNC,), "shows no pair done")
    ),
    "flashd dies when all is done": Scenario(
        nightly, Ends((DONE,), (RESYNC,)), first=killed(RECORDING), daemon=True
    ),
    "flashd dies between the two steps": Scenario(
        two_steps, Ends((FAILED, DONE), TWO_STEPS), first=killed(NOT_RECORDING), daemon=True
    ),
    "summer time ends": Scenario(summer_ends, Ends((DONE,), (RESYNC,))),
    "summer time ends in a zone": Scenario(summer_ends_in_a_zone, Ends((DONE,), (RESYNC,))),
    "the array's clock is ahead": Scenario(clock_differs(HOUR), Ends((DONE,), (RESYNC,))),
    "the array's clock is behind": Scenario(clock_differs(-HOUR), Ends((DONE,), (RESYNC,))),
    "too soon": Scenario(too_soon, Ends((REFUSED,), said="sync_min_delay")),
}
