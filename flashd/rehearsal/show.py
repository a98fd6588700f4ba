"""The report in words: tables for people, one document for programs, a line for each command."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from flashd.cli.tables import table
from flashd.cli.words import VERSION, instant
from flashd.core.counting import counted
from flashd.core.durations import spell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from flashd.rehearsal.report import ArrayReport, Report, ServiceReport
    from flashd.rehearsal.terms import Terms

_MOST_REASONS = 3
_COLUMNS = (
    "service",
    "done",
    "refused",
    "failed",
    "unknown",
    "due",
    "missed",
    "longest age",
    "limit",
    "warn",
    "unknown for",
    "late",
)


def document(found: Report, terms: Terms) -> dict[str, Any]:
    """Put a report in the form that `--json` prints; docs/rehearsal.md describes it."""
    return {
        "version": VERSION,
        "start": instant(terms.start),
        "end": instant(terms.end),
        "seed": terms.seed,
        "exit_code": found.exit_code,
        "totals": _totals(found),
        "services": [_service(one) for one in found.services],
        "arrays": [_array(one) for one in found.arrays],
        "faults": dict(found.faults),
        "harm": [
            {
                **{name: getattr(one, name) for name in ("service", "array", "volume")},
                "in_use_since": instant(one.used.begin),
                "in_use_until": instant(one.used.end),
                "expected": one.expected,
                "found": one.found,
            }
            for one in found.harm
        ],
        "troubles": list(found.troubles),
    }


def _totals(found: Report) -> dict[str, int]:
    outcomes = ("done", "refused", "failed", "unknown")
    runs = {name: sum(one.runs.get(name, 0) for one in found.services) for name in outcomes}
    return {
        "services": len(found.services),
        **runs,
        "due": sum(one.due for one in found.services),
        "missed": sum(sum(one.missed.values()) for one in found.services),
        "breaching": sum(one.breaches for one in found.services),
        "sessions": sum(one.sessions for one in found.arrays),
        "commands": sum(one.commands for one in found.arrays),
        "faults": sum(found.faults.values()),
        "harm": len(found.harm),
    }


def _service(one: ServiceReport) -> dict[str, Any]:
    return {
        "name": one.name,
        "runs": {name: one.runs.get(name, 0) for name in ("done", "refused", "failed", "unknown")},
        "refused": dict(one.refused),
        "failed": dict(one.failed),
        "due": one.due,
        "missed": dict(one.missed),
        "longest_age_seconds": _seconds(one.longest_age),
        "sync_max_delay_seconds": _seconds(one.max_delay),
        "breaches": one.breaches,
        "warn_seconds": _seconds(one.warn),
        "unknown_seconds": _seconds(one.unknown),
        "reasons": dict(one.reasons),
        "mean_lateness_seconds": _seconds(one.lateness),
        "advice": list(one.advice),
    }


def _array(one: ArrayReport) -> dict[str, Any]:
    return {**asdict(one), "worst_hour": instant(one.worst_hour)}


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())


def show(found: Report, terms: Terms, zone: ZoneInfo) -> None:
    """Print a report for people, who have their schedules in that zone."""
    begin, end = _local(terms.start, zone), _local(terms.end, zone)
    click.echo(f"from {begin} to {end}, seed {terms.seed}")
    click.echo()
    table(
        _COLUMNS,
        [_row(one) for one in found.services],
    )
    click.echo()
    table(
        ("array", "sessions", "commands", "changing", "busy", "worst hour", "busy then"),
        [_array_row(one, zone) for one in found.arrays],
    )
    click.echo()
    for line in _lines(found):
        click.echo(line)


def _row(one: ServiceReport) -> list[str]:
    outcomes = ("done", "refused", "failed", "unknown")
    return [
        one.name,
        *(str(one.runs.get(name, 0)) for name in outcomes),
        str(one.due),
        str(sum(one.missed.values())),
        _spell(one.longest_age),
        spell(one.max_delay),
        _spell(one.warn),
        _spell(one.unknown),
        _spell(one.lateness),
    ]


def _array_row(one: ArrayReport, zone: ZoneInfo) -> list[str]:
    return [
        one.name,
        str(one.sessions),
        str(one.commands),
        str(one.changing),
        f"{one.busy:.2%}",
        _local(one.worst_hour, zone) if one.worst_hour else "-",
        f"{one.worst_hour_busy:.0%}, {counted(one.worst_hour_commands, 'command')}",
    ]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _spell(time: timedelta | None) -> str:
    return "-" if not time else spell(time)


def _lines(found: Report) -> Iterator[str]:
    for one in found.services:
        for what, reasons in (("refused", one.refused), ("failed", one.failed)):
            for reason, count in list(reasons.items())[:_MOST_REASONS]:
                yield f"{one.name}: {what} {counted(count, 'time')}: {reason}"
        for reason, count in list(one.missed.items())[:_MOST_REASONS]:
            yield f"{one.name}: missed {counted(count, 'window')}: {reason}"
    for one in found.services:
        prefix = "will breach" if one.breaches else "is not always up"
        for text in () if one.well else (one.advice or one.reasons or _unwell(one)):
            yield f"{one.name} {prefix}: {text}"
    totals = _totals(found)
    yield "; ".join(f"{name} {count}" for name, count in totals.items())
    for harm in found.harm:
        yield f"HARM: {harm.array} {harm.volume} of {harm.service} was overwritten while in use"
    for text in found.troubles:
        yield f"ERROR of flashd's own: {text}"
    yield f"targets overwritten while in use, as their hosts saw it: {len(found.harm)}"


def _unwell(one: ServiceReport) -> tuple[str, ...]:
    """Say at least for how long it was not up, and how old its clone became."""
    ages = f"its clone up to {_spell(one.longest_age)} old of {spell(one.max_delay)}"
    return (f"warn for {_spell(one.warn)}, unknown for {_spell(one.unknown)}, {ages}",)


def command_lines(found: Report) -> Iterator[str]:
    """Tell every command: when, which array, for which service, what became of it, the text."""
    for told, service in found.commands:
        code = "-" if told.exit is None else str(told.exit)
        fault = told.fault.replace(" ", "") or "-"
        words = (instant(told.at) or "", told.array, service, told.phase, code, fault, told.command)
        yield " ".join(words)
