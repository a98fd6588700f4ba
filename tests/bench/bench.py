"""Figures as ratios from one run: `make bench`.

A ratio is the measured figure over its target, so below 1 is good. Wall times of a shared machine
are noisy; compare figures of one run only.
"""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flashd.core.schedule import parse
from tests.bench import load
from tests.bench.walls import median, wall

BIN = Path(sys.executable).parent
ARRAY = "IBM.2107-75ABC01"
LOGIN_SECONDS = 0.5
SERVICES_DUE = 5
ARRAYS, SERVICES, DAYS = 8, 300, 30
RARE = ("* mon:29 9 feb", "* mon 53", "* mon-sun:31 * feb")


def main() -> None:
    """Measure everything and print a row each."""
    print(f"{'figure':<58}{'measured':>10}{'target':>10}{'ratio':>8}")
    for text in RARE:
        _row(f"next start of {text!r}, ms", _next_start(text) * 1000, 1.0)
    bare = wall([sys.executable, "-c", "pass"])
    _row("flashd --help over a bare interpreter, s", wall([BIN / "flashd", "--help"]) - bare, 0.15)
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        home = _home(Path(directory), 1000)
        _row("flashd check of 1,000 services, s", _flashd(home, "check") - bare, 1.2)
        _row("flashd status of 1,000 services, s", _flashd(home, "status") - bare, 0.6)
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        home = _home(Path(directory), SERVICES_DUE)
        names = [f"s{number}" for number in range(SERVICES_DUE)]
        one_login = LOGIN_SECONDS + bare
        _row(
            f"resync of {SERVICES_DUE} services, one login a command, s",
            _flashd(home, "resync", *names, times=1),
            1.15 * (SERVICES_DUE + 2) * one_login,
        )
    for figure in load.figures(bare):
        _row(*figure)
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        home = _rehearsal(Path(directory))
        words = ("rehearse", "--start", "2026-11-23T12:00", "--json", "--days", str(DAYS))
        _row(
            f"rehearsal of {ARRAYS} arrays, {SERVICES} services, {DAYS} days, s",
            _flashd(home, *words, times=1) - bare,
            120.0,
        )


def _row(figure: str, measured: float, target: float) -> None:
    print(f"{figure:<58}{measured:>10.3f}{target:>10.3f}{measured / target:>8.2f}")


def _next_start(text: str) -> float:
    """Measure the first search after parsing, in seconds; the calendar's table is there already."""
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Paris"))
    parse("09:00-10:00").next_start(now, None)
    schedules = [parse(f"{text} ") for _ in range(50)]
    return median(lambda: schedules.pop().next_start(now, None), 50)


def _flashd(home: Path, *words: str, times: int = 3) -> float:
    env = {**os.environ, "FLASHD_CONFIG_DIR": str(home / "etc")}
    return wall([BIN / "flashd", *words], times, env)


def _home(home: Path, services: int) -> Path:
    """Make a configuration of so many services with a pair each, on one simulated array."""
    (home / "etc" / "services.d").mkdir(parents=True)
    pairs = [f"{number:04X}:{number + 0x4000:04X}" for number in range(services)]
    made = [word for pair in pairs[:SERVICES_DUE] for word in ("--pair", pair)]
    array = home / "a.array"
    wall([BIN / "flashd", "sim", "make", array, *made, "--synced", "26h ago"], 1)
    wall([BIN / "flashd", "sim", "switch", array, "login_seconds", LOGIN_SECONDS], 1)
    pwfile = ["-pwfile", home / f"{ARRAY}.pwfile", "-name", "opensvc", "-pw", "opensvc"]
    wall(
        [BIN / "flashd-dscli", "managepwfile", "-action", "add", "-mc1", "10.10.10.10", *pwfile], 1
    )
    (home / "etc" / "flashd.yaml").write_text(
        f"state: sqlite:///{home}/flashd.db\npwfiles: {home}\n"
        f"dscli: {{path: {BIN}/flashd-dscli, mode: oneshot, env: {{FLASHD_SIM: {array}}}}}\n"
    )
    auth = home / "etc" / "auth.conf"
    auth.touch(mode=0o600)
    auth.write_text(f"[{ARRAY}]\ntype = ibmds\nhmc1 = 10.10.10.10\nusername = opensvc\n")
    guard = "{type: command, command: [/bin/true], down: 0, up: 1}"
    lines = [
        f"  s{number}: {{guards: [{guard}], sync: {{sync#1: {{array: {ARRAY}, pairs: '{pair}'}}}}}}"
        for number, pair in enumerate(pairs)
    ]
    (home / "etc" / "services.d" / "bench.yaml").write_text("services:\n" + "\n".join(lines) + "\n")
    return home


def _rehearsal(home: Path) -> Path:
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
    for number in range(SERVICES):
        array, place = f"IBM.2107-75BEN{number % ARRAYS:02X}", number // ARRAYS
        pairs = " ".join(f"{place:02X}{n:02X}:{place + 0x40:02X}{n:02X}" for n in range(2))
        kind = "" if number % 10 else ", recording: false"
        sync = f"sync: {{sync#1: {{array: {array}, pairs: '{pairs}'{kind}}}}}"
        lines.append(f"  s{number}: {{{windows[number % len(windows)]}{guard}, {sync}}}")
    (home / "etc" / "services.d" / "bench.yaml").write_text("\n".join(lines) + "\n")
    (home / "etc" / "flashd.yaml").write_text("timezone: Europe/Paris\n")
    return home


if __name__ == "__main__":
    main()
