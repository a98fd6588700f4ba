"""The state store and the daemon that works with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import NO_SERVICE, Diagnosis, hint, ok, problem, unseen
from flashd.core.counting import counted
from flashd.core.durations import spell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime, timedelta

    from flashd.model.lease import Held
    from flashd.model.observation import ArrayRecord

_MOST_NAMED = 20
_LATE = 3
"""Intervals of observation after which a silent daemon is odd."""


def judge_schema(where: str, version: int | None, known: int) -> Diagnosis:
    """Judge the version of a store; None: there is no store yet."""
    check = "state store"
    if version is None:
        return unseen(check, f"{where} is not there yet", "The first start of the daemon makes it.")
    if version > known:
        return problem(
            check,
            f"{where} has schema version {version}, and this flashd knows {known}",
            "A newer flashd wrote it: run that one, or restore the copy made before the upgrade.",
        )
    if version < known:
        return hint(
            check,
            f"{where} has schema version {version} of {known}",
            "The next start of the daemon brings it up to date; keep a copy of it before.",
        )
    return ok(check, f"{where} opens, schema version {version}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """Who has the daemon's lease, and whether that process is gone (None: it cannot be told)."""

    lease: Held | None
    gone: bool | None
    arrays: Sequence[ArrayRecord]


def judge_daemon(seen: Daemon, interval: timedelta, now: datetime) -> Iterator[Diagnosis]:
    """Judge whether a daemon runs and reads its arrays."""
    check = "daemon"
    if seen.lease is None or seen.gone:
        left = f"; {seen.lease.by} has ended without stopping" if seen.lease else ""
        yield hint(check, f"none runs on this store{left}", "Run: systemctl start flashd")
        return
    since = f"{seen.lease.by}, since {seen.lease.since:%Y-%m-%dT%H:%M:%SZ}"
    if seen.gone is None:
        yield unseen(check, f"{since}; whether it lives cannot be told from here")
    else:
        yield ok(check, f"{since}{_last_look(seen.arrays, now)}")
    for record in seen.arrays:
        at = record.observed_at
        if record.failure is None and at and now - at > _LATE * interval:
            yield hint(
                check,
                f"array {record.array} was read {spell(now - at)} ago the last time",
                "Look at the daemon's log: journalctl -u flashd",
            )


def _last_look(records: Sequence[ArrayRecord], now: datetime) -> str:
    times = [record.observed_at for record in records if record.observed_at]
    return f"; an array was read {spell(now - max(times))} ago" if times else ""


def judge_readings(records: Sequence[ArrayRecord], arrays: Sequence[str]) -> Iterator[Diagnosis]:
    """Tell of arrays whose last reading failed."""
    for record in records:
        if record.failure is not None and record.array in arrays:
            yield hint(
                f"readings of {record.array}",
                f"the last {record.failures} failed: {record.failure}",
                "See what this run says of the array below; `flashd status --refresh` tries again.",
            )


def judge_enrolments(
    services: Collection[str], enrolled: Collection[str], *, required: bool
) -> Iterator[Diagnosis]:
    """Tell which services nobody has enrolled, where nothing is sent for such ones."""
    check = "enrolments"
    if not services:
        yield unseen(check, NO_SERVICE)
        return
    missing = sorted(name for name in services if name not in enrolled)
    if not missing:
        yield ok(check, f"all are enrolled: {counted(len(services), 'service')}")
    elif required:
        yield hint(
            check,
            f"{len(missing)} of {len(services)} services are not enrolled, so refused:"
            f" {', '.join(missing[:_MOST_NAMED])}{' …' if len(missing) > _MOST_NAMED else ''}",
            "Look at each, `flashd enroll SERVICE --dry-run`, then run `flashd enroll SERVICE`.",
        )
    else:
        yield ok(check, f"not required; {len(services) - len(missing)} of {len(services)} are")
