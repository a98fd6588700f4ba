"""A host uses a clone while flashd wants to resync it: what a guard is worth."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flashd.sim.hosts import access
from tests.e2e.site import ENOUGH, FLASHD, Site, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.sim.hosts import Harm

DONE, REFUSED = 0, 4
ALIVE = """\
#!/bin/sh
# 0: the host's process lives, so its clone is in use; 1: it does not
test -s "$1" && kill -0 "$(cat "$1")" 2>/dev/null
"""


def harm(site: Site) -> tuple[Harm, ...]:
    with site.array().inventory() as held:
        return held.hosts.harm()


def make_host(site: Site, *volumes: str) -> None:
    with site.array().inventory() as held:
        access.add(held, "aix1")
        access.map_volumes(held, "aix1", volumes)


@contextmanager
def host(site: Site, volume: str) -> Iterator[subprocess.Popen[str]]:
    """Let a host keep a volume mounted and write to it, from its first write on."""
    words = ["sim", "host", str(site.array().path), "run", "aix1", "--mount", volume]
    process = subprocess.Popen(
        [FLASHD, *words, "--every", "0.1s"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    (site.guards / "pid").write_text(f"{process.pid}\n")
    try:
        eventually(lambda: site.array().content(volume).startswith(f"{volume}@"))
        yield process
    finally:
        process.kill()
        with process:
            pass


def ended(process: subprocess.Popen[str]) -> list[str]:
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=ENOUGH)
    return said.splitlines()


def test_a_guard_that_lies_costs_a_host_its_writes_and_the_host_says_so(site: Site) -> None:
    site.service("db", "0001:0002")
    make_host(site, "0002")
    site.says("db", 0)  # "down", while the host writes
    with host(site, "0002") as process:
        assert site.run("resync", "db").returncode == DONE
        eventually(lambda: harm(site))
        (line,) = [line for line in ended(process) if line.startswith("HARM")]
    assert line.startswith("HARM: 0002 lost 0002@")
    assert line.endswith(", now holds 0001@1")
    (one,) = harm(site)
    assert (one.host, one.volume, one.now) == ("aix1", "0002", "0001@1")


def test_a_guard_that_tells_the_truth_keeps_the_host_from_harm(site: Site) -> None:
    site.service("db", "0001:0002")
    make_host(site, "0002")
    (site.guards / "alive").write_text(ALIVE)
    (site.guards / "alive").chmod(0o755)
    (guard,) = site.services["db"]["guards"]
    guard |= {"command": [str(site.guards / n) for n in ("alive", "pid")], "down": 1, "up": 0}
    site.write()
    with host(site, "0002") as process:
        assert site.run("resync", "db").returncode == REFUSED
        assert site.sent() == 0
        said = ended(process)
    assert said[-1].endswith("harmed 0 times")
    assert site.run("resync", "db").returncode == DONE  # now that the host is gone
    assert (harm(site), site.fresh("0001:0002")) == ((), True)


def test_a_reservation_of_the_host_keeps_the_array_from_it_even_if_a_guard_lies(
    site: Site,
) -> None:
    site.service("db", "0001:0002")
    make_host(site, "0002")
    with host(site, "0002") as process:
        site.array().reserve("aix1", "0002")
        assert site.run("resync", "db").returncode not in {DONE, REFUSED}
        assert ended(process)[-1].endswith("harmed 0 times")
    assert (site.sent(), harm(site)) == (1, ())
