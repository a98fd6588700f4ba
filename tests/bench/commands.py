"""The command line, the search of schedules, and the rehearsal."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flashd.core.schedule import parse
from tests.bench.bed import FLASHD, Costs, Shape, make_bed
from tests.bench.figures import Found, Promise
from tests.bench.parts import BenchError, Part
from tests.bench.walls import median, wall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES = 1000
HELP = "`flashd --help` over a bare interpreter"
CHECK = f"`flashd check` of {SERVICES:,} services over a bare interpreter"
STATUS = f"`flashd status` of {SERVICES:,} services over a bare interpreter"
COMMANDS = [
    Promise(HELP, "s", "How long a person waits for the command line itself."),
    Promise(CHECK, "s", "How long a person, or a hook before a commit, waits for `flashd check`."),
    Promise(STATUS, "s", "How long a person, or a monitoring check, waits for `flashd status`."),
]

RARE = ("* mon:29 9 feb", "* mon 53", "* mon-sun:31 * feb")
SEARCHES = [
    Promise(
        f"next start of `{text}`", "ms", "How long flashd looks for the rarest windows there are."
    )
    for text in RARE
]

ARRAYS, REHEARSED, DAYS = 8, 300, 30
REHEARSAL = f"rehearsal of {ARRAYS} arrays, {REHEARSED} services, {DAYS} days"
REHEARSALS = [Promise(REHEARSAL, "s", "How long `flashd rehearse` needs for a month of a site.")]
REHEARSAL_SECONDS = 120.0


def parts() -> list[Part]:
    """Tell the parts."""
    return [
        Part("command line", COMMANDS, _commands),
        Part("schedules", SEARCHES, _searches),
        Part("rehearsal", REHEARSALS, _rehearsal, asked=True),
    ]


def _commands(where: Path) -> Iterator[tuple[str, Found]]:
    bed = make_bed(where, Shape(services=SERVICES, costs=Costs(0, 0)))
    env = bed.environment
    demand("check", env=env)
    demand("status", "--refresh", env=env)  # the store knows each pair from now on
    bare = wall([sys.executable, "-c", "pass"], 15)
    yield HELP, Found(measured=wall([FLASHD, "--help"], 9) - bare, target=0.15)
    yield CHECK, Found(measured=wall([FLASHD, "check"], 3, env) - bare, target=1.2)
    yield STATUS, Found(measured=wall([FLASHD, "status"], 5, env) - bare, target=0.6)


def demand(*words: str, env: dict[str, str]) -> None:
    """Run a command of flashd once; raises `BenchError` where it does not do it."""
    done = subprocess.run(
        [FLASHD, *words], env=env, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        told = (done.stderr or done.stdout)[-300:]
        raise BenchError(f"flashd {words[0]} ended with {done.returncode}: {told}")


def _searches(_where: Path) -> Iterator[tuple[str, Found]]:
    for promise, text in zip(SEARCHES, RARE, strict=True):
        yield promise.name, Found(measured=_next_start(text) * 1000, target=1.0)


def _next_start(text: str) -> float:
    """Measure the first search after parsing, in seconds; the calendar's table is there already."""
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Paris"))
    parse("09:00-10:00").next_start(now, None)
    schedules = [parse(f"{text} ") for _ in range(50)]
    return median(lambda: schedules.pop().next_start(now, None), 50)


def _rehearsal(where: Path) -> Iterator[tuple[str, Found]]:
    _stage(where)
    words = ("rehearse", "--start", "2026-11-23T12:00", "--json", "--days", str(DAYS))
    env = {**os.environ, "FLASHD_CONFIG_DIR": str(where / "etc")}
    yield REHEARSAL, Found(measured=wall([FLASHD, *words], 1, env), target=REHEARSAL_SECONDS)


def _stage(home: Path) -> None:
    """Make a configuration of many services on several arrays, with windows and without."""
    (home / "etc" / "services.d").mkdir(parents=True)
    windows = (
        'schedule: "22:00-04:00", ',
        'schedule: "01:00-05:00", ',
        "",
        'schedule: "20:00-23:30 mon-fri", sync_max_delay: 4d, ',
    )
    guard = "guards: [{type: command, command: [/bin/true], down: 0, up: 1}]"
    lines = ["services:"]
    for number in range(REHEARSED):
        array, place = f"IBM.2107-75BEN{number % ARRAYS:02X}", number // ARRAYS
        pairs = " ".join(f"{place:02X}{n:02X}:{place + 0x40:02X}{n:02X}" for n in range(2))
        kind = "" if number % 10 else ", recording: false"
        sync = f"sync: {{sync#1: {{array: {array}, pairs: '{pairs}'{kind}}}}}"
        lines.append(f"  s{number}: {{{windows[number % len(windows)]}{guard}, {sync}}}")
    (home / "etc" / "services.d" / "bench.yaml").write_text("\n".join(lines) + "\n")
    (home / "etc" / "flashd.yaml").write_text("timezone: Europe/Paris\n")
