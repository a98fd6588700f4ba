"""What somebody else does to an array in the middle of a command's life."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from flashd.sim import flashcopy
from flashd.sim.errors import SimError
from flashd.sim.faults import Fault
from flashd.sim.flashcopy import Options
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation

_WORDS = {"Enabled": True, "Disabled": False}
_FLAGS = {
    "Recording": "recording",
    "Persistent": "persistent",
    "Revertible": "revertible",
    "BackgroundCopy": "background_copy",
    "SourceWriteEnabled": "source_writable",
    "TargetWriteEnabled": "target_writable",
}


def meddle(
    rows: sqlite3.Connection, held: Inventory, faults: Iterable[Fault], position: str
) -> None:
    """Let others do what is planned for this side of a command's act."""
    for fault in faults:
        if fault.position != position:
            continue
        if fault.name == "clock-steps":
            _set_clock(rows, held, fault.number("seconds", -60))
            continue
        for relation in _meant(held, fault):
            _DEEDS[fault.name](held, relation, fault)


def _meant(held: Inventory, fault: Fault) -> tuple[Relation, ...]:
    if "pair" not in fault.options:
        return held.relations()
    found = held.relation(Pair.parse(fault.options["pair"]))
    return (found,) if found else ()


def _set_clock(rows: sqlite3.Connection, held: Inventory, seconds: float) -> None:
    """Set the clock; a copy that runs goes on from where it is."""
    rows.execute(
        "UPDATE array SET clock_offset = clock_offset + ?, clock_stands_at = clock_stands_at + ?",
        (seconds, seconds),
    )
    held.at += seconds
    held.keep_progress(held.at)


def _resync(held: Inventory, relation: Relation, _: Fault) -> None:
    options = flashcopy.fitted(held, relation.pair, Options(record=True, persist=True))
    flashcopy.resync(held, relation.pair, options)


def _withdraw(held: Inventory, relation: Relation, _: Fault) -> None:
    flashcopy.withdraw(held, relation.pair)


def _reverse(held: Inventory, relation: Relation, _: Fault) -> None:
    flashcopy.swap(held, relation)


def _change(held: Inventory, relation: Relation, fault: Fault) -> None:
    held.put_relation(replace(relation, **changes(fault.options.get("text", ""))))  # type: ignore[arg-type]


def _write(held: Inventory, relation: Relation, _: Fault) -> None:
    flashcopy.write(held, held.need_volume(relation.pair.source))


_DEEDS: Mapping[str, Callable[[Inventory, Relation, Fault], None]] = {
    "others-resync": _resync,
    "others-withdraw": _withdraw,
    "others-reverse": _reverse,
    "others-change": _change,
    "others-write": _write,
}


def changes(text: str) -> dict[str, object]:
    """Read `Recording=Disabled` or `State=Invalid`: columns of lsflash -l, parted by commas."""
    found: dict[str, object] = {}
    for part in text.split(","):
        column, _, value = part.strip().partition("=")
        if column == "State" and value:
            found["state"] = value
        elif column in _FLAGS and value in _WORDS:
            found[_FLAGS[column]] = _WORDS[value]
        else:
            known = ", ".join((*_FLAGS, "State"))
            raise SimError(f"{part!r}: write COLUMN=Enabled|Disabled or State=TEXT, of {known}")
    return found
