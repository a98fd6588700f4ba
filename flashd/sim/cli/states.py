"""flashd sim write, set-relation, set-timer, set-clock: what befalls an array without a dscli."""

from collections.abc import Callable

import click

from flashd.sim import bounds
from flashd.sim.array import Array
from flashd.sim.cli.arguments import array_file, instant, seconds
from flashd.sim.errors import SimError
from flashd.sim.ids import lss_id

_WORDS = {"enabled": True, "yes": True, "disabled": False, "no": False}


@click.command()
@array_file
@click.argument("volumes", metavar="VOLUME...", nargs=-1, required=True)
def write(array: Array, volumes: tuple[str, ...]) -> None:
    """Let a host write to volumes; each then holds something new, or the write is queued."""
    for volume in volumes:
        click.echo(array.write(volume))


@click.command("set-relation")
@array_file
@click.argument("pair")
@click.argument("changes", metavar="KEY=VALUE...", nargs=-1, required=True)
def set_relation(array: Array, pair: str, changes: tuple[str, ...]) -> None:
    """Put a relation into any state, as a column of lsflash -l shows it.

    \b
    Recording, Persistent, Revertible, BackgroundCopy, SourceWriteEnabled,
    TargetWriteEnabled=Enabled|Disabled; State=TEXT; SequenceNum=HEX;
    OutOfSyncTracks=N (stays there until the next resync);
    DateCreated, DateSynced='26h ago' or ISO 8601, DateSynced=- for none;
    reversed=yes swaps source and target; missing=yes lets the relation be gone.
    """  # noqa: D301 - click's mark against rewrapping
    wanted = [_key_and_value(change) for change in changes]
    for key, value in wanted:
        if key in {"reversed", "missing"} and not _enabled(value):
            continue
        if key == "reversed":
            array.reverse_relation(pair)
            pair = ":".join(reversed(pair.split(":")))
        elif key == "missing":
            array.drop_relation(pair)
        else:
            array.set_relation(pair, **_change(key, value, array.now()))


@click.command("set-timer")
@array_file
@click.argument("lss")
@click.argument("seconds", type=click.IntRange(0, int(bounds.CENTURY)))
def set_timer(array: Array, lss: str, seconds: int) -> None:
    """Set how long the sources of a logical subsystem stay frozen when nobody thaws them."""
    array.set_long_busy(lss_id(lss), seconds)


@click.command("set-clock")
@array_file
@click.option("--offset", help="Run this much ahead of the host, such as 90s or -1h.")
@click.option("--at", help="Show this instant now: ISO 8601 with its offset, or '26h ago'.")
@click.option("--stand-still", is_flag=True, help="With --at: stay there.")
def set_clock(array: Array, *, offset: str | None, at: str | None, stand_still: bool) -> None:
    """Set the array's own clock."""
    if (offset is None) == (at is None) or (stand_still and at is None):
        raise SimError("give --offset, or --at with or without --stand-still")
    if at is None:
        array.set_clock(offset=seconds(offset or "0"))
    else:
        array.show_time(instant(at, array.now()), runs=not stand_still)


def _key_and_value(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or key not in {*_COLUMNS, "reversed", "missing"}:
        raise SimError(f"{text!r}: write KEY=VALUE with KEY one of {', '.join(_COLUMNS)}")
    return key, value


def _enabled(value: str) -> bool:
    try:
        return _WORDS[value.lower()]
    except KeyError:
        raise SimError(f"{value!r} is neither Enabled nor Disabled") from None


def _change(key: str, value: str, now: float) -> dict[str, object]:
    field, read = _COLUMNS[key]
    changes: dict[str, object] = {field: read(value, now)}
    return {**changes, "held": True} if field == "uncopied" else changes


def _flag(value: str, _: float) -> object:
    return _enabled(value)


def _text(value: str, _: float) -> object:
    return value


def _count(value: str, _: float) -> object:
    return bounds.count(value, "OutOfSyncTracks")


def _date(value: str, now: float) -> object:
    return instant(value, now)


def _date_or_none(value: str, now: float) -> object:
    return None if value == "-" else instant(value, now)


_COLUMNS: dict[str, tuple[str, Callable[[str, float], object]]] = {
    "Recording": ("recording", _flag),
    "Persistent": ("persistent", _flag),
    "Revertible": ("revertible", _flag),
    "BackgroundCopy": ("background_copy", _flag),
    "SourceWriteEnabled": ("source_writable", _flag),
    "TargetWriteEnabled": ("target_writable", _flag),
    "State": ("state", _text),
    "SequenceNum": ("sequence", _text),
    "OutOfSyncTracks": ("uncopied", _count),
    "DateCreated": ("created_at", _date),
    "DateSynced": ("synced_at", _date_or_none),
}
