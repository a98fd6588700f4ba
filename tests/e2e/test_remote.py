"""A resync whose guards look at another host: the real `flashd`, a real sshd, a simulated array."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.remote.test_answers import DOWN, UP
from tests.integration.remote.there import HOST, MACHINE, There

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.site import Site

PAIR = "0001:0002"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    host = There(tmp_path / "there")
    host.program("systemctl", DOWN)
    with host.sshd():
        yield host


@pytest.fixture
def guarded(site: Site, there: There) -> Site:
    """One service whose only guard asks systemd on the other host."""
    site.service("db", PAIR)
    site.services["db"]["guards"] = [{"type": "systemd", "unit": "db.service", "host": HOST}]
    return reached(site, there)


def reached(site: Site, there: There, **pin: str) -> Site:
    settings = there.settings(**pin)
    where = settings.pin(HOST).model_dump(exclude_none=True)
    site.settings["ssh"] = {
        "key": str(settings.key),
        "known_hosts": str(settings.known_hosts),
        "hosts": {HOST: {key: str(value) for key, value in where.items()}},
    }
    site.write()
    return site


def resync(site: Site) -> tuple[int, dict[str, Any]]:
    done = site.run("resync", "db", "--json")
    run = json.loads(done.stdout)["runs"][0]
    assert run["exit_code"] == done.returncode
    return done.returncode, run


def test_what_is_down_on_another_host_is_refreshed(guarded: Site) -> None:
    code, run = resync(guarded)
    assert (code, run["outcome"]) == (0, "done"), run
    assert guarded.fresh(PAIR)
    told = json.dumps(run["evidence"])
    assert f'"host": "{HOST}"' in told
    assert '"hostname": "tst1"' in told


def test_what_is_up_on_another_host_is_not_touched(guarded: Site, there: There) -> None:
    there.program("systemctl", UP)
    code, run = resync(guarded)
    assert (code, run["outcome"]) == (4, "refused")
    assert f"systemd db.service on {HOST}: db.service is active (running)" in run["reason"]
    assert guarded.sent() == 0
    assert not guarded.fresh(PAIR)


TROUBLES = {
    "killed in the middle": "$PROBE | grep -v FLASHD-END; kill -KILL $PPID",
    "without end": "$PROBE | grep -v FLASHD-END",
    "twice": 'said=$($PROBE); printf \'%s\\n\' "$said" "$said"',
    "ssh's 255": "$PROBE; exit 255",
}


@pytest.mark.parametrize("lie", TROUBLES.values(), ids=TROUBLES.keys())
def test_invariant_1_half_an_answer_that_says_inactive_lets_nothing_leave(
    guarded: Site, there: There, lie: str
) -> None:
    there.lies(lie)
    code, run = resync(guarded)
    assert (code, run["outcome"]) == (4, "refused")
    assert HOST in run["reason"]
    assert guarded.sent() == 0
    assert not guarded.fresh(PAIR)


def test_invariant_1_another_host_of_that_name_lets_nothing_leave(
    guarded: Site, there: There
) -> None:
    code, run = resync(reached(guarded, there, machine_id=MACHINE))
    assert (code, run["outcome"]) == (4, "refused")
    assert f"and {MACHINE} is pinned" in run["reason"]
    assert guarded.sent() == 0


def test_invariant_1_a_host_that_answers_once_and_then_hangs_lets_nothing_leave(
    guarded: Site, there: There
) -> None:
    """The first look says down; the last one, when dscli is logged in, gets no answer."""
    guarded.services["db"]["guards"][0]["timeout"] = "4s"
    guarded.write()
    there.lies(f"mkdir {there.root}/once && exec $PROBE; exec sleep 600")
    code, run = resync(guarded)
    assert (code, run["outcome"]) == (4, "refused"), run
    assert f"{HOST} did not answer in time" in run["reason"]
    assert guarded.sent() == 0


def test_a_cluster_that_is_down_on_another_host_is_refreshed(guarded: Site, there: There) -> None:
    guarded.services["db"]["guards"] = [
        {"type": "opensvc", "service": "oratst", "version": "3", "host": HOST, "nodes": ["n1"]}
    ]
    guarded.write()
    there.program(
        "om",
        """printf '[{"node": {"name": "n1"}, "path": "oratst", "config": {}, "status": {'
        printf '"avail": "down", "resources": {"fs#1": {"status": "down"}},'
        printf '"updated_at": "%s"}}]' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" """,
    )
    code, run = resync(guarded)
    assert (code, run["outcome"]) == (0, "done"), run


def test_probe_prints_the_script_that_answers(guarded: Site) -> None:
    done = guarded.run("probe", "--from", "192.0.2.7")
    assert done.returncode == 0
    assert done.stdout.startswith("#!/bin/sh\n# flashd-probe")
    line = guarded.run("probe", "--authorized-keys", "--from", "192.0.2.7").stdout
    assert line.startswith(
        'restrict,from="192.0.2.7",command="/usr/libexec/flashd-probe" ssh-ed25519 '
    )
    assert line in done.stderr
    assert "have root own the home of flashd-probe and .ssh in it" in done.stderr


def test_probe_asks_hosts_who_they_are(guarded: Site) -> None:
    done = guarded.run("probe", HOST)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{HOST}: {{hostname: tst1, machine_id: ")
    both = guarded.run("probe", HOST, "192.0.2.1.invalid", "--json")
    first, second = json.loads(both.stdout)["hosts"]
    assert both.returncode == 1
    assert first["hostname"] == "tst1"
    assert "was not found" in second["reason"]
