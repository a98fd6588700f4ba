"""Where each switch of the simulated array is put in tests, and which of it a test run tries.

An enumeration is tried as it is. A number, a zone or a text has its row in `CHOSEN`; a switch that
has neither fails a test.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from flashd.sim.switches import KINDS, SWITCHES
from flashd.sim.terminalswitches import NAMES as OF_A_TERMINAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.sim.array import Array
    from tests.switches.pairwise import Row

CHOSEN: Mapping[str, tuple[str, ...]] = {
    "login_seconds": ("0.05",),
    "command_seconds": ("0.05",),
    "connect_seconds": ("0.05",),
    "copy_rate": ("0", "100"),
    "tracks_per_write": ("0", "1000"),
    "date_zone": ("Europe/Paris", "America/Sao_Paulo", "Asia/Shanghai"),
    "extra_columns": ("NewOne,NewTwo",),
    "failed_logins_allowed": ("1", "0"),
    "copy_services_roles": ("op_copy_services", "op_copy_services,monitor"),
    "password_expiration_days": ("0", "1"),
    "password_age_days": ("0",),
    "password_length": ("0",),
    "password_history": ("0",),
    "session_limit": ("1",),
    "idle_seconds": ("60",),
    "long_busy_seconds": ("1",),
}
"""Positions besides the default; each has a reason to be another world to flashd."""

COSTS = frozenset({"login_seconds", "command_seconds", "connect_seconds"})


def positions(name: str) -> tuple[str, ...]:
    """Tell where a switch is tried, its default first."""
    switch = SWITCHES[name]
    plain = tuple(one for one in switch.accepts if one not in KINDS)
    return tuple(dict.fromkeys((switch.default, *plain, *CHOSEN.get(name, ()))))


def all_positions() -> dict[str, tuple[str, ...]]:
    """Tell where every switch is tried that a stream can show."""
    return {name: positions(name) for name in SWITCHES if name not in OF_A_TERMINAL}


def terminal_positions() -> dict[str, tuple[str, ...]]:
    """Tell where every switch is tried that only a terminal can show."""
    return {name: positions(name) for name in SWITCHES if name in OF_A_TERMINAL}


def moved(row: Row) -> Row:
    """Leave out what stands at its default."""
    return {k: v for k, v in row.items() if k in SWITCHES and v != SWITCHES[k].default}


def single_moves() -> list[tuple[str, str]]:
    """Tell every switch that a stream can show with every position but its default."""
    return [(name, one) for name, tried in all_positions().items() for one in tried[1:]]


def put(array: Array, row: Row) -> None:
    """Move an array's switches."""
    for name, value in moved(row).items():
        array.switch(name, value)


def seed() -> int:
    """Tell the seed of this test run, the same in all its processes."""
    if given := os.environ.get("FLASHD_TEST_SEED"):
        return int(given)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    return random.Random(run).randrange(10**6) if run else _OWN  # noqa: S311 - no secret


_OWN = random.SystemRandom().randrange(10**6)


def dice(purpose: str) -> random.Random:
    """Return dice that fall the same way in all processes of a test run."""
    return random.Random(f"{purpose} {seed()}")  # noqa: S311 - only rows and names are drawn
