"""What happens to flashd on an array, told apart from how the array's switches stand.

Each scenario makes a lab, and asks once or several times for a resync of all its services; an hour
passes between one time and the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.run import Outcome
from tests.integration.engine.house import HOUR, SERIAL, console, up
from tests.switches.killed import PAIRS, RECORDING
from tests.switches.killed import TWO_STEPS as NOT_RECORDING
from tests.switches.preparing import (
    ESTABLISH,
    RESYNC,
    SECOND_CONSOLE,
    WITHDRAW,
    all_refused,
    by_the_second_console,
    client_dies_after_withdraw,
    clock_differs,
    consoles_gone,
    copy_begins,
    copying,
    expired_password,
    fault,
    interrupted,
    killed,
    login_refused,
    mended,
    mirrored,
    missing,
    monitor,
    nightly,
    no_relation_at_all,
    one_login,
    one_refused,
    permits_space_efficient,
    pool_runs_full,
    reserved,
    reversed_pair,
    right_password,
    several_services,
    space_efficient,
    summer_ends,
    summer_ends_in_a_zone,
    target_grows,
    target_shrinks,
    too_soon,
    two_steps,
    unread_afterwards,
    without_background_copy,
    wrong_password,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.switches.site import Site

DONE, REFUSED, FAILED, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN
TWO_STEPS = (WITHDRAW, ESTABLISH)


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
