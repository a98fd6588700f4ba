"""What a store or a backup holds: JSON in its columns, and the file itself."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashd.adapters.stores import backups, codec, nouns
from flashd.adapters.stores.backups import verify
from flashd.adapters.stores.dialect import file_engine
from flashd.adapters.stores.migrations import migrate
from flashd.adapters.stores.rules import carried
from flashd.errors import StoreError
from flashd.model.volumes import Pair
from tests.fuzz.target import Shape, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flashd.model.backup import Backup

_PAIR = Pair.parse("0001:0002")


@dataclass(frozen=True)
class _Enrolled:
    """A row of an enrolment."""

    facts: Any
    service: str = "db"
    enrolled_by: str = "somebody"
    enrolled_at: datetime = datetime(2026, 11, 26, tzinfo=UTC)


def _enrolled(facts: object) -> Any:  # noqa: ANN401 - a row may hold anything
    return _Enrolled(facts)


_READERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "relation": (lambda plain: codec.relation_of(_PAIR, plain), codec.plain_relation),
    "step": (codec.step_of, codec.plain_step),
    "carrier": (codec.carrier_of, codec.plain_carrier),
    "marks": (codec.marks_of, codec.plain_marks),
    "answer": (codec.answer_of, codec.plain_answer),
    "facts": (
        lambda plain: nouns.enrolment_of(_enrolled(plain)).facts,
        lambda facts: [[one.array, one.subject, one.aspect, one.value] for one in facts],
    ),
}
REFUSED = (ValueError, TypeError, AttributeError, LookupError, OverflowError)
"""What a record that is none may raise: whoever reads a store turns these into `StoreError`."""

_RELATION = {
    "state": "Valid", "recording": True, "persistent": None, "revertible": False,
    "source_write_enabled": True, "target_write_enabled": True, "background_copy": False,
    "out_of_sync_tracks": 0, "created": None, "space_efficient_target": False, "unread": [],
    "synced": ["Thu Sep 18 23:04:04 UTC 2014", "2014-09-18T23:04:04", "UTC"],
}  # fmt: skip
_STEP = {
    "kind": "resync", "resource": "sync#1", "array": "IBM.2107-75ABC01", "pairs": ["0001:0002"],
    "bgcopy": True, "space_efficient": False,
}  # fmt: skip
_ANSWER = {
    "exit_status": 0, "accounts": {"0001:0002": "accepted"}, "refused": False, "reason": "",
    "output": "x", "gone": {"at": "2026-11-26T02:00:00+00:00", "boot_id": "b", "steady": 1.5},
}  # fmt: skip


def _stored(data: bytes) -> tuple[str, Any] | None:
    try:
        ((kind, plain),) = json.loads(data).items()
        return kind, _READERS[kind][0](plain)
    except (*REFUSED, RecursionError):
        return None


def _check_stored(data: bytes, found: tuple[str, Any] | None) -> None:
    """See that what was read is written as it was, but for keys that nobody asks for."""
    if found is None:
        return
    kind, noun = found
    _, write = _READERS[kind]
    again = json.loads(json.dumps(write(noun)))
    assert _READERS[kind][0](again) == noun
    told = json.loads(data)[kind]
    if kind == "answer":
        accepted = [pair for pair, word in told["accounts"].items() if word == "accepted"]
        assert noun.all_accepted == (bool(accepted) and len(accepted) == len(told["accounts"])) or (
            len(noun.accounts) < len(told["accounts"])
        )
    if kind == "facts":
        assert all(isinstance(one, list) and len(one) == len("four") for one in told)
        assert all(isinstance(word, str) for one in told for word in one)
    if kind == "relation" and noun.synced is not None:
        assert noun.synced.text == told["synced"][0]


def _stored_seeds() -> Iterator[bytes]:
    yield json.dumps({"relation": _RELATION}).encode()
    yield json.dumps({"step": _STEP}).encode()
    yield json.dumps({"answer": _ANSWER}).encode()
    yield json.dumps({"marks": {"0001:0002": ["a", None]}}).encode()
    facts = [["IBM.2107-75ABC01", "target 0002", "WWID", "6005"], ["", "service", "guard", "x"]]
    yield json.dumps({"facts": facts}).encode()
    carrier = {"host": "a", "boot_id": "b", "group": 4711, "started": 99}
    yield json.dumps({"carrier": carrier}).encode()


@cache
def _folder() -> Path:
    """Make a folder for this process; the fuzzer's end with that of their run."""
    folder = Path(tempfile.mkdtemp(prefix=f"flashd-fuzz-{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def backup() -> bytes:
    """Make a whole backup of an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "backup"
        engine = file_engine(file)
        migrate(engine, "a backup")
        engine.dispose()
        backups._write_note(file, datetime(2026, 11, 26, tzinfo=UTC), "sqlite")
        with sqlite3.connect(file) as opened:
            opened.execute("PRAGMA journal_mode=DELETE")
        opened.close()
        return file.read_bytes()


def _backup(data: bytes) -> Backup | None:
    """Read a file: a whole one with bytes changed, each as `place=hex`, or what stands there."""
    file = _folder() / "backup"
    file.write_bytes(_patched(data))
    try:
        return verify(file, Path("backup"))
    except StoreError:
        return None


@cache
def _whole() -> bytes:
    return backup()


def _patched(data: bytes) -> bytes:
    if not data.startswith(b"patch"):
        return data
    content = bytearray(_whole())
    for word in data.split()[1:]:
        place, _, value = word.partition(b"=")
        if place.isdigit() and len(place) < 8:
            at = int(place) % len(content)
            content[at : at + len(value)] = value[: len(content) - at]
    return bytes(content)


def _check_backup(data: bytes, found: Backup | None) -> None:
    if found is None:
        return
    assert _patched(data).startswith(b"SQLite format 3\0")
    assert {table.name for table in carried()} >= set(found.rows)
    assert all(count >= 0 for count in found.rows.values())


def _backup_seeds() -> Iterator[bytes]:
    yield b"patch"
    yield b"patch 0=x"
    note = _whole().rfind(b'{"')
    yield f"patch {note}=[".encode()
    yield f"patch {note + 3}=x {note + 9}=9 100=\xff".encode()
    yield b"no database at all"


TARGETS = (
    Target(
        name="stored-json",
        read=_stored,
        check=_check_stored,
        seeds=_stored_seeds,
        words=(b'"accepted"', b'"rejected"', b"null", b"1e999", b"0001:0002", b"2014-09-18"),
        shape=Shape.JSON,
    ),
    Target(
        name="backup-file",
        read=_backup,
        check=_check_backup,
        seeds=_backup_seeds,
        words=(
            b"patch ",
            b" 18=",
            b" 24=",
            b" 28=",
            b" 100=",
            b" 4096=",
            b" 8192=",
            b"=\x00",
            b"=\xff",
        ),
        flood=1 << 14,
    ),
)
