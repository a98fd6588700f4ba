"""`flashd enroll` on the real command line, and what the other commands say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flashd.sim.hosts import access
from flashd.sim.ids import volume_id

if TYPE_CHECKING:
    from tests.e2e.home import Home
    from tests.e2e.site import Site

PAIR = "0001:0002"


@pytest.fixture
def strict(home: Home) -> Home:
    home.service("due", PAIR, sync_max_delay="25h")
    with (home.etc / "flashd.yaml").open("a") as settings:
        settings.write("require_enrolment: true\n")
    return home


def facts(document: Any) -> set[tuple[str, str, str]]:  # noqa: ANN401 - JSON is anything
    (service,) = document["services"]
    return {(one["subject"], one["aspect"], one["value"]) for one in service["facts"]}


def test_a_service_is_refused_until_it_is_enrolled_and_after_it_has_drifted(strict: Home) -> None:
    refused = strict.flashd("resync", "due")
    assert refused.status == 4
    assert "service due is not enrolled" in refused.err
    assert "flashd enroll due --dry-run" in refused.err
    assert strict.flashd("enroll", "due", "--dry-run").status == 0
    assert strict.flashd("resync", "due").status == 4, "a dry run stores nothing"
    doctor = strict.flashd("doctor", "--no-login", "--no-guards")
    assert "1 of 1 services are not enrolled, so refused: due" in doctor.out
    enrolled = strict.flashd("enroll", "due")
    assert (enrolled.status, enrolled.err) == (0, "")
    assert "target 0002 of IBM.2107-75ABC01: name vol_0002, blocks " in enrolled.out
    assert "guard command " in enrolled.out
    assert enrolled.out.endswith("due: enrolled\n")
    assert "all are enrolled: 1 service" in strict.flashd("doctor", "--no-login", "--no-guards").out
    assert strict.flashd("resync", "due").status == 0
    strict.array.set_volume("0002", name="PRD_01")
    drifted = strict.flashd("resync", "due", "--dry-run")
    assert drifted.status == 4
    assert "target 0002 of IBM.2107-75ABC01: name was vol_0002, is PRD_01" in drifted.err
    assert strict.flashd("resync", "due").status == 4
    why = strict.flashd("why", "due")
    assert "HOLDS    last turn: refused: it is not what " in why.out
    assert "name was vol_0002, is PRD_01" in why.out
    assert len(strict.changing) == 1


def holding(home: Home) -> dict[str, str]:
    chain = home.flashd("why", "due", "--json").json["chain"]
    return {one["name"]: one["words"] for one in chain if not one["lets"]}


def test_why_knows_what_was_enrolled_before_anything_was_tried(strict: Home) -> None:
    assert "service due is not enrolled" in holding(strict)["enrolment"]
    why = strict.flashd("why", "due")
    assert "HOLDS    enrolment: service due is not enrolled, which require_enrolment" in why.out
    assert strict.flashd("enroll", "due").status == 0
    assert "enrolment" not in holding(strict)
    assert "lets     enrolment: defined as " in strict.flashd("why", "due").out
    (path,) = (strict.etc / "services.d").glob("*.yaml")
    changed = path.read_text().replace("down: 0", "down: 3")
    assert changed != path.read_text()
    path.write_text(changed)
    assert ": down was 0, is 3" in holding(strict)["enrolment"]
    refused = strict.flashd("resync", "due")
    assert refused.status == 4
    assert not strict.changing


def test_it_is_one_document(strict: Home) -> None:
    first = strict.flashd("enroll", "due", "--json").json
    (service,) = first["services"]
    assert (service["enrolled"], service["exit_code"], service["before"]) == (True, 0, None)
    assert ("target 0002", "name", "vol_0002") in facts(first)
    assert ("resource sync#1", "pair 1", PAIR) in facts(first)
    strict.array.set_volume("0002", name="PRD_01")
    shown = strict.flashd("enroll", "due", "--dry-run", "--json").json["services"][0]
    assert shown["enrolled"] is False
    assert shown["differences"] == ["target 0002 of IBM.2107-75ABC01: name was vol_0002, is PRD_01"]
    assert shown["before"]["by"]


def test_what_could_never_pass_is_not_enrolled(strict: Home) -> None:
    with strict.array.inventory() as held:
        access.add(held, "prd7", ("10000000C9FFFFFF",), access.DEFAULT_TYPE)
        access.map_volumes(held, "prd7", [volume_id("0002")])
    (strict.etc / "protected.yaml").write_text("hosts: [prd*]\n")
    refused = strict.flashd("enroll", "due")
    assert refused.status == 4
    assert (
        "due: cannot be enrolled: IBM.2107-75ABC01: target 0002 is mapped to host"
        " prd7 10000000C9FFFFFF, which is protected"
    ) in refused.err
    assert strict.flashd("enroll", "due", "--json").json["services"][0]["enrolled"] is False
    assert "not enrolled" in strict.flashd("resync", "due").err


def test_an_array_that_cannot_be_read_enrolls_nothing(strict: Home) -> None:
    strict.array.add_fault("refused", "lsflash")
    refused = strict.flashd("enroll", "due")
    assert refused.status == 4
    assert "array IBM.2107-75ABC01 could not be read" in refused.err
    assert "not enrolled" in strict.flashd("resync", "due").err


def test_what_cannot_be_listed_enrolls_nothing_and_the_hint_says_who_must_be_allowed(
    strict: Home,
) -> None:
    strict.array.add_fault("refused", "lspprc", times=-1)
    refused = strict.flashd("enroll", "due")
    assert refused.status == 4
    assert "due: cannot be enrolled: array IBM.2107-75ABC01 was listed, but what a " in refused.err
    assert "  The user of auth.conf must be allowed to list: lsfbvol, lspprc, " in refused.err
    assert "the role monitor suffices" in refused.err
    (hint,) = strict.flashd("enroll", "due", "--json").json["services"][0]["hints"]
    assert hint in refused.err
    assert "flashd.hint" not in strict.flashd("status", "--json").out
    assert "not enrolled" in strict.flashd("resync", "due").err


def test_usage_is_told_before_anything_is_read(strict: Home) -> None:
    assert strict.flashd("enroll").status == 2
    unknown = strict.flashd("enroll", "deu")
    assert unknown.status == 2
    assert "did you mean 'due'" in unknown.err
    assert strict.array.logins() == ()


def test_the_daemon_never_enrolls_and_goes_on_once_a_person_has(site: Site) -> None:
    site.settings["require_enrolment"] = True
    site.service("db", PAIR)
    with site.daemon() as daemon:
        refused = daemon.until("resync-refused", "db")
        assert "is not enrolled" in refused["event"]["reason"]
        assert site.run("enroll", "db").returncode == 0
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert daemon.actions().count("resync-refused") == 1
    assert site.sent() == 1
