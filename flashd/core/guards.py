"""Do the verdicts allow a changing command."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.model.service import GuardSpec
    from flashd.model.verdict import Reading

FRESH_SECONDS = 30.0
"""A reading older than this when the command is written is no reading (invariant 1)."""

AHEAD_SECONDS = 15.0
"""So old a reading may be when it is wanted that was taken ahead, while the array was at work.
The other half of what invariant 1 allows is for what comes until the command is written."""

LEAD_SECONDS = 1.0
"""So long before it is wanted a look that is taken ahead is to have ended: turns differ."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Every guard spoke, none against it, and at least one said Down."""

    proofs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody is up, or it is not known; `verdict` is UP or UNKNOWN."""

    verdict: Verdict
    reason: str


def combine(guards: Sequence[GuardSpec], readings: Sequence[Reading], now: float) -> Allowed | Held:
    """Allow only if each guard's reading is fresh and says Down, or Clear where it may only veto.

    `now` is in seconds of the monotonic clock of the readings. An Up outranks an Unknown: it is
    the better reason. Absence is Unknown: of guards, of a reading, of a proof.
    """
    if not guards:
        return Held(Verdict.UNKNOWN, "no guard is configured")
    if [spec.name for spec in guards] != [reading.guard for reading in readings]:
        return Held(Verdict.UNKNOWN, "not every guard has spoken")
    objections = [
        held
        for spec, reading in zip(guards, readings, strict=True)
        if (held := _objection(spec, reading, now))
    ]
    for held in sorted(objections, key=lambda one: one.verdict is not Verdict.UP):
        return held
    proofs = tuple(reading.guard for reading in readings if reading.verdict is Verdict.DOWN)
    return Allowed(proofs) if proofs else Held(Verdict.UNKNOWN, "no guard has proved it down")


def restarted(before: Sequence[Reading], after: Sequence[Reading]) -> Held | None:
    """Hold where something was started between two looks, even if it is down again."""
    for first, second in zip(before, after, strict=True):
        if first.finding.incarnation != second.finding.incarnation:
            return Held(Verdict.UP, f"{second.guard}: was started between two looks")
    return None


def overtaken(first: Sequence[Reading], ahead: Sequence[Reading], now: float) -> str | None:
    """Say why readings that were taken ahead cannot stand for a last look; None: they can.

    What speaks against a command stands, however old: it was up after the first look.
    """
    if any(one.verdict not in {Verdict.DOWN, Verdict.CLEAR} for one in ahead):
        return None
    began = min((one.began for one in ahead), default=-math.inf)
    if began < max((one.began + one.took for one in first), default=math.inf):
        return "it began before the first look had ended"
    if not 0 <= now - began <= AHEAD_SECONDS:
        return f"it is {now - began:.0f} s old"
    return None


def begins_in(place: int, pace: float | None, took: float) -> float | None:
    """Tell in how many seconds a look is to begin, so that it has just ended when it is wanted.

    `place` counts the turns before, from the next one on, `pace` is the seconds that each of them
    takes as far as is known, `took` those of the look before. None: beside a later command.
    """
    if pace is None:
        return 0.0 if place == 0 else None
    pause = (place + 1) * pace - took - LEAD_SECONDS
    if place > 0 and pause >= pace:
        return None
    return max(0.0, pause)


def _objection(spec: GuardSpec, reading: Reading, now: float) -> Held | None:
    said = f"{reading.guard}: {reading.finding.reason}"
    if reading.verdict is Verdict.UP:
        return Held(Verdict.UP, said)
    expected = Verdict.DOWN if spec.proves else Verdict.CLEAR
    if reading.verdict is not expected:
        return Held(Verdict.UNKNOWN, said)
    age = now - reading.began
    if not 0 <= age <= FRESH_SECONDS:
        return Held(Verdict.UNKNOWN, f"{reading.guard}: its last reading is {age:.0f} s old")
    return None
