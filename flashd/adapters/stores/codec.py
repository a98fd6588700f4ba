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

_PAIRS_AT_HAND = 1 << 16

pair_of = lru_cache(maxsize=_PAIRS_AT_HAND)(Pair.parse)
"""Read a pair; every listing names the same ones."""


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
        state=plain["state"],
        recording=plain["recording"],
        persistent=plain["persistent"],
        revertible=plain["revertible"],
        source_write_enabled=plain["source_write_enabled"],
        target_write_enabled=plain["target_write_enabled"],
        background_copy=plain["background_copy"],
        out_of_sync_tracks=plain["out_of_sync_tracks"],
        created=_time_of(plain["created"]),
        synced=_time_of(plain["synced"]),
        space_efficient_target=plain["space_efficient_target"],
        unread=tuple(plain["unread"]),
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
        resource=plain["resource"],
        array=plain["array"],
        pairs=tuple(map(pair_of, plain["pairs"])),
        bgcopy=plain["bgcopy"],
        space_efficient=plain["space_efficient"],
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
    return Carrier(plain["host"], plain["boot_id"], plain["group"], plain["started"])


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
        exit_status=plain["exit_status"],
        accounts={pair_of(pair): Account(word) for pair, word in plain["accounts"].items()},
        refused=plain["refused"],
        reason=plain["reason"],
        output=plain["output"],
        gone=_moment_of(gone) if (gone := plain.get("gone")) else None,
    )


def clipped(output: str) -> str:
    """Leave out the middle of an output that is too long."""
    if len(output) <= OUTPUT_LIMIT:
        return output
    half = OUTPUT_LIMIT // 2
    left_out = len(output) - 2 * half
    return f"{output[:half]}\n[... {left_out} characters left out ...]\n{output[-half:]}"
