"""Where a switch rightly changes how a scenario ends; everywhere else it ends as by default.

Each row is thought out from what the switch means, not read off a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.sim.switches import SWITCHES
from tests.switches.preparing import RESYNC
from tests.switches.scenarios import (
    DONE,
    FAILED,
    REFUSED,
    SCENARIOS,
    TWO_STEPS,
    UNKNOWN,
    Ends,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

COPIES_NEVER_END = {"copy_rate": ("0",), "tracks_per_write": ("16", "1000")}
"""Nothing is copied, and there is something to copy."""

REFUSES_STANDARD = {"tgtse_on_standard": ("refuse",)}
ONE_OF_THREE = "partly done: 1 of 3 pairs, not 0001:0002, 0003:0004: CMUN"


@dataclass(frozen=True)
class Deviation:
    """A scenario that ends otherwise where all these switches stand so, and why."""

    scenario: str
    where: Mapping[str, tuple[str, ...]]
    ends: Ends
    why: str

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether the switches of a row stand so."""
        return all(
            row.get(name, SWITCHES[name].default) in ones for name, ones in self.where.items()
        )


DEVIATIONS = (
    Deviation(
        "copy begins after the look",
        {"resync_while_copying": ("accept",)},
        Ends((DONE,), (RESYNC,)),
        "the array adds what changed to what is left to copy",
    ),
    Deviation(
        "wrong password",
        {"failed_logins_allowed": ("1",)},
        Ends((FAILED, FAILED), said="wrong password"),
        "the one wrong password has locked the account",
    ),
    Deviation(
        "again and again",
        COPIES_NEVER_END,
        Ends((DONE, REFUSED, REFUSED), (RESYNC,), "is still being copied"),
        "flashd waits for a copy to end",
    ),
    Deviation(
        "one refused",
        COPIES_NEVER_END,
        Ends((FAILED, REFUSED), (RESYNC,), "partly done: 2 of 3 pairs"),
        "flashd waits for the copies of the two pairs to end",
    ),
    Deviation(
        "establish refused",
        {"copy_rate": ("0",)},
        Ends((FAILED, REFUSED), TWO_STEPS, "partly done: 2 of 3 pairs"),
        "flashd waits for the two full copies to end",
    ),
    Deviation(
        "mixed",
        {**REFUSES_STANDARD, **COPIES_NEVER_END},
        Ends((FAILED, REFUSED), (RESYNC,), ONE_OF_THREE),
        "flashd waits for the copy of the one pair to end",
    ),
    Deviation(
        "mixed",
        REFUSES_STANDARD,
        Ends((FAILED, FAILED), (RESYNC, RESYNC), ONE_OF_THREE),
        "the array takes -tgtse for the one pair and refuses the others, every time",
    ),
    Deviation(
        "mixed in two steps",
        {**REFUSES_STANDARD, "copy_rate": ("0",)},
        Ends((FAILED, REFUSED), TWO_STEPS, ONE_OF_THREE),
        "flashd waits for the full copy of the one pair to end",
    ),
    Deviation(
        "mixed in two steps",
        REFUSES_STANDARD,
        Ends((FAILED, FAILED), TWO_STEPS * 2, ONE_OF_THREE),
        "the array takes -tgtse for the one pair and refuses the others, every time",
    ),
    Deviation(
        "the pool runs full",
        {"tracks_per_write": ("0",)},
        Ends((DONE, DONE), (RESYNC, RESYNC)),
        "nothing changed, so nothing needs space",
    ),
    Deviation(
        "the pool runs full",
        {"copy_rate": ("0",)},
        Ends((DONE, REFUSED), (RESYNC,), "is still being copied"),
        "nothing is copied yet that needs space",
    ),
    Deviation(
        "the pool runs full",
        {"ese_pool_full": ("withdraw",)},
        Ends((UNKNOWN, REFUSED), (RESYNC,), "not 0101:0102"),
        "the array withdraws the pair",
    ),
    Deviation(
        "the pool runs full",
        {"ese_pool_full": ("refuse-writes",), "copy_rate": ("100",)},
        Ends((DONE, REFUSED), (RESYNC,), "is still being copied"),
        "the copy waits for space, and the target is read from its source so long",
    ),
    Deviation(
        "the pool runs full",
        {"ese_pool_full": ("refuse-writes",)},
        Ends((DONE, DONE), (RESYNC, RESYNC)),
        "the same, and a copy without a rate shows no tracks that wait",
    ),
    Deviation(
        "a target is reserved",
        {"reserved_target": ("accept",)},
        Ends((DONE,), (RESYNC,)),
        "the array does not mind the reservation",
    ),
    Deviation(
        "a target is mirrored",
        {"mirrored_target": ("accept",)},
        Ends((DONE,), (RESYNC,)),
        "the array does not mind the mirror",
    ),
    Deviation(
        "a user who may only look",
        {"copy_services_roles": ("op_copy_services,monitor",)},
        Ends((DONE,), (RESYNC,)),
        "a monitor may change relations as well",
    ),
    Deviation(
        "the answer is lost and the array unread",
        COPIES_NEVER_END,
        Ends((UNKNOWN, REFUSED), (RESYNC,), "could not be read"),
        "flashd waits for the copies of the first time to end",
    ),
)


def expected(scenario: str, row: Mapping[str, str]) -> Ends:
    """Tell how a scenario ends with the switches of a row."""
    for one in DEVIATIONS:
        if one.scenario == scenario and one.holds(row):
            return one.ends
    return SCENARIOS[scenario].ends
