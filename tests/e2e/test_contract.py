"""Every command as a real process: exit codes and documents as the contract has them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.site import BIN, FLASHD, SERIAL, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAIRS = ("0001:0002", "0101:0102")
COMMAND = f"resyncflash -dev {SERIAL} -persist -record -cp 0001:0002 0101:0102"

Shape = "type | tuple[type, ...] | dict[str, Shape] | list[Shape] | Optional"


class Optional:
    """Something, or null."""

    def __init__(self, shape: object) -> None:
        self.shape = shape


INSTANT = str
NEXT = Optional({"at": INSTANT, "reason": str})
PAIR = {
    "id": str,
    "present": Optional(bool),
    "state": Optional(str),
    "recording": Optional(bool),
    "persistent": Optional(bool),
    "out_of_sync_tracks": Optional(int),
    "synced": Optional(str),
}
HOLD = {"scope": str, "until": Optional(INSTANT), "reason": str, "by": str, "since": INSTANT}
STATUS = {
    "version": int,
    "generated_at": INSTANT,
    "services": [
        {
            "name": str,
            "status": str,
            "reasons": [str],
            "last_resync": Optional(INSTANT),
            "age_seconds": Optional(int),
            "sync_min_delay_seconds": int,
            "sync_max_delay_seconds": int,
            "stale_at": Optional(INSTANT),
            "next": NEXT,
            "hold": Optional(HOLD),
            "resources": [
                {"id": str, "array": str, "observed_at": Optional(INSTANT), "pairs": [PAIR]}
            ],
        }
    ],
}
RESYNC = {
    "version": int,
    "runs": [
        {
            "service": str,
            "outcome": str,
            "reason": str,
            "exit_code": int,
            "run": Optional(str),
            "commands": [str],
            "evidence": [dict],
        }
    ],
}


def departures(found: object, shape: object, path: str = "$") -> list[str]:
    """Tell where a document has another shape: a field too many, too few, or of another kind."""
    match shape:
        case Optional():
            return [] if found is None else departures(found, shape.shape, path)
        case dict() if isinstance(found, dict):
            odd = [f"{path}.{name}" for name in found.keys() ^ shape.keys()]
            known = [name for name in shape if name in found]
            return odd + [
                one
                for name in known
                for one in departures(found[name], shape[name], f"{path}.{name}")
            ]
        case [of] if isinstance(found, list):
            return [one for item in found for one in departures(item, of, f"{path}[]")]
        case type() if type(found) is shape:
            return []
        case _:
            return [f"{path} is {found!r}"]


def only(document: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON may be anything  # noqa: ANN401 - JSON is anything
    (one,) = document[name]
    return one


# status


def test_status_before_anything_was_seen(site: Site) -> None:
    site.service("db", *PAIRS)
    done = site.run("status", "--json")
    assert done.returncode == 3
    assert done.stderr == ""
    document = site.json("status")
    assert departures(document, STATUS) == []
    service = only(document, "services")
    assert service["status"] == "unknown"
    assert service["reasons"] == [f"never observed on {SERIAL}"]
    assert [service[key] for key in ("last_resync", "age_seconds", "stale_at")] == [None] * 3
    pair = service["resources"][0]["pairs"][0]
    assert pair == {"id": "0001:0002", **dict.fromkeys(PAIR.keys() - {"id"})}


def test_status_of_what_is_too_old(site: Site) -> None:
    site.service("db", *PAIRS, hours=30, sync_min_delay="6h", sync_max_delay="25h")
    done = site.run("status", "--refresh", "--json")
    assert done.returncode == 3
    document = site.json("status")
    assert departures(document, STATUS) == []
    service = only(document, "services")
    assert service["status"] == "warn"
    assert service["reasons"] == ["last resync 1d6h ago, more than sync_max_delay 1d1h"]
    assert service["sync_min_delay_seconds"] == 21600
    assert service["sync_max_delay_seconds"] == 90000
    assert 0 <= service["age_seconds"] - 30 * 3600 < 60
    pair = service["resources"][0]["pairs"][1]
    assert pair["id"] == "0101:0102"
    assert (pair["present"], pair["state"], pair["out_of_sync_tracks"]) == (True, "Valid", 0)
    assert pair["synced"].split()[4] == "UTC"


def test_status_of_what_is_well_is_0(site: Site) -> None:
    site.service("db", *PAIRS, hours=1)
    site.service("old", "0201:0202", hours=99)
    assert site.run("status", "--refresh").returncode == 3
    assert site.run("status", "db").returncode == 0
    assert site.run("status", "old").returncode == 3
    assert [one["name"] for one in site.json("status", "db")["services"]] == ["db"]


def test_status_where_an_array_cannot_be_read(site: Site) -> None:
    site.service("db", *PAIRS, hours=1)
    site.run("status", "--refresh")
    site.array().add_fault("unreachable", "*", times=-1)
    done = site.run("status", "--refresh", "--json")
    assert done.returncode == 3
    service = only(site.json("status"), "services")
    assert service["status"] == "unknown"
    assert service["last_resync"] is not None, "what was proved stays proved"


def test_a_table_for_people(site: Site) -> None:
    site.service("db", *PAIRS, hours=1)
    done = site.run("status", "--refresh")
    assert done.returncode == 0
    assert "db" in done.stdout
    assert "up" in done.stdout
    assert done.stderr == ""


# resync


def test_resync_done(site: Site) -> None:
    site.service("db", *PAIRS)
    done = site.run("resync", "db", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert site.fresh(*PAIRS)
    only_run = only(site.json("history"), "runs")
    assert only_run["outcome"] == "done"
    assert only_run["by"]


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["for real", "dry"])
def test_resync_refused(site: Site, more: tuple[str, ...]) -> None:
    site.service("db", *PAIRS, hours=2, sync_min_delay="6h")
    done = site.run("resync", "db", *more)
    assert done.returncode == 4
    assert "sync_min_delay 6h" in done.stderr
    site.says("db", 1)
    document = site.json("resync", "db", "--force", *more)
    assert departures(document, RESYNC) == []
    run = only(document, "runs")
    assert (run["outcome"], run["exit_code"]) == ("refused", 4)
    assert "look" in run["reason"] or "exit" in run["reason"]
    site.says("db", 0)
    site.array().drop_relation(PAIRS[1])
    done = site.run("resync", "db", "--force", *more)
    assert done.returncode == 4
    assert f"mkflash -dev {SERIAL} -record -persist -cp {PAIRS[1]}" in done.stderr.replace(
        "\n", " "
    )
    assert not site.sent()


def test_a_dry_run_prints_the_commands_one_a_line(site: Site) -> None:
    site.service("db", *PAIRS)
    done = site.run("resync", "db", "--dry-run")
    assert done.returncode == 0
    assert COMMAND in done.stdout.splitlines()
    run = only(site.json("resync", "db", "--dry-run"), "runs")
    assert (run["outcome"], run["exit_code"], run["run"]) == ("planned", 0, None)
    assert run["commands"] == [COMMAND]
    assert not site.sent()
    assert site.json("history")["runs"] == []


def test_resync_failed(site: Site) -> None:
    site.service("db", *PAIRS)
    site.array().add_fault("refused", "resyncflash")
    document = site.json("resync", "db")
    assert departures(document, RESYNC) == []
    assert only(document, "runs")["exit_code"] == 1
    assert site.run("resync", "db").returncode == 0


def test_resync_unknown(site: Site) -> None:
    site.service("db", *PAIRS)
    site.array().add_fault("lie", "resyncflash")
    done = site.run("resync", "db")
    assert done.returncode == 5
    assert site.run("status").returncode == 3
    assert only(site.json("status"), "services")["status"] == "unknown"


def test_the_exit_code_of_several_is_the_first_of_5_1_4_0(site: Site) -> None:
    site.service("done", "0001:0002")
    site.service("refused", "0101:0102")
    site.service("failed", "0201:0202")
    site.service("unknown", "0301:0302")
    site.says("refused", 2)
    site.array().add_fault("refused", "*0201:0202*", times=-1)
    site.array().add_fault("lie", "*0301:0302*", times=-1)
    document = site.json("resync", "done", "refused", "failed", "unknown")
    codes = {run["service"]: run["exit_code"] for run in document["runs"]}
    assert codes == {"done": 0, "refused": 4, "failed": 1, "unknown": 5}
    assert list(codes) == ["done", "refused", "failed", "unknown"], "in the order asked"
    assert site.run("resync", "refused", "done").returncode == 4
    assert site.run("resync", "failed", "refused").returncode == 1


# plan, why, history, schedule, check


def test_plan_prints_commands_and_nothing_else(site: Site) -> None:
    many = [f"{number:02X}01:{number:02X}02" for number in range(60)]
    site.service("big", *many)
    done = site.run("plan", "big")
    assert done.returncode == 0
    assert done.stdout == f"resyncflash -dev {SERIAL} -persist -record -cp {' '.join(many)}\n"
    assert "no array was observed yet" in done.stderr
    assert not site.array().logins()


def test_plan_asks_no_array_and_needs_no_login(site: Site) -> None:
    site.service("db", *PAIRS)
    (site.etc / "auth.conf").unlink()
    document = site.json("plan", "db")
    assert only(document, "services")["commands"] == [COMMAND]


def test_why_tells_what_holds_it(site: Site) -> None:
    site.service("db", *PAIRS, hours=1)
    site.run("status", "--refresh")
    document = site.json("why", "db")
    assert document["version"] == 1
    due = next(one for one in document["chain"] if one["name"] == "due")
    assert due["lets"] is False
    assert "younger" in due["words"]
    done = site.run("why", "db")
    assert done.returncode == 0
    assert "HOLDS" in done.stdout


def test_history_keeps_evidence_and_commands(site: Site) -> None:
    site.service("db", *PAIRS)
    site.says("db", 1)
    site.run("resync", "db")
    site.says("db", 0)
    site.run("resync", "db")
    document = site.json("history", "db", "--limit", "9")
    done, refused = document["runs"]
    assert (done["outcome"], refused["outcome"]) == ("done", "refused")
    assert done["commands"] == [COMMAND]
    assert done["steps"][0]["pairs"] == dict.fromkeys(PAIRS, "accepted")
    assert refused["evidence"][0]["verdict"] == "up"
    assert len(site.json("history", "--limit", "1")["runs"]) == 1


def test_schedule_reads_no_configuration(site: Site) -> None:
    document = site.json("schedule", "--from", "2015-02-27T08:00:00", "--count", "2", "09:00 sat")
    assert document == {"version": 1, "next": ["2015-02-28T09:00:00", "2015-03-07T09:00:00"]}
    zoned = site.json(
        "schedule",
        "--from",
        "2026-10-24T00:00",
        "--timezone",
        "Europe/Paris",
        "--count",
        "2",
        "09:00",
    )
    assert zoned["next"] == ["2026-10-24T09:00:00+02:00", "2026-10-25T09:00:00+01:00"]
    assert site.json("schedule", "--from", "2026-01-01", "*@0") == {"version": 1, "next": []}
    assert site.run("schedule", "25:00").returncode == 2


def test_check_tells_every_mistake_at_once(site: Site) -> None:
    site.service("db", *PAIRS)
    assert site.run("check").returncode == 0
    site.services["db"]["sync_max_delay"] = "never"
    site.services["db"]["schedule"] = "25:00-26:00"
    site.write()
    done = site.run("check")
    assert done.returncode == 2
    assert done.stdout == ""
    assert all(
        line.startswith(f"{site.etc}/services.d/all.yaml:1:") for line in done.stderr.splitlines()
    )
    assert len(done.stderr.splitlines()) >= 2
    assert len(site.json("check")["mistakes"]) >= 2


NEEDS_SERVICE = ("resync", "plan", "why", "status")


@pytest.mark.parametrize("command", NEEDS_SERVICE)
def test_an_unknown_service_is_wrong_use(site: Site, command: str) -> None:
    site.service("payroll", *PAIRS)
    done = site.run(command, "payrol")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "did you mean 'payroll'" in done.stderr


@pytest.mark.parametrize(
    "words",
    [("resync",), ("plan",), ("why",), ("frobnicate",), ("resync", "--frob", "db"), ("schedule",)],
    ids=" ".join,
)
def test_wrong_use(site: Site, words: tuple[str, ...]) -> None:
    site.service("db", *PAIRS)
    assert site.run(*words).returncode == 2


@pytest.mark.parametrize("command", [("resync", "db"), ("status",), ("plan", "db"), ("history",)])
def test_a_configuration_error_ends_everything(site: Site, command: tuple[str, ...]) -> None:
    site.service("db", *PAIRS)
    site.services["db"]["sync_max_delay"] = "never"
    site.write()
    done = site.run(*command)
    assert done.returncode == 2
    assert "all.yaml:1:" in done.stderr
    assert not site.array().logins()


def test_what_there_is_to_see_is_shown_by_the_accepted_configuration(site: Site) -> None:
    site.service("db", *PAIRS, hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        assert daemon.stop() == 0
    assert site.run("status", "--refresh").returncode == 0
    logins = len(site.array().logins())
    site.services["db"]["sync_max_delay"] = "never"
    site.service("extra", "0003:0004")
    site.write()
    for words in (("status", "--refresh"), ("why", "db"), ("history", "db")):
        done = site.run(*words)
        assert done.returncode == 2, words
        assert "all.yaml:1:" in done.stderr
        assert "what is shown is by the one accepted at 20" in done.stderr
        assert ("the arrays are not asked" in done.stderr) == ("--refresh" in words)
        assert "extra" not in done.stdout
        assert json.loads(site.run(*words, "--json").stdout)["version"] == 1
    assert "db" in site.run("status").stdout
    (shown,) = json.loads(site.run("status", "--json").stdout)["services"]
    assert (shown["name"], shown["status"]) == ("db", "up")
    assert "db is up" in site.run("why", "db").stdout
    assert len(site.array().logins()) == logins


# what can be wrong around it


def no_dscli(site: Site) -> None:
    site.settings["dscli"]["path"] = str(site.root / "nowhere" / "dscli")


def not_executable(site: Site) -> None:
    copy = site.root / "dscli"
    shutil.copy(BIN / "flashd-dscli", copy)
    copy.chmod(0o644)
    site.settings["dscli"]["path"] = str(copy)


def hanging(site: Site) -> None:
    site.array().add_fault("login-hang", "*", times=-1)
    site.settings["dscli"]["timeout"] = "1s"


def nonsense(site: Site) -> None:
    site.settings["dscli"]["path"] = "/bin/true"


@pytest.mark.parametrize("trouble", [no_dscli, not_executable, hanging, nonsense])
def test_a_dscli_that_does_not_work_is_a_failure(
    site: Site, trouble: Callable[[Site], None]
) -> None:
    site.service("db", *PAIRS)
    trouble(site)
    site.write()
    done = site.run("resync", "db")
    assert done.returncode == 1
    assert "dscli" in done.stderr or "lsflash" in done.stderr
    assert "Traceback" not in done.stderr
    assert site.run("status").returncode == 3
    assert not site.sent()


def test_a_missing_pwfile_prints_the_line_that_makes_it(site: Site) -> None:
    site.service("db", *PAIRS)
    pwfile = site.state / f"{SERIAL}.pwfile"
    pwfile.unlink()
    done = site.run("resync", "db")
    assert done.returncode == 2
    line = f"managepwfile -action add -mc1 10.10.10.10 -pwfile {pwfile} -name opensvc -pw"
    assert line in done.stderr
    assert not site.array().logins()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_auth_conf_that_others_can_use(site: Site, mode: int) -> None:
    site.service("db", *PAIRS)
    (site.etc / "auth.conf").chmod(mode)
    done = site.run("resync", "db")
    assert done.returncode == 2
    assert "chmod 600" in done.stderr
    assert site.run("check").returncode == 2
    assert not site.array().logins()


def test_auth_conf_that_is_a_link(site: Site) -> None:
    site.service("db", *PAIRS)
    real = site.root / "real.conf"
    (site.etc / "auth.conf").rename(real)
    (site.etc / "auth.conf").symlink_to(real)
    assert site.run("resync", "db").returncode == 2
    (site.etc / "auth.conf").unlink()
    os.link(real, site.etc / "auth.conf")
    assert site.run("resync", "db").returncode == 2
    assert not site.array().logins()


def test_an_array_that_auth_conf_does_not_know(site: Site) -> None:
    site.service("db", *PAIRS)
    (site.etc / "auth.conf").write_text(
        "[IBM.2107-75AAA09]\ntype = ibmds\nhmc1 = 10.10.10.10\nusername = opensvc\n"
    )
    done = site.run("resync", "db")
    assert done.returncode == 2
    assert f"array {SERIAL} is not in" in done.stderr
    assert "all.yaml:1:" in done.stderr


def test_a_corrupt_store(site: Site) -> None:
    site.service("db", *PAIRS)
    (site.state / "flashd.db").write_bytes(b"this is no database" * 999)
    for words in (("resync", "db"), ("status",), ("history",)):
        done = site.run(*words)
        assert done.returncode == 1, words
        assert done.stdout == ""
        assert "flashd.db" in done.stderr
        assert "Traceback" not in done.stderr
    with site.daemon() as daemon:
        assert daemon.ended() == 1
        assert daemon.complaints() == ""
        assert daemon.actions()[-1] == "daemon-failed"
    assert not site.array().logins()


def test_a_missing_state_directory(site: Site) -> None:
    site.service("db", *PAIRS)
    site.settings["state"] = f"sqlite:///{site.root}/nowhere/flashd.db"
    site.write()
    done = site.run("status")
    assert done.returncode == 1
    assert "nowhere" in done.stderr


def test_the_state_can_be_named_on_the_command_line(site: Site) -> None:
    site.service("db", *PAIRS)
    other = site.state / "other.db"
    assert site.run("--state", f"sqlite:///{other}", "status").returncode == 3
    assert other.exists()
    assert not (site.state / "flashd.db").exists()


def test_the_configuration_can_be_named_in_the_environment(site: Site) -> None:
    site.service("db", *PAIRS)
    site.environment["FLASHD_CONFIG_DIR"] = str(site.etc)
    done = subprocess.run(
        [FLASHD, "plan", "db"], capture_output=True, text=True, check=False, env=site.variables
    )
    assert done.stdout == f"{COMMAND}\n"
