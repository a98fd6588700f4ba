"""Relations, steps and answers as plain values and back, each by name."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flashd.model.run import Account, Answer, Carrier, Marks, Moment, Step, StepKind
from flashd.model.volumes import ArrayTime, Pair, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

Plain = dict[str, Any]

OUTPUT_LIMIT = 64 * 1024
"""How many characters of an answer's output are kept: both ends, which say most."""

_NONE = type(None)
_FLAG = (bool, _NONE)
_PAIRS_AT_HAND = 1 << 16

pair_of = lru_cache(maxsize=_PAIRS_AT_HAND)(Pair.parse)
"""Read a pair; every listing names the same ones."""


def _told(plain: Plain, key: str, *kinds: type) -> Any:  # noqa: ANN401 - of one of these kinds
    """Take a value that is of one of `kinds`, by itself: `"no"` is true, and 1 is no exit code 1.0.

    A backup may come from anybody's hands. Raises `TypeError`.
    """
    value = plain[key]
    if type(value) not in kinds:
        raise TypeError(f"{key} is {type(value).__name__}")
    return value


def plain_relation(relation: Relation) -> Plain:
    """Put a relation in plain values; its pair is the row's."""
    return {
        "state": relation.state,
        "recording": relation.recording,
        "persistent": relation.persistent,
        "revertible": relation.revertible,
        "source_write_enabled": relation.source_write_enabled,
        "target_write_enabled": relation.target_write_enabled,
        "background_copy": relation.background_copy,
        "out_of_sync_tracks": relation.out_of_sync_tracks,
        "created": _plain_time(relation.created),
        "synced": _plain_time(relation.synced),
        "space_efficient_target": relation.space_efficient_target,
        "unread": relation.unread,
    }


def relation_of(pair: Pair, plain: Plain) -> Relation:
    """Read a relation."""
    return Relation(
        pair=pair,
        state=_told(plain, "state", str),
        recording=_told(plain, "recording", *_FLAG),
        persistent=_told(plain, "persistent", *_FLAG),
        revertible=_told(plain, "revertible", *_FLAG),
        source_write_enabled=_told(plain, "source_write_enabled", *_FLAG),
        target_write_enabled=_told(plain, "target_write_enabled", *_FLAG),
        background_copy=_told(plain, "background_copy", *_FLAG),
        out_of_sync_tracks=_told(plain, "out_of_sync_tracks", int, _NONE),
        created=_time_of(plain["created"]),
        synced=_time_of(plain["synced"]),
        space_efficient_target=_told(plain, "space_efficient_target", *_FLAG),
        unread=tuple(map(str, _told(plain, "unread", list, tuple))),
    )


def _plain_time(time: ArrayTime | None) -> list[str] | None:
    return None if time is None else [time.text, time.local.isoformat(), time.label]


def _time_of(plain: list[str] | None) -> ArrayTime | None:
    if plain is None:
        return None
    text, local, label = plain
    return ArrayTime(text, datetime.fromisoformat(local), label)


def plain_step(step: Step) -> Plain:
    """Put a step in plain values."""
    return {
        "kind": step.kind,
        "resource": step.resource,
        "array": step.array,
        "pairs": [str(pair) for pair in step.pairs],
        "bgcopy": step.bgcopy,
        "space_efficient": step.space_efficient,
    }


def step_of(plain: Plain) -> Step:
    """Read a step."""
    return Step(
        kind=StepKind(plain["kind"]),
        resource=_told(plain, "resource", str),
        array=_told(plain, "array", str),
        pairs=tuple(map(pair_of, _told(plain, "pairs", list))),
        bgcopy=_told(plain, "bgcopy", bool),
        space_efficient=_told(plain, "space_efficient", bool),
    )


def plain_carrier(carrier: Carrier) -> Plain:
    """Put a carrier in plain values."""
    return {
        "host": carrier.host,
        "boot_id": carrier.boot_id,
        "group": carrier.group,
        "started": carrier.started,
    }


def carrier_of(plain: Plain) -> Carrier:
    """Read a carrier."""
    return Carrier(
        _told(plain, "host", str),
        _told(plain, "boot_id", str),
        _told(plain, "group", int),
        _told(plain, "started", int),
    )


def plain_marks(marks: Mapping[Pair, Marks]) -> Plain:
    """Put the dates before a step in plain values."""
    return {str(pair): [mark.synced, mark.created] for pair, mark in marks.items()}


def marks_of(plain: Plain) -> dict[Pair, Marks]:
    """Read the dates before a step."""
    return {pair_of(pair): Marks(synced, created) for pair, (synced, created) in plain.items()}


def plain_answer(answer: Answer) -> Plain:
    """Put an answer in plain values."""
    return {
        "exit_status": answer.exit_status,
        "accounts": {str(pair): account for pair, account in answer.accounts.items()},
        "refused": answer.refused,
        "reason": answer.reason,
        "output": clipped(answer.output),
        "gone": None if answer.gone is None else _plain_moment(answer.gone),
    }


def _plain_moment(moment: Moment) -> Plain:
    return {"at": moment.at.isoformat(), "boot_id": moment.boot_id, "steady": moment.steady}


def _moment_of(plain: Plain) -> Moment:
    at = datetime.fromisoformat(plain["at"]).astimezone(UTC)
    return Moment(at, str(plain["boot_id"]), float(plain["steady"]))


def answer_of(plain: Plain) -> Answer:
    """Read an answer."""
    return Answer(
        exit_status=_told(plain, "exit_status", int, _NONE),
        accounts={pair_of(pair): Account(word) for pair, word in plain["accounts"].items()},
        refused=_told(plain, "refused", bool),
        reason=_told(plain, "reason", str),
        output=_told(plain, "output", str),
        gone=_moment_of(gone) if (gone := plain.get("gone")) else None,
    )


def clipped(output: str) -> str:
    """Leave out the middle of an output that is too long."""
    if len(output) <= OUTPUT_LIMIT:
        return output
    half = OUTPUT_LIMIT // 2
    left_out = len(output) - 2 * half
    return f"{output[:half]}\n[... {left_out} characters left out ...]\n{output[-half:]}"
