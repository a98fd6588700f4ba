"""`flashd hold` and `flashd release`, by themselves and beside the real daemon."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.home import ARRAY, Home
from tests.e2e.site import OTHER, SERIAL, Site, eventually

if TYPE_CHECKING:
    from subprocess import CompletedProcess

PAIRS = ("0001:0002", "0101:0102")
WHY = ("--reason", "moving the rack")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def due(home: Home) -> Home:
    home.service("due", *PAIRS, sync_max_delay="25h")
    return home


def scopes(home: Home) -> list[str]:
    return [one["scope"] for one in home.flashd("hold", "--json").json["holds"]]


def test_a_held_service_is_refused_with_exit_4_force_or_not(due: Home) -> None:
    done = due.flashd("hold", "due", *WHY)
    assert done.status == 0
    assert done.out == "service due: held until it is released: moving the rack\n"
    for words in (("due",), ("due", "--force"), ("due", "--dry-run"), ("due", "--force", "--json")):
        refused = due.flashd("resync", *words)
        assert refused.status == 4, refused.err
        assert "moving the rack" in refused.out + refused.err
    (run,) = refused.json["runs"]
    assert (run["outcome"], run["exit_code"], run["commands"]) == ("refused", 4, [])
    assert due.changing == []
    assert due.flashd("release", "due").status == 0
    assert due.flashd("resync", "due").status == 0
    assert len(due.changing) == 1


@pytest.mark.parametrize(
    "scope", [["--array", ARRAY], ["--array", ARRAY.lower()], ["--all"]], ids=str
)
def test_an_array_or_everything_can_be_held(due: Home, scope: list[str]) -> None:
    assert due.flashd("hold", *scope, *WHY).status == 0
    assert due.flashd("resync", "due").status == 4
    assert due.flashd("release", *scope).status == 0
    assert due.flashd("resync", "due").status == 0


def test_status_and_why_show_it_and_the_status_stays(due: Home) -> None:
    due.flashd("status", "--refresh")
    before = due.flashd("status", "--json").json["services"][0]
    assert before["hold"] is None
    due.flashd("hold", "due", "--until", "4h", *WHY)
    done = due.flashd("status", "--json")
    (service,) = done.json["services"]
    hold = service.pop("hold")
    assert set(hold) == {"scope", "until", "reason", "by", "since"}
    assert (hold["scope"], hold["reason"]) == ("service due", "moving the rack")
    assert INSTANT.fullmatch(hold["until"])
    assert INSTANT.fullmatch(hold["since"])
    assert service["next"] == {"at": hold["until"], "reason": "hold"}
    for same in ("status", "reasons", "last_resync", "stale_at", "resources"):
        assert service[same] == before[same]
    line = due.flashd("status").out.splitlines()[-1]
    assert "(service due): moving the rack" in line
    assert "(hold)" in line
    document = due.flashd("why", "due", "--json").json
    assert document["hold"] == hold
    holding = [link for link in document["chain"] if not link["lets"]]
    assert holding[0]["name"] == document["chain"][0]["name"] == "hold"
    told = due.flashd("why", "due").out
    assert re.search(r"^ +HOLDS +hold: held by \S+ until .*moving the rack$", told, re.MULTILINE)


def test_held_for_good_there_is_no_next_time(due: Home) -> None:
    due.flashd("hold", "--all", *WHY)
    (service,) = due.flashd("status", "--json").json["services"]
    assert service["next"] is None
    assert service["hold"]["until"] is None
    told = due.flashd("status").out
    assert "when released" in told
    assert "never  " not in told
    assert due.flashd("why", "due").out.endswith("\nnext       when released\n")
    assert re.search(r"^all +until released ", due.flashd("hold").out, re.MULTILINE)


def test_hold_alone_tells_the_holds(due: Home) -> None:
    assert due.flashd("hold", "--json").json == {"version": 1, "holds": []}
    due.flashd("hold", "due", "--array", ARRAY, "--until", "1d", *WHY)
    holds = due.flashd("hold", "--json").json["holds"]
    assert [one["scope"] for one in holds] == [f"array {ARRAY}", "service due"]
    assert len({one["until"] for one in holds}) == 1
    told = due.flashd("hold").out
    assert "until released" not in told
    assert "service due" in told
    assert told.count("moving the rack") == 2


@pytest.mark.parametrize("nothing", ["0", "0s", "0h"])
def test_no_time_at_all_ends_no_hold(due: Home, nothing: str) -> None:
    due.flashd("hold", "due", *WHY)
    done = due.flashd("hold", "due", "--until", nothing, *WHY)
    assert done.status == 2
    assert "flashd release" in done.err
    (hold,) = due.flashd("hold", "--json").json["holds"]
    assert hold["until"] is None


def test_the_json_of_hold_and_release(due: Home) -> None:
    due.flashd("status", "--refresh")
    document = due.flashd("hold", "due", "--until", "1h", "--json", *WHY).json
    assert set(document) == {
        "version",
        "holds",
        "services",
        "replaced",
        "open_runs",
        "withdrawn",
        "stale",
    }
    assert document["services"] == ["due"]
    assert [one["service"] for one in document["stale"]] == ["due"]
    again = due.flashd("hold", "due", "--all", "--json", *WHY).json
    assert again["replaced"] == document["holds"]
    released = due.flashd("release", "due", "--json").json
    assert set(released) == {"version", "released", "remaining"}
    assert released["released"] == [one for one in again["holds"] if one["scope"] != "all"]
    assert released["remaining"] == [one for one in again["holds"] if one["scope"] == "all"]


def test_the_time_is_told_in_both_zones(due: Home) -> None:
    settings = due.etc / "flashd.yaml"
    settings.write_text(settings.read_text() + "timezone: Asia/Tokyo\n")
    done = due.flashd("hold", "due", "--until", "2031-01-02T06:00", *WHY)
    assert done.out == (
        "service due: held until 2031-01-02T06:00:00+09:00 Asia/Tokyo (2031-01-01T21:00:00Z): "
        "moving the rack\n"
    )
    assert "replaced" not in done.err
    shorter = due.flashd("hold", "due", "--until", "4h", *WHY)
    assert re.search(r"^replaced: held by \S+ until 2031-01-01T21:00:00Z", shorter.err)


BAD: dict[str, tuple[list[str], str]] = {
    "no reason": (["due"], "--reason is missing"),
    "a blank reason": (["due", "--reason", " \t"], "--reason is missing"),
    "a novel": (["due", "--reason", "x" * 1001], "more than 1000 characters"),
    "an unknown service": (["dew", *WHY], "there is no service 'dew'; did you mean 'due'?"),
    "one of two is unknown": (["due", "dew", *WHY], "did you mean 'due'?"),
    "an unknown array": (
        ["due", "--array", "IBM.2107-75ABC0", *WHY],
        f"there is no array 'IBM.2107-75ABC0'; did you mean '{ARRAY}'?",
    ),
    "an empty name": (["", *WHY], "empty"),
    "the past": (["due", "--until", "2020-01-01T00:00", *WHY], "is past"),
    "no time": (["due", "--until", "soon", *WHY], "neither a time nor a duration"),
    "no scope": ([*WHY], "name services, --array A or --all"),
    "a time without a scope": (["--until", "4h"], "name services, --array A or --all"),
}


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD.keys())
def test_a_mistake_holds_nothing(due: Home, words: list[str], said: str) -> None:
    done = due.flashd("hold", *words)
    assert (done.status, done.out) == (2, "")
    assert said in " ".join(done.err.split())
    assert scopes(due) == []


def test_release_wants_a_name_that_is_known_or_held(due: Home) -> None:
    assert due.flashd("release").status == 2
    done = due.flashd("release", "dew")
    assert done.status == 2
    assert "did you mean 'due'?" in done.err
    done = due.flashd("release", "due")
    assert (done.status, done.out, done.err) == (0, "", "service due: was not held\n")


def test_releasing_one_scope_tells_what_still_binds(due: Home) -> None:
    due.flashd("hold", "due", "--array", ARRAY, *WHY)
    done = due.flashd("release", "due")
    assert done.status == 0
    assert done.out.startswith("service due: released, was held by ")
    assert re.search(rf"^still held by \S+ until .*\(array {ARRAY}\): moving the rack$", done.err)
    assert due.flashd("resync", "due").status == 4


def test_a_hold_of_what_is_gone_stays_until_it_is_released(due: Home) -> None:
    due.service("gone", "0201:0202")
    due.flashd("hold", "gone", *WHY)
    (due.etc / "services.d" / "gone.yaml").unlink()
    assert scopes(due) == ["service gone"]
    assert "did you mean 'gone'" in due.flashd("release", "gon").err
    assert due.flashd("hold", "gone", *WHY).status == 2
    assert due.flashd("release", "gone").status == 0
    assert scopes(due) == []


def test_a_reason_commands_no_terminal(due: Home) -> None:
    due.flashd("hold", "due", "--reason", "\x1b]0;evil\x07\nsecond")
    outputs = [due.flashd("hold"), due.flashd("status"), due.flashd("why", "due")]
    outputs += [due.flashd("resync", "due"), due.flashd("release", "due")]
    for done in outputs:
        text = done.out + done.err
        assert r"\x1b]0;evil\x07\nsecond" in text
        assert "\x1b" not in text
        assert "\nsecond" not in text


def test_history_tells_who_held_whom_back(due: Home) -> None:
    due.flashd("hold", "due", *WHY)
    due.flashd("resync", "due")
    (run,) = due.flashd("history", "due", "--json").json["runs"]
    assert (run["outcome"], run["steps"], run["trigger"]) == ("refused", [], "person")
    assert "moving the rack" in run["reason"]


def run_both(site: Site, *words: tuple[str, ...]) -> list[CompletedProcess[str]]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda one: site.run(*one), words))


def test_two_people_at_once(site: Site) -> None:
    site.service("db", *PAIRS)
    one, two = run_both(site, ("hold", "db", "--reason", "one"), ("hold", "db", "--reason", "two"))
    assert (one.returncode, two.returncode) == (0, 0)
    assert ("replaced" in one.stderr) != ("replaced" in two.stderr), "one came after the other"
    (held,) = site.json("hold")["holds"]
    assert held["reason"] == ("one" if "replaced" in one.stderr else "two")
    both = run_both(site, ("release", "db"), ("release", "db"))
    assert [done.returncode for done in both] == [0, 0]
    assert sorted("released" in done.stdout for done in both) == [False, True]
    assert sorted("was not held" in done.stderr for done in both) == [False, True]


def decided(daemon: Any, service: str, reason: str) -> bool:  # noqa: ANN401 - a site's
    return any(
        event["event"]["action"] == "decision-changed"
        and event["flashd"]["service"]["name"] == service
        and event["event"]["reason"] == reason
        for event in daemon.events()
    )


def test_the_daemon_leaves_a_held_service_alone_and_resyncs_when_it_is_released(
    site: Site,
) -> None:
    site.service("db", *PAIRS)
    site.service("web", "0201:0202")
    assert site.run("hold", "db", *WHY).returncode == 0
    with site.daemon() as daemon:
        daemon.until("resync-completed", "web")
        eventually(lambda: decided(daemon, "db", "held"))
        assert not site.fresh(*PAIRS)
        assert site.run("release", "db").returncode == 0
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
        assert "resync-refused" not in daemon.actions()
    assert site.fresh(*PAIRS)
    assert site.sent() == 2


def test_the_daemon_goes_on_by_itself_when_the_time_has_come(site: Site) -> None:
    site.service("db", *PAIRS)
    site.run("hold", "--array", SERIAL, *WHY)
    with site.daemon() as daemon:
        eventually(lambda: decided(daemon, "db", "held"))
        assert site.sent() == 0
        assert site.run("hold", "--array", SERIAL, "--until", "2s", *WHY).returncode == 0
        lifted = daemon.until("hold-lifted")
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert lifted["event"]["code"] == "FD-2042"
    assert lifted["flashd"]["hold"]["scope"] == f"array {SERIAL}"
    assert site.json("hold")["holds"] == []
    assert site.fresh(*PAIRS)


def test_a_hold_laid_on_a_running_daemon_binds_it_at_once(site: Site) -> None:
    """The guard says up until the hold is there; then nothing else is in the way."""
    site.service("db", *PAIRS)
    site.says("db", 1)
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        assert site.run("hold", "--all", *WHY).returncode == 0
        site.says("db", 0)
        eventually(lambda: decided(daemon, "db", "held"))
        assert site.run("resync", "db").returncode == 4
        assert site.sent() == 0
        assert daemon.stop() == 0


def test_a_service_on_two_arrays_is_held_by_the_other(site: Site) -> None:
    site.service("both", "0001:0002", serials=(SERIAL, OTHER))
    site.run("hold", "--array", OTHER, *WHY)
    assert site.run("resync", "both").returncode == 4
    assert not site.sent()
    assert not site.sent(serial=OTHER)


def test_a_hold_names_the_run_that_goes_on(site: Site) -> None:
    site.service("db", *PAIRS)
    site.array().add_fault("hang", "resyncflash", position="before", seconds=4)
    resync = subprocess.Popen(site.command("resync", "db"), env=site.variables)
    eventually(site.sent)
    done = site.run("hold", "db", *WHY)
    assert done.returncode == 0
    assert re.search(r"^run \w{26} of db has sent its command or is about to", done.stderr)
    assert resync.wait(60) == 0
    assert site.run("resync", "db").returncode == 4
    assert site.sent() == 1


def test_a_broken_file_keeps_nobody_from_holding_what_the_daemon_runs_on(site: Site) -> None:
    site.service("db", PAIRS[0], hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        (site.etc / "services.d" / "all.yaml").write_text("{")
        laid = site.run("hold", "db", *WHY)
        assert laid.returncode == 0
        assert "going by the one accepted at" in laid.stderr
        assert "db" in site.run("hold").stdout
        assert site.run("hold", "other", *WHY).returncode == 2
        released = site.run("release", "db")
        assert released.returncode == 0
        assert "released" in released.stdout
        assert site.run("hold", "--all", *WHY).returncode == 0
        assert daemon.stop() == 0


def test_without_an_accepted_one_a_broken_file_is_told(site: Site) -> None:
    (site.etc / "services.d" / "all.yaml").write_text("{")
    done = site.run("hold", "--all", *WHY)
    assert done.returncode == 2
    assert "all.yaml:2:1: expected a value" in done.stderr
