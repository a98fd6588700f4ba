"""`flashd install` on a host of its own, by root and by others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.systemd.installed import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.systemd.installed import Installed
    from tests.systemd.machine import Machine

UNIT = "/usr/local/lib/systemd/system/flashd.service"


@pytest.fixture
def seen(flashd: Installed) -> Machine:
    """A host where nothing is changed that `flashd install` has put there."""
    return flashd.machine


@pytest.fixture
def host(seen: Machine) -> Iterator[Machine]:
    """A host where such things are changed."""
    yield seen
    seen.do(f"{BIN}/flashd", "install", "--apply")


def test_again_it_has_nothing_to_do(seen: Machine) -> None:
    done = seen.do(f"{BIN}/flashd", "install", "--apply").splitlines()
    assert {line.split()[0] for line in done} == {"keep", "run"}
    assert "run      systemctl daemon-reload" in done


def test_it_puts_owners_and_modes_right(host: Machine) -> None:
    host.do("chmod", "0644", "/etc/flashd/auth.conf")
    host.do("chown", "root:root", "/var/lib/flashd")
    host.do(f"{BIN}/flashd", "install", "--apply")
    listed = host.do("stat", "-c", "%n %a %U", "/etc/flashd/auth.conf", "/var/lib/flashd")
    assert listed.splitlines() == ["/etc/flashd/auth.conf 600 root", "/var/lib/flashd 700 flashd"]


def test_a_changed_unit_stays_in_force(host: Machine) -> None:
    host.do("sed", "-i", "s/^RestartSec=.*/RestartSec=33s/", UNIT)
    host.do("systemctl", "daemon-reload")
    assert f"{UNIT}.new" in host.do(f"{BIN}/flashd", "install", "--apply")
    assert host.unit("flashd.service", "RestartUSec")["RestartUSec"] == "33s"
    host.do("mv", f"{UNIT}.new", UNIT)


def test_somebody_else_sees_the_plan_and_may_not_do_it(seen: Machine) -> None:
    words = ("runuser", "-u", "nobody", "--", f"{BIN}/flashd", "install")
    assert "keep     /etc/flashd/auth.conf (0600; yours)" in seen.do(*words)
    refused = seen.run(*words, "--apply")
    assert refused.status == 1
    assert "only root can install flashd on this host" in refused.err


@pytest.mark.parametrize(
    ("place", "first_line", "reason"),
    [
        ("/srv/flashd", "#!/root/python", "/root/python is below /root, which the unit hides"),
        ("/srv/flashd", "#!/srv/closed/python", "/srv/closed has mode 0700"),
        ("/srv/closed/flashd", "#!/bin/sh", "/srv/closed has mode 0700"),
        ("/home/flashd", "#!/bin/sh", "/home/flashd is below /home, which the unit hides"),
    ],
)
def test_a_program_that_the_unit_could_not_start_is_refused(
    seen: Machine, place: str, first_line: str, reason: str
) -> None:
    for program in ("/root/python", "/srv/closed/python"):
        seen.write(program, "#!/bin/sh\n", "0755")
    seen.write(place, f"{first_line}\n", "0755")
    seen.do("chmod", "0700", "/srv/closed")
    before = seen.read(UNIT)
    refused = seen.run(f"{BIN}/flashd", "install", "--apply", "--program", place)
    assert refused.status == 1
    assert reason in refused.err
    assert seen.read(UNIT) == before


def test_a_unit_that_stands_before_it_is_told(seen: Machine) -> None:
    seen.write("/etc/systemd/system/flashd.service", "[Service]\nExecStart=/bin/true\n")
    told = seen.run(f"{BIN}/flashd", "install")
    seen.do("rm", "/etc/systemd/system/flashd.service")
    assert "/etc/systemd/system/flashd.service stands before" in told.err
