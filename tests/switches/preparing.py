"""What is prepared for a scenario, and what is done in the middle of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.integration.engine.house import DAY, HOUR, SERIAL, down, resource, up
from tests.switches.killed import PAIRS

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.model.verdict import Finding
    from tests.switches.site import Site

ROOT = Path(__file__).parents[2]
SECOND_CONSOLE = "10.10.10.11"
RESYNC, WITHDRAW, ESTABLISH = "resyncflash", "rmflash", "mkflash"
SUMMER_ENDS = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
"""In Europe: 03:00 is 02:00 again."""


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
