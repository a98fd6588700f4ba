"""Do the verdicts allow a changing command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.model.service import GuardSpec
    from flashd.model.verdict import Reading

FRESH_SECONDS = 30.0
"""A reading older than this when the command is written is no reading (invariant 1)."""


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
