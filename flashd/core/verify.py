"""What really happened: the array's dates before and after a command, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flashd.core.instants import later, meaning, read
from flashd.model.run import Account, Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.model.run import Answer, Doubt, Marks, Moment, RunRecord, Step, StepRecord
    from flashd.model.volumes import Listing, Pair, Relation


class Advance(StrEnum):
    """What the array shows of one pair."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one step."""

    outcome: Outcome
    reason: str
    pairs: Mapping[Pair, Advance]


def judge(
    step: Step,
    before: Mapping[Pair, Marks],
    after: Listing | None,
    answer: Answer | None,
    zone: ZoneInfo | None,
    *,
    settled: bool = False,
) -> Judgement:
    """Say how a sent command ended. Success is what the array shows, never what was answered.

    `settled`: the client that carried the command is gone, `after` was read since, and so late
    that what has not happened will not happen (recovery, see `in_doubt`). Until then a
    command that was neither shown nor refused may still be under way.
    """
    if after is None:
        silent = dict.fromkeys(step.pairs, Advance.UNKNOWN)
        return Judgement(
            Outcome.UNKNOWN, "the array could not be read after the command was sent", silent
        )
    pairs = {
        pair: advance(step.kind, before.get(pair), after.relations.get(pair), zone)
        for pair in step.pairs
    }
    done = [pair for pair, shown in pairs.items() if shown is Advance.DONE]
    if done and len(done) == len(pairs):
        return Judgement(Outcome.DONE, all_done(len(done)), pairs)
    said = f": {answer.reason}" if answer and answer.reason else ""
    reason = f"{_shown(step, done, pairs)}{_states(step, after)}{said}"
    if _certain(pairs, answer) or (settled and Advance.UNKNOWN not in pairs.values()):
        return Judgement(Outcome.FAILED, reason, pairs)
    return Judgement(Outcome.UNKNOWN, reason, pairs)


def all_done(pairs: int, arrays: int = 1) -> str:
    """Say that so many pairs on so many arrays are done, which are all."""
    show = "the array shows" if arrays == 1 else "the arrays show"
    return f"{show} {pairs} of {pairs} pairs done"


def in_doubt(run: RunRecord, doubt: Doubt, now: Moment) -> bool:
    """Whether the array may still carry out what a run sent.

    The end of a client ends nothing on the console that has read its command: a command without
    a plain answer may be carried out once its client is gone. Until then old dates say "not
    yet", and a second command could make two of one intent. Within one boot the wall clock has no
    say: it can be set.
    """
    return any(_may_act(step, doubt, now) for step in run.sent)


def _may_act(step: StepRecord, doubt: Doubt, now: Moment) -> bool:
    gone = step.answer.gone if step.answer else None
    if gone is not None and gone.boot_id == now.boot_id:
        return now.steady - gone.steady < doubt.late.total_seconds()
    return now.at < _carried_out_by(step, doubt)


def in_doubt_until(run: RunRecord, doubt: Doubt) -> datetime | None:
    """Tell until when that is so, as far as it is known; None where nothing was sent."""
    return max((_carried_out_by(step, doubt) for step in run.sent), default=None)


def _carried_out_by(step: StepRecord, doubt: Doubt) -> datetime:
    if step.answer is None or step.answer.gone is None:
        return step.intent.at + doubt.limit + doubt.late
    return step.answer.gone.at + doubt.late


def dated_too_late(
    step: StepRecord, after: Listing | None, doubt: Doubt, zone: ZoneInfo | None
) -> list[Pair]:
    """Tell the pairs whose date is later than the command of a step can have been carried out.

    Somebody else's resync, or an array whose clock is ahead of the host's: dates alone do not
    tell those apart. Of a client whose end nobody saw nothing is said.
    """
    if after is None or step.answer is None or step.answer.gone is None:
        return []
    last = _carried_out_by(step, doubt)
    return [
        pair
        for pair in step.intent.step.pairs
        if (relation := after.relations.get(pair))
        and relation.copied is not None
        and meaning(relation.copied, zone)[0] > last
    ]


def end_unseen(step: StepRecord, now: Moment) -> bool:
    """Whether the end of a client is still to be noted; an end in the future is none."""
    if step.answer is None or (gone := step.answer.gone) is None:
        return True
    return gone.steady > now.steady if gone.boot_id == now.boot_id else gone.at > now.at


def unconfirmed(until: datetime) -> str:
    """Say what is waited for while a command is in doubt."""
    when = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    return f"its command is not confirmed, and the array may carry it out until {when}"


def advance(
    kind: StepKind, before: Marks | None, after: Relation | None, zone: ZoneInfo | None
) -> Advance:
    """Compare what the array showed of one pair before and after a step of that kind.

    A new date in any state but Valid is that of a copy which the array calls bad.
    """
    if kind is StepKind.WITHDRAW:
        return Advance.DONE if after is None else Advance.NOT_DONE
    shown = _dated(kind, before, after, zone)
    bad = after is not None and not after.valid
    return Advance.UNKNOWN if bad and shown is Advance.DONE else shown


def _dated(
    kind: StepKind, before: Marks | None, after: Relation | None, zone: ZoneInfo | None
) -> Advance:
    """Compare the dates of a pair that is to have a new one."""
    if after is None:
        return Advance.NOT_DONE if kind is StepKind.ESTABLISH else Advance.UNKNOWN
    if any(note.startswith("Date") for note in after.unread):
        return Advance.UNKNOWN
    new = after.synced if kind is StepKind.RESYNC else (after.synced or after.created)
    if new is None:
        return Advance.NOT_DONE if kind is StepKind.RESYNC else Advance.UNKNOWN
    old_text = (before.synced or before.created) if before else None
    if old_text is None:  # an establish makes what was not there; a resync needs a date to pass
        return Advance.DONE if kind is StepKind.ESTABLISH else Advance.UNKNOWN
    old = read(old_text)
    moved = later(old, new, zone) if old else None
    return {True: Advance.DONE, False: Advance.NOT_DONE, None: Advance.UNKNOWN}[moved]


def _certain(pairs: Mapping[Pair, Advance], answer: Answer | None) -> bool:
    """Whether the array itself said no to every pair that it does not show done."""
    if answer is None:
        return False
    for pair, shown in pairs.items():
        if shown is Advance.UNKNOWN:
            return False
        no = answer.refused or answer.accounts.get(pair) is Account.REJECTED
        if shown is Advance.NOT_DONE and not no:
            return False
    return True


def _states(step: Step, after: Listing) -> str:
    """Name the states of copies that do not count."""
    seen = [one for pair in step.pairs if (one := after.relations.get(pair))]
    bad = [f"{one.pair} is in state {one.state}" for one in seen if not one.valid]
    return f"; {', '.join(bad)}" if bad else ""


def _shown(step: Step, done: list[Pair], pairs: Mapping[Pair, Advance]) -> str:
    if not done:
        return f"the array shows no pair done by the {step.kind}"
    left = ", ".join(str(pair) for pair in pairs if pair not in done)
    return f"partly done: {len(done)} of {len(pairs)} pairs, not {left}"
