"""`flashd guard`: what every guard says now, without consequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.sim.hosts import access
from flashd.sim.ids import volume_id
from tests.e2e.home import ARRAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.home import Home

PAIR = "0001:0002"


@pytest.fixture
def due(home: Home) -> Home:
    home.service("due", PAIR, sync_max_delay="25h")
    return home


def also_hosts(home: Home) -> Path:
    file = home.etc / "services.d" / "due.yaml"
    file.write_text(file.read_text().replace("guards: [", "guards: [{type: hosts}, "))
    return file


def test_it_shows_what_each_guard_says_and_leaves_nothing(due: Home) -> None:
    (due.etc / "auth.conf").unlink()
    allowed = due.flashd("guard", "due")
    assert (allowed.status, allowed.err) == (0, "")
    assert allowed.out.startswith("due: the guards allow a resync\n  down    command ")
    assert "exit_status: 0" in allowed.out
    due.running("due").touch()
    refused = due.flashd("guard", "due", "--json")
    assert refused.status == 4
    (service,) = refused.json["services"]
    assert (service["allowed"], service["exit_code"]) == (False, 4)
    (guard,) = service["guards"]
    assert (guard["verdict"], guard["proves"]) == ("up", True)
    assert guard["reason"] in service["reason"]
    assert 0 < guard["seconds"] < 30
    assert due.flashd("history", "--json").json["runs"] == []
    assert due.array.journal() == ()


def test_what_the_array_counts_can_only_veto(due: Home) -> None:
    file = due.etc / "services.d" / "due.yaml"
    file.write_text(file.read_text().replace("guards: [", "guards: [{type: io, window: 1s}, "))
    asked = due.flashd("guard", "due", "--json")
    assert asked.status == 0, asked.out
    found = asked.json["services"][0]["guards"][0]
    assert (found["verdict"], found["proves"]) == ("clear", False)
    assert found["evidence"][f"{ARRAY} 0002"]["moved"] == {}
    assert due.flashd("resync", "due").status == 0


def test_usage(due: Home) -> None:
    assert due.flashd("guard").status == 2
    assert due.flashd("guard", "deu").status == 2


def test_who_is_mapped_is_asked_of_the_array_and_needs_a_login(due: Home) -> None:
    also_hosts(due)
    found = due.flashd("guard", "due", "--json").json["services"][0]["guards"]
    assert [one["verdict"] for one in found] == ["down", "down"]
    assert found[0]["evidence"] == {"mapped": {f"{ARRAY} 0002": []}}
    assert due.flashd("resync", "due").status == 0
    with due.array.inventory() as held:
        access.add(held, "prd7", ("10000000C9FFFFFF",), access.DEFAULT_TYPE)
        access.map_volumes(held, "prd7", [volume_id("0002")])
    refused = due.flashd("resync", "due", "--force")
    assert refused.status == 4
    assert f"target {ARRAY} 0002 is mapped to host prd7 10000000C9FFFFFF" in refused.err
    assert len(due.changing) == 1
    doctor = due.flashd("doctor", "--no-login")
    assert "those that log in to arrays are not asked: of due" in doctor.out
    (due.etc / "auth.conf").unlink()
    assert due.flashd("guard", "due").status == 2
