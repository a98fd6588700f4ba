"""The commands, their exit codes and their JSON, as users and scripts rely on them."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.e2e.home import ARRAY, AUTH, BIN, Home, long_ago

if TYPE_CHECKING:
    from pathlib import Path

RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002 0101:0102"
CANARY = "c4n4ry-geheim"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def due(home: Home) -> Home:
    home.service("due", "0001:0002", "0101:0102", sync_max_delay="25h")
    return home


def test_a_resync_is_done_and_the_target_holds_the_new_data(due: Home) -> None:
    due.array.write("0001")
    done = due.flashd("resync", "due")
    assert (done.status, done.out) == (0, "due: done, the array shows 2 of 2 pairs done\n")
    assert due.changing == [RESYNC]
    assert due.array.content("0002") == "0001@1"


def test_resync_json_has_what_the_contract_says(due: Home) -> None:
    (run,) = due.flashd("resync", "due", "--json").json["runs"]
    assert set(run) == {
        "service",
        "outcome",
        "reason",
        "exit_code",
        "run",
        "commands",
        "evidence",
    }
    assert (run["service"], run["outcome"], run["exit_code"]) == ("due", "done", 0)
    assert run["commands"] == [RESYNC]
    proof = run["evidence"][-1]
    assert [pair["shown"] for pair in proof["pairs"]] == ["done", "done"]
    assert [one["verdict"] for one in run["evidence"] if "guard" in one] == ["down", "down"]


def test_invariant_1_a_service_that_is_up_is_not_overwritten_force_or_not(due: Home) -> None:
    due.running("due").touch()
    for words in (["resync", "due"], ["resync", "--force", "due"]):
        done = due.flashd(*words)
        assert done.status == 4
        assert "up" in done.err
    assert due.changing == []


def test_a_dry_run_sends_nothing_and_prints_the_commands(due: Home) -> None:
    done = due.flashd("resync", "--dry-run", "due")
    assert done.status == 0
    assert done.out.splitlines()[0] == RESYNC
    assert due.changing == []
    assert (
        due.flashd("resync", "--dry-run", "due", "--json").json["runs"][0]["outcome"] == "planned"
    )


def test_a_dry_run_refuses_as_the_real_run_would(due: Home) -> None:
    due.array.set_relation("0001:0002", recording=False)
    assert due.flashd("resync", "--dry-run", "due").status == 4


def test_sync_min_delay_refuses_and_force_bypasses_it(home: Home) -> None:
    home.service("s", "0001:0002", hours=1, sync_min_delay="6h")
    refused = home.flashd("resync", "s")
    assert refused.status == 4
    assert "sync_min_delay 6h" in refused.err
    assert home.changing == []
    assert home.flashd("resync", "--force", "s").status == 0
    assert len(home.changing) == 1


def test_a_missing_pair_is_refused_with_the_line_that_makes_it(due: Home) -> None:
    due.array.drop_relation("0101:0102")
    done = due.flashd("resync", "due")
    assert done.status == 4
    assert "pair 0101:0102 is not on the array" in done.err
    assert f"mkflash -dev {ARRAY} -record -persist -cp 0101:0102" in done.err
    assert due.changing == []


def test_the_worst_of_several_services_is_the_exit_code(due: Home) -> None:
    due.service("busy", "0003:0004")
    due.running("busy").touch()
    done = due.flashd("resync", "busy", "due", "--json")
    assert done.status == 4
    assert [run["exit_code"] for run in done.json["runs"]] == [4, 0]


def test_status_before_anything_was_seen_is_unknown(due: Home) -> None:
    done = due.flashd("status", "--json")
    assert done.status == 3
    (service,) = done.json["services"]
    assert service["status"] == "unknown"
    assert service["last_resync"] is None
    assert service["resources"][0]["pairs"][0]["present"] is None
    assert due.array.journal() == ()


def test_status_json_has_what_the_contract_says(due: Home) -> None:
    done = due.flashd("status", "--refresh", "--json")
    document = done.json
    assert done.status == 3
    assert set(document) == {"version", "generated_at", "services"}
    (service,) = document["services"]
    assert set(service) == {
        "name",
        "status",
        "reasons",
        "last_resync",
        "age_seconds",
        "sync_min_delay_seconds",
        "sync_max_delay_seconds",
        "stale_at",
        "next",
        "hold",
        "resources",
    }
    assert service["status"] == "warn"
    assert service["reasons"] == ["last resync 1d2h ago, more than sync_max_delay 1d1h"]
    assert service["sync_max_delay_seconds"] == 90000
    assert 26 * 3600 <= service["age_seconds"] < 26 * 3600 + 120
    assert all(INSTANT.fullmatch(service[key]) for key in ("last_resync", "stale_at"))
    (resource,) = service["resources"]
    assert resource["id"] == "sync#1"
    assert resource["pairs"][0] | {"synced": ""} == {
        "id": "0001:0002",
        "present": True,
        "state": "Valid",
        "recording": True,
        "persistent": True,
        "out_of_sync_tracks": 0,
        "synced": "",
    }


def test_status_is_0_once_every_service_is_up(due: Home) -> None:
    due.flashd("resync", "due")
    done = due.flashd("status", "due")
    assert done.status == 0
    assert re.search(r"^due +up +\d+s", done.out, re.MULTILINE)


def test_an_array_that_cannot_be_read_is_unknown_and_exit_3(due: Home) -> None:
    due.array.add_fault("unreachable", times=-1)
    done = due.flashd("status", "--refresh", "--json")
    assert done.status == 3
    assert done.json["services"][0]["status"] == "unknown"
    assert "could not be read" in " ".join(done.json["services"][0]["reasons"])


def test_a_resync_on_an_array_that_cannot_be_reached_fails(due: Home) -> None:
    due.array.add_fault("unreachable", times=-1)
    assert due.flashd("resync", "due").status == 1


def test_a_lost_answer_is_done_if_the_array_shows_it(due: Home) -> None:
    due.array.add_fault("lost-answer", "resyncflash")
    assert due.flashd("resync", "due").status == 0


def test_invariant_5_a_lie_is_unknown_until_the_array_is_read_again(due: Home) -> None:
    due.array.add_fault("lie", "resyncflash")
    done = due.flashd("resync", "due", "--json")
    assert done.status == 5
    assert done.json["runs"][0]["outcome"] == "unknown"
    service = due.flashd("status", "--refresh", "--json").json["services"][0]
    assert service["status"] == "unknown"
    assert "the array may carry it out until" in json.dumps(service)
    long_ago(due.path / "state" / "flashd.db")
    assert due.flashd("status", "--refresh", "--json").json["services"][0]["status"] == "warn"
    assert due.flashd("history", "due", "--json").json["runs"][0]["outcome"] == "failed"


def test_a_refusal_of_the_array_is_a_failure(due: Home) -> None:
    due.array.add_fault("refused", "resyncflash")
    done = due.flashd("resync", "due")
    assert done.status == 1


def test_plan_prints_the_commands_and_nothing_else_on_standard_output(due: Home) -> None:
    done = due.flashd("plan", "due")
    assert (done.status, done.out) == (0, f"{RESYNC}\n")
    assert due.array.journal() == ()


def test_plan_of_the_two_steps(home: Home) -> None:
    home.service("s", "0001:0002")
    file = home.etc / "services.d" / "s.yaml"
    file.write_text(file.read_text() + "        recording: false\n        bgcopy: false\n")
    assert home.flashd("plan", "s").out.splitlines() == [
        f"rmflash -dev {ARRAY} -quiet 0001:0002",
        f"mkflash -dev {ARRAY} -persist -nocp 0001:0002",
    ]


def test_why_says_what_holds_it_back(due: Home) -> None:
    due.running("due").touch()
    due.flashd("resync", "due")
    done = due.flashd("why", "due")
    assert done.status == 0
    assert re.search(r"HOLDS +guard command .*is-down.*: up", done.out)
    document = due.flashd("why", "due", "--json").json
    assert document["decision"] == "refused"
    assert [link["name"] for link in document["chain"] if not link["lets"]] == ["last turn"]
    assert INSTANT.fullmatch(document["look_at"])
    since = r"(last looked at \S+ ago, with the same outcome|the next look is due since \S+Z)"
    assert re.search(rf"\(told at \S+Z; {since}\)$", done.out, re.MULTILINE)


def test_status_says_what_refused_it(due: Home) -> None:
    due.running("due").touch()
    due.flashd("resync", "due")
    (service,) = due.flashd("status", "--json").json["services"]
    reason = due.flashd("why", "due", "--json").json["reason"]
    assert "is-down" in reason
    assert service["reasons"][1:] == [f"last turn refused: {reason}"]
    line = due.flashd("status").out.splitlines()[-1]
    assert re.search(r"now \(\S+\)  last resync .*; last turn refused: \S+", line)
    whole = f"last turn refused: {reason}"
    assert (whole in line) == (len(whole) <= 120)
    due.running("due").unlink()
    due.flashd("resync", "due")
    assert "refused" not in due.flashd("status").out


def test_history_keeps_refusals_with_their_evidence(due: Home) -> None:
    due.running("due").touch()
    due.flashd("resync", "due")
    due.running("due").unlink()
    due.flashd("resync", "due")
    done, refused = due.flashd("history", "due", "--json").json["runs"]
    assert (done["outcome"], refused["outcome"]) == ("done", "refused")
    assert refused["evidence"][0]["verdict"] == "up"
    assert done["steps"][0]["pairs"] == {"0001:0002": "accepted", "0101:0102": "accepted"}
    first = due.flashd("history", "--limit", "1", "--json")
    assert (first.json["runs"], first.err) == ([done], "")
    assert due.flashd("history", "--limit", "1").err == "older runs are not shown, --limit is 1\n"
    assert due.flashd("history", "--limit", "2").err == ""


@pytest.mark.parametrize("command", ["status", "resync", "plan", "why", "history"])
def test_an_unknown_service_is_a_usage_error_with_the_nearest_name(due: Home, command: str) -> None:
    done = due.flashd(command, "dew")
    assert done.status == 2
    assert "did you mean 'due'" in done.err
    assert done.out == ""


def test_schedule_reads_no_configuration(home: Home) -> None:
    (home.etc / "flashd.yaml").write_text("{broken")
    words = ("--from", "2015-02-27 10:00", "--count", "2", "--json", "09:00-09:20")
    assert home.flashd("schedule", *words).json == {
        "version": 1,
        "next": ["2015-02-28T09:00:00", "2015-03-01T09:00:00"],
    }


def test_a_schedule_that_never_opens_is_an_empty_list(home: Home) -> None:
    assert home.flashd("schedule", "--json", "@0").json["next"] == []


def test_an_invalid_schedule_is_exit_2(home: Home) -> None:
    done = home.flashd("schedule", "--json", "25:00")
    assert (done.status, done.out) == (2, "")
    assert done.err


def test_check_tells_every_mistake_at_once_with_its_place(due: Home) -> None:
    (due.etc / "services.d" / "bad.yaml").write_text(
        "services:\n  a:\n    shedule: '*'\n    guards: []\n    sync: {}\n"
    )
    done = due.flashd("check")
    assert done.status == 2
    assert re.search(r"services.d/bad.yaml:3:5: .*schedule", done.err)
    assert re.search(r"services.d/bad.yaml:4:\d+: ", done.err)


def test_check_is_content_with_a_good_configuration(due: Home) -> None:
    done = due.flashd("check")
    assert (done.status, done.err) == (0, "")


def test_a_configuration_error_ends_everything_before_anything_is_sent(due: Home) -> None:
    (due.etc / "services.d" / "bad.yaml").write_text("services: [")
    assert due.flashd("resync", "due").status == 2
    assert due.array.journal() == ()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_auth_conf_that_others_can_read_is_refused_with_the_command(due: Home, mode: int) -> None:
    due.auth(mode=mode)
    done = due.flashd("resync", "due")
    assert done.status == 2
    assert "chmod 600" in done.err
    assert due.array.logins() == ()


def test_a_missing_password_file_prints_the_line_to_run(due: Home) -> None:
    (due.path / "state" / f"{ARRAY}.pwfile").unlink()
    done = due.flashd("resync", "due")
    assert done.status == 2
    assert "managepwfile -action add -mc1 10.10.10.10 -pwfile" in done.err


def test_an_array_that_is_not_in_auth_conf_is_told_with_its_place(due: Home) -> None:
    due.auth(text="[IBM.2107-75XYZ99]\ntype = ibmds\nhmc1 = 10.0.0.1\nusername = u\n")
    done = due.flashd("resync", "due")
    assert done.status == 2
    assert re.search(r"due.yaml:\d+:\d+: .*IBM.2107-75ABC01", done.err)


def test_a_missing_dscli_is_told(due: Home, tmp_path: Path) -> None:
    due.settings(path=str(tmp_path / "nothing"))
    done = due.flashd("resync", "due")
    assert done.status == 1
    assert "cannot be started" in done.err


def test_a_dscli_that_hangs_is_killed_and_the_outcome_is_unknown(due: Home) -> None:
    due.settings(timeout="2s")
    due.array.add_fault("hang", "resyncflash", position="before")
    done = due.flashd("resync", "due")
    assert done.status == 5
    assert "killed" in done.err
    status = due.flashd("status", "--json").out
    found = re.search("may carry it out until ([0-9T:-]+)Z", status)
    assert found
    entry = due.array.journal("resyncflash")[0]
    until = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    sent = datetime.fromtimestamp(entry.at, UTC)
    assert 21 <= (until - sent).total_seconds() <= 32, "dscli.timeout and dscli.in_doubt"


def test_a_corrupt_store_is_an_error_and_nothing_is_sent(due: Home) -> None:
    (due.path / "state" / "flashd.db").write_bytes(b"this is no database" * 100)
    done = due.flashd("resync", "due")
    assert done.status == 1
    assert "flashd.db" in done.err
    assert due.changing == []


def test_no_secret_is_in_anything_that_flashd_writes(home: Home) -> None:
    home.array.add_user("canary", CANARY, role="op_copy_services")
    pwfile = home.path / "state" / f"{ARRAY}.pwfile"
    words = ["-action", "add", "-mc1", "10.10.10.10", "-name", "canary", "-pw", CANARY]
    subprocess.run(
        [BIN / "flashd-dscli", "managepwfile", *words, "-pwfile", pwfile],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    home.auth(AUTH.replace("opensvc", "canary"))
    home.service("due", "0001:0002")
    commands = (["resync", "due", "--json"], ["history", "--json"], ["why", "due"], ["status"])
    done = [home.flashd(*words) for words in commands]
    assert done[0].status == 0
    assert CANARY not in "".join(one.out + one.err for one in done)
    stored = b"".join(file.read_bytes() for file in (home.path / "state").glob("flashd.db*"))
    assert CANARY.encode() not in stored


def test_another_state_can_be_named(due: Home, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    url = f"sqlite:///{tmp_path}/other/x.db"
    assert due.flashd("--state", url, "resync", "due").status == 0
    assert (tmp_path / "other" / "x.db").stat().st_mode & 0o777 == 0o600


def test_the_simulated_array_comes_by_entry_point(home: Home) -> None:
    assert home.flashd("sim", "faults").status == 0
    assert "sim         Make and drive simulated DS8000 arrays." in home.flashd("--help").out
    assert "Make and drive simulated DS8000 arrays" in home.flashd("sim", "--help").out
    assert (BIN / "flashd-dscli").exists()


def test_invariant_3_of_two_at_once_one_resyncs_and_the_other_sees_it_done(home: Home) -> None:
    home.service("s", "0001:0002", sync_min_delay="1h")
    home.array.switch("command_seconds", "0.3")
    both = [
        subprocess.Popen([BIN / "flashd", "resync", "s"], env=home.environment) for _ in range(2)
    ]
    assert sorted(one.wait(60) for one in both) == [0, 4]
    assert len(home.changing) == 1
