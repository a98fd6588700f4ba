"""Events as Elastic Common Schema 9.4 documents: nested, UTC, one JSON object a line."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flashd import __version__
from flashd.model.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

ECS_VERSION = "9.4.0"
DATASET = "flashd.audit"

SEVERITY = {"debug": 7, "info": 6, "warning": 4, "error": 3}  # as in syslog, RFC 5424


def document(
    kind: Mapping[str, str], message: str, facts: Mapping[str, object], now: datetime
) -> dict[str, object]:
    """Build the document of one event; `facts` have dotted names and win over the fixed part."""
    nested: dict[str, object] = {}
    flat = {
        "@timestamp": stamp(now),
        "log.level": kind["level"],
        "message": without_secrets(message),
        "ecs.version": ECS_VERSION,
        "service.name": "flashd",
        "service.version": __version__,
        "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
        "event.dataset": DATASET,
        "event.kind": "event",
        "event.category": ["host"],
        "event.type": [kind["type"]],
        "event.action": kind["action"],
        "event.code": kind["code"],
        "event.outcome": kind["outcome"],
        "event.severity": SEVERITY[kind["level"]],
        **facts,
    }
    for name, value in flat.items():
        if value is not None:
            _put(nested, name, _plain(value))
    return nested


def line(of: Mapping[str, object]) -> str:
    """Write a document on one line."""
    return json.dumps(of, ensure_ascii=False, separators=(",", ":"))


def stamp(instant: datetime) -> str:
    """Write an instant in UTC with milliseconds."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _put(nested: MutableMapping[str, object], name: str, value: object) -> None:
    """Nest a dotted name; where a name is a value and a branch, the value moves to `.value`."""
    *branches, leaf = name.split(".")
    place = nested
    for branch in branches:
        below = place.get(branch)
        if not isinstance(below, dict):
            below = {} if below is None else {"value": below}
            place[branch] = below
        place = below
    if isinstance(place.get(leaf), dict) and not isinstance(value, dict):
        place, leaf = place[leaf], "value"  # type: ignore[assignment]
    place[leaf] = value


def _plain(value: object) -> object:
    """Reduce a value to what JSON has; nothing raises in a log call."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return without_secrets(value.encode("utf-8", "replace").decode())
        case datetime():
            return stamp(value)
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(one) for one in value]
        case _:
            return without_secrets(str(value))
