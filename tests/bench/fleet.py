"""Ten thousand services: start, idle, reload, burst, memory, and how each grows."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from tests.bench.fleet_site import ARRAYS, SIGN, Fleet, Watched, now

COUNTS = (100, 1_000, 10_000)
IDLE_SECONDS = 20.0
LEAD_SECONDS = 75.0
"""All are due so many seconds after the making: start, idle time and two reloads come before."""

Measured = dict[str, float]


def measure(
    services: int,
    idle: float = IDLE_SECONDS,
    lead: float | None = LEAD_SECONDS,
    sign: float = SIGN,
) -> Measured:
    """Run a daemon over so many services from its start to a burst; seconds unless named.

    Without a `lead` nothing becomes due, and there is no burst; where it is too short for the
    machine, none is told. A `sign` of life a second shows for how long ticks are held up. CPU time
    is told beside the wall's: on a machine that has more to do it alone says something.
    """
    with tempfile.TemporaryDirectory(prefix="flashd-fleet-") as directory:
        fleet = Fleet.make(Path(directory), services, 360_000 if lead is None else lead)
        with fleet.daemon(sign) as daemon:
            found = _calm(fleet, daemon, idle)
            if lead is not None:
                with suppress(TimeoutError):  # what is measured so far counts all the same
                    found |= _burst(fleet, daemon)
            return found


def _calm(fleet: Fleet, daemon: Watched, idle: float) -> Measured:
    """Start, do nothing, reload what is as it was, and reload one service that is not."""
    found: Measured = {"ready": daemon.ready() - daemon.started}
    found["ready, CPU"] = sum(daemon.cpu())
    found["first tick"] = daemon.event("command-sent") - daemon.started
    daemon.settled()
    found["all observed"] = daemon.lines[-1][0] - daemon.started
    found["all observed, CPU"], found["all observed, CPU of dscli"] = daemon.cpu()
    found["memory, MiB"] = daemon.mebibytes()
    found["idle CPU, % of a core"] = daemon.share(idle)
    found |= _reload(daemon, "reload of what is the same")
    daemon.settled()
    fleet.write(0, changed=0)
    return found | _reload(daemon, "reload of one that is changed")


def _reload(daemon: Watched, what: str) -> Measured:
    before = sum(daemon.cpu())
    took, silence = daemon.reload()
    cpu = sum(daemon.cpu()) - before
    return {what: took, f"{what}, CPU": cpu, f"{what}, ticks held up": max(0.0, silence)}


def _burst(fleet: Fleet, daemon: Watched) -> Measured:
    """Wait until all are due in one second, and looked at."""
    daemon.settled()
    if now() > fleet.due_at:
        raise TimeoutError("all were due before the burst was waited for")
    daemon.rest(fleet.due_at - now() - 1)
    before = daemon.cpu()
    daemon.event("command-sent", fleet.due_at)
    daemon.until("resync-refused", fleet.services, fleet.due_at)
    after = daemon.cpu()
    batches = sorted(
        at - fleet.due_at for at, _ in daemon.events("command-sent", fleet.due_at)[:ARRAYS]
    )
    return {
        "burst, last batch began": batches[-1],
        "burst, p99 guard has told": _late(fleet, daemon, "guard-read"),
        "burst, p99 refused": _late(fleet, daemon, "resync-refused"),
        "burst, ticks held up": max(0.0, daemon.longest_silence(fleet.due_at, now())),
        "burst, CPU": after[0] - before[0],
        "burst, CPU of guards": after[1] - before[1],
        "memory after the burst, MiB": daemon.mebibytes(),
        "memory at most, MiB": daemon.mebibytes("VmHWM"),
    }


def _late(fleet: Fleet, daemon: Watched, action: str) -> float:
    """Tell how late 99 of 100 services were told of at most; infinite where some were not."""
    told = [_instant(line) - fleet.due_at for _, line in daemon.events(action, fleet.due_at)]
    if len(told) < fleet.services:
        return math.inf
    return sorted(told)[math.ceil(0.99 * len(told)) - 1]


def _instant(line: str) -> float:
    return datetime.fromisoformat(json.loads(line)["@timestamp"]).timestamp()


def exponents(by_count: dict[int, Measured]) -> Measured:
    """Tell how each figure grows with the number of services: 1 is linear."""
    few, many = min(by_count), max(by_count)
    return {
        name: math.log(by_count[many][name] / by_count[few][name]) / math.log(many / few)
        for name in by_count[many]
        if by_count[few].get(name, 0) > 0 and by_count[many][name] > 0
    }


def main() -> None:
    """Measure and print a column a count."""
    counts = [int(word) for word in sys.argv[1:]] or list(COUNTS)
    by_count = {count: measure(count) for count in counts}
    grown = exponents(by_count) if len(counts) > 1 else {}
    for name in by_count[counts[-1]]:
        columns = "".join(f"{by_count[count].get(name, math.nan):>12.3f}" for count in counts)
        print(f"{name:<32}{columns}{grown.get(name, math.nan):>8.2f}")


if __name__ == "__main__":
    main()
