"""Nouns to JSON and back, exactly."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flashd.core.instants import read
from flashd.model.run import Account, Answer, Carrier, Intent, Marks, Step, StepKind
from flashd.model.volumes import ArrayTime, Pair, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUT_LIMIT = 64 * 1024
"""Characters of one answer that the history keeps."""

_FLAGS = (
    "recording",
    "persistent",
    "revertible",
    "source_write_enabled",
    "target_write_enabled",
    "background_copy",
    "out_of_sync_tracks",
    "space_efficient_target",
)


def relation_to_json(relation: Relation) -> dict[str, Any]:
    """Write a relation."""
    return {
        "pair": str(relation.pair),
        "state": relation.state,
        "created": relation.created.text if relation.created else None,
        "synced": relation.synced.text if relation.synced else None,
        "unread": list(relation.unread),
        **{name: getattr(relation, name) for name in _FLAGS},
    }


def relation_from_json(document: Mapping[str, Any]) -> Relation:
    """Read a relation."""
    return Relation(
        pair=Pair.parse(document["pair"]),
        state=document["state"],
        created=_time(document["created"]),
        synced=_time(document["synced"]),
        unread=tuple(document["unread"]),
        **{name: document[name] for name in _FLAGS},
    )


def _time(text: str | None) -> ArrayTime | None:
    return read(text) if text else None


def intent_to_json(intent: Intent) -> dict[str, Any]:
    """Write an intent; run and number stand in columns of their own."""
    step, carrier = intent.step, intent.carrier
    return {
        "kind": str(step.kind),
        "resource": step.resource,
        "array": step.array,
        "pairs": [str(pair) for pair in step.pairs],
        "bgcopy": step.bgcopy,
        "space_efficient": step.space_efficient,
        "command": intent.command,
        "carrier": [carrier.host, carrier.boot_id, carrier.group, carrier.started],
        "before": {str(pair): [m.synced, m.created] for pair, m in intent.before.items()},
        "at": intent.at.isoformat(),
    }


def intent_from_json(run: str, seq: int, document: Mapping[str, Any]) -> Intent:
    """Read an intent."""
    return Intent(
        run=run,
        seq=seq,
        step=Step(
            kind=StepKind(document["kind"]),
            resource=document["resource"],
            array=document["array"],
            pairs=tuple(Pair.parse(pair) for pair in document["pairs"]),
            bgcopy=document["bgcopy"],
            space_efficient=document["space_efficient"],
        ),
        command=document["command"],
        carrier=Carrier(*document["carrier"]),
        before={Pair.parse(pair): Marks(*marks) for pair, marks in document["before"].items()},
        at=datetime.fromisoformat(document["at"]),
    )


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Write an answer, its output clipped."""
    return {
        "exit_status": answer.exit_status,
        "accounts": {str(pair): str(account) for pair, account in answer.accounts.items()},
        "refused": answer.refused,
        "reason": answer.reason,
        "output": answer.output[:OUTPUT_LIMIT],
    }


def answer_from_json(document: Mapping[str, Any] | None) -> Answer | None:
    """Read an answer."""
    if document is None:
        return None
    accounts = {Pair.parse(pair): Account(one) for pair, one in document["accounts"].items()}
    return Answer(
        exit_status=document["exit_status"],
        accounts=accounts,
        refused=document["refused"],
        reason=document["reason"],
        output=document["output"],
    )
