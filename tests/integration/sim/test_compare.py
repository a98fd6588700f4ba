"""flashd sim compare: flashd-dscli under moved switches, or bent by a wrapper, as the real one."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flashd.sim.array import Array
from flashd.sim.behaviours import COMPARE, of_switch
from flashd.sim.compare.probes import PROBES
from flashd.sim.hosts import access
from flashd.sim.switches import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

DSCLI = Path(sys.executable).with_name("flashd-dscli")
CODE = "from flashd.sim.cli import sim; sim(prog_name='flashd sim')"
SERIAL = "IBM.2107-75CANRY"
CANARIES = (
    "75CANRY",
    "10.77.66.55",
    "zanzibar",
    "canaryuser",
    "7766",
    "7767",
    "quux",
    "kremlin",
    "CMDB",
    "CMUN00018E",
)
ALIKE, FAILED, WRONG_USE, DIFFERENT = 0, 1, 2, 3


class Site:
    """A real array, as it were: a file, a password file, and perhaps a wrapper around dscli."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.array = Array.create(
            directory / "zanzibar.array", SERIAL, consoles=("10.77.66.55",), user="canaryuser"
        )
        self.array.add_volumes("7766", "7767")
        self.array.set_volume("7766", name="quux")
        self.array.set_volume("7767", name="CMDB0001A")
        self.array.establish("7766:7767")
        self.pwfile = directory / "zanzibar.pwfile"
        self.array.write_pwfile(self.pwfile, "canaryuser")
        self.dscli = DSCLI

    def wrap(self, script: str) -> None:
        """Put a shell script around the client, which it knows as $DSCLI."""
        self.dscli = self.directory / "dscli"
        self.dscli.write_text(f"#!/bin/sh\nDSCLI={DSCLI}\n{script}\n")
        self.dscli.chmod(0o755)

    def compare(self, *words: str | Path, **environment: str) -> CompletedProcess[str]:
        login = ("--hmc1", "10.77.66.55", "--user", "canaryuser", "--pwfile", self.pwfile)
        return self.bare("--dscli", self.dscli, *login, *words, **environment)

    def bare(self, *words: str | Path, **environment: str) -> CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CODE, "compare", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FLASHD_SIM": str(self.array.path), **environment},
            timeout=110,
        )

    def start(self, *words: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        login = ("--hmc1", "10.77.66.55", "--user", "canaryuser", "--pwfile", self.pwfile)
        command = ("compare", "--dscli", self.dscli, *login, *words)
        return subprocess.Popen(
            [sys.executable, "-c", CODE, *map(str, command)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "FLASHD_SIM": str(self.array.path), **environment},
        )

    def found(self, *words: str) -> dict[str, Any]:
        done = self.compare("--json", *words)
        assert done.returncode in {ALIKE, DIFFERENT}, done.stderr
        answer = json.loads(done.stdout)
        assert isinstance(answer, dict)
        return answer


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def test_the_simulator_is_like_itself(site: Site) -> None:
    done = site.compare()
    assert (done.returncode, done.stdout) == (
        ALIKE,
        f"{len(PROBES)} probes compared, {len(PROBES)} logins: alike\n",
    )
    assert not any(entry.acted for entry in site.array.journal())


SHOWN_BY = {
    "comments": ("script",),
    "script_session_banner": ("script",),
    "decimal_capacity": ("volumes",),
    "prompt_to": ("relations",),
    "session_banner": ("banners",),
    "banner_on_error": ("unknown-command",),
    "blank_line_after_answer": ("version",),
    "default_delimiter": ("comma",),
    "verbose_says": ("verbose",),
    "paging_in_stream": ("paging",),
    "errors_to": ("unknown-command",),
    "on_error": ("error-first",),
    "foreign_image_exit": ("other-image",),
    "stream_exit": ("error-first", "error-last"),
    "stream_prompt": ("relations",),
    "trailing_prompt": ("relations",),
    "banner_blank_line": ("version",),
    "date_zone": ("relations",),
    "extra_columns": ("relations",),
}
"""Probes that are enough; all, for a switch that is not named here."""
WORDS = {"date_zone": ("Europe/Paris",), "extra_columns": ("Safeguarded,Another",)}
TO_TRY = [
    (name, value)
    for name, switch in SWITCHES.items()
    if of_switch(name).way == COMPARE
    for value in WORDS.get(name, switch.accepts)
    if value not in {switch.default, "number", "text", "zone"}
]


@pytest.mark.parametrize(("name", "value"), TO_TRY)
def test_each_switch_that_a_listing_shows_is_found(site: Site, name: str, value: str) -> None:
    site.array.switch(name, value)
    found = site.found(*only(*SHOWN_BY.get(name, ())))
    assert found["differences"]
    assert found["moves"] == {name: value}
    assert all(one["switches"] == {name: value} for one in found["differences"])


def test_several_moved_switches_are_found_and_put_on_the_file(site: Site, tmp_path: Path) -> None:
    ours = Array.create(tmp_path / "ours.arr", "IBM.2107-75OURS1")
    ours.add_volumes("0001", "0002")
    ours.establish("0001:0002")
    moved = {"errors_to": "stdout", "stream_exit": "first-error", "banner_blank_line": "yes"}
    for name, value in moved.items():
        site.array.switch(name, value)
    probes = only("error-first", "error-last", "version")
    before = ours.path.read_bytes()
    done = site.compare(ours.path, *probes)
    assert done.returncode == DIFFERENT
    assert ours.path.read_bytes() == before
    for name, value in moved.items():
        assert f"flashd sim switch {ours.path} {name} {value}\n" in done.stdout
    assert site.compare(ours.path, *probes, "--apply").returncode == DIFFERENT
    assert dict(ours.switches.moved) == moved
    assert site.compare(ours.path, *probes).returncode == ALIKE
    assert ours.journal() == ()


BENT = {
    "crlf": ('"$DSCLI" "$@" | sed "s/$/\\r/"', "line ends", "line-ends"),
    "no rule": ('"$DSCLI" "$@" | sed /==/d', "answers", "answer-order"),
    "another exit code": ('"$DSCLI" "$@"; exit 6', "end", "none-found"),
    "stderr as stdout": ('"$DSCLI" "$@" 2>&1', "streams", "error-stream"),
    "a banner of its own": (
        '"$DSCLI" "$@" | sed "s/Date.Time: .* IBM/Date\\/Time: 2026-01-02T03:04:05+0100 IBM/"',
        "banner",
        "banner-form",
    ),
    "another message": ('"$DSCLI" "$@" 2>&1 | sed s/CMMCI9099E/CMMCI9001E/', "message ids",
                        "message-ids"),
    "another text": ('"$DSCLI" "$@" 2>&1 | sed "s/unknown command/kremlin 10.77.66.55/"',
                     "message texts", "message-texts"),
    "another column": ('"$DSCLI" "$@" | sed s/isTgtSE/kind/', "columns", "lsflash-columns"),
    "another date": ('"$DSCLI" "$@" | sed "s/ UTC / CEST /"', "dates", "date-form"),
    "blank lines": ('"$DSCLI" "$@"; echo', "blank lines", "blank-lines"),
}  # fmt: skip


@pytest.mark.parametrize(("script", "aspect", "behaviour"), BENT.values(), ids=BENT.keys())
def test_a_bent_answer_is_told_by_its_aspect(
    site: Site, script: str, aspect: str, behaviour: str
) -> None:
    exempt = 'case "$*" in *lssi*) exec "$DSCLI" "$@";; esac\n'
    site.wrap(exempt + script)
    found = site.found(*only("relations", "words", "unknown-command", "no-such-pair-alone"))
    assert (aspect, behaviour) in {
        (one["aspect"], one["behaviour"]) for one in found["differences"]
    }


def test_the_report_has_no_value_of_the_site(site: Site) -> None:
    site.wrap(
        'case "$*" in *lssi*) exec "$DSCLI" "$@";; esac\n'
        '"$DSCLI" "$@" 2>&1 | sed -e "s#unknown#kremlin $PWD#; s/isTgtSE/zanzibar.x/"'
        ' -e "/^==/a CMUN00018E kremlin,7766|quux:" -e "/^==/a CMDB0001A"\n'
        'echo kremlin zanzibar 75CANRY 10.77.66.55; echo "CMUN00001E quux: 7766 kremlin failed" >&2'
    )
    for words in ((), ("--json",)):
        done = site.compare(*words)
        assert done.returncode == DIFFERENT
        shown = done.stdout + done.stderr
        assert not [canary for canary in CANARIES if canary.lower() in shown.lower()]


def logins(site: Site) -> list[str]:
    return [login.outcome for login in site.array.logins()]


def test_a_refused_login_ends_all(site: Site) -> None:
    site.array.write_pwfile(site.pwfile, "canaryuser", "wrong")
    done = site.compare()
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "refused; it is not tried again" in done.stderr
    assert len(logins(site)) == 1


@pytest.mark.parametrize("name", ["volumes", "error-last"])
def test_a_login_that_is_refused_later_ends_all_as_well(site: Site, name: str) -> None:
    at = [probe.name for probe in PROBES].index(name)
    site.array.add_fault("login-refused", nth=at + 1)
    assert site.compare().returncode == FAILED
    assert len(logins(site)) == at + 1


REFUSALS = {
    "words alone": "echo 'Login failed for user kremlin'; exit 0",
    "logon": "echo 'Logon denied'; exit 0",
    "an unknown id": "echo 'CMUN99999E Login failed'; exit 1",
    "on stderr": "echo 'CMUN99999E lsflash: The login was refused' >&2; exit 2",
    "an expired password": "echo 'CMUC00999E The password of kremlin is expired'; exit 4",
    "a locked account": "echo 'User kremlin: this account was locked'; exit 0",
    "nothing": "exit 0",
    "unknown words": "echo 'Zugang verweigert: kremlin'; exit 0",
    "unknown words of an id": "echo 'CMUN99998E Zugang verweigert'; exit 1",
    "a page": "echo '<html>kremlin</html>'; exit 0",
}


@pytest.mark.parametrize("script", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("good", [0, 1, 4], ids=["at once", "second", "later"])
def test_a_refusal_in_whatever_words_is_not_tried_again(site: Site, script: str, good: int) -> None:
    asked = site.directory / "asked"
    site.wrap(
        f'echo x >> {asked}\n[ $(wc -l < {asked}) -gt {good} ] || exec "$DSCLI" "$@"\n{script}'
    )
    done = site.compare("--dev", SERIAL)
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "it is not tried again" in done.stderr or "lssi failed" in done.stderr
    assert asked.read_text().count("x") == good + 1
    assert not [canary for canary in CANARIES if canary in done.stderr]


def test_an_error_of_a_command_that_must_list_is_a_difference(site: Site) -> None:
    site.wrap(
        'case "$(cat)" in *lspprc*) echo "CMUN03999E lspprc: not installed"; exit 2;; esac\n'
        'exec "$DSCLI" "$@" < /dev/null'
    )
    found = site.found(*only("remote-copies", "version"))
    assert ("remote-copies", "message ids") in {
        (one["probe"], one["aspect"]) for one in found["differences"]
    }
    assert found["logins"] == 3  # nothing is asked behind it


def test_after_an_error_in_place_of_a_listing_the_login_is_tried_once_more(site: Site) -> None:
    site.wrap(
        'in=$(cat)\ncase "$in" in *lshostconnect*) echo "CMUN03999E lshostconnect: no"; exit 2;;'
        ' esac\nprintf "%s\\n" "$in" | "$DSCLI" "$@"'
    )
    assert site.found(*only("hosts", "pools"))["logins"] == 4
    before = len(logins(site))
    site.array.add_fault("login-refused", nth=2)
    assert site.compare(*only("hosts", "pools")).returncode == FAILED
    assert len(logins(site)) == before + 2


ENDS_IT = {
    "a message": ("echo 'CMUC00191E kremlin authentication'; exit 0", "refused"),
    "exit 5": ("exit 5", "refused"),
    "no java": ("exit 127", "cannot be started (exit 127)"),
    "no connection": ("exit 3", "no connection"),
    "a question": ("printf 'Enter your username: '; sleep 600", "asks for more"),
    "a password": ("printf 'kremlin password:' >&2; sleep 600", "asks for more"),
    "a yes or no": ("printf 'Trust kremlin? [y/n]:'; sleep 600", "asks for more"),
    "a hang": ("sleep 600", "no answer in time"),
    "a child that hangs": ("sleep 600 & exit 0", "no answer in time"),
    "closed and hanging": ("exec >&- 2>&- 0>&-; sleep 600", "no answer in time"),
    "nothing": ("exit 0", "images: nothing is listed"),
    "a listing without an image": (
        r"printf 'Name,ID\n=======\nprod,x\n'",
        "named no storage image",
    ),
    "a failed lssi": ("exit 4", "lssi failed, exit 4"),
}


@pytest.mark.parametrize(("script", "why"), ENDS_IT.values(), ids=ENDS_IT.keys())
def test_what_ends_it_at_the_first_login(site: Site, script: str, why: str) -> None:
    site.wrap(f"echo x >> {site.directory}/asked\n{script}")
    done = site.compare("--limit", "1")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert why in done.stderr
    assert (site.directory / "asked").read_text() == "x\n"
    assert not [canary for canary in CANARIES if canary in done.stderr]


def test_no_child_of_a_client_is_left_behind(site: Site) -> None:
    site.wrap(f"sleep 600 & echo $! > {site.directory}/child; exit 0")
    assert site.compare("--limit", "1").returncode == FAILED
    assert not lives(int((site.directory / "child").read_text()))


def test_one_late_answer_is_a_difference_and_the_second_ends_it(site: Site) -> None:
    site.array.add_fault("hang", "ver")
    found = site.found(*only("version"), "--limit", "2")
    assert next((one["probe"], one["aspect"]) for one in found["differences"]) == ("version", "end")
    site.array.add_fault("hang", "lsf*", times=2)
    done = site.compare("--limit", "2")
    assert (done.returncode, "no answer in time" in done.stderr) == (FAILED, True)


def test_a_client_that_says_no_end_is_cut_off(site: Site) -> None:
    site.wrap("exec yes")
    done = site.compare("--limit", "60")
    assert (done.returncode, "without an end" in done.stderr) == (FAILED, True)


def test_a_client_that_reads_nothing_is_no_harm(site: Site) -> None:
    site.wrap('case "$*" in *lssi*) exec "$DSCLI" "$@";; esac\nexec <&-; exit 4')
    found = site.found(*only("error-first"))
    assert next(one["real"] for one in found["differences"]) == "exit 4"


def test_an_array_without_relations_has_a_twin_without(site: Site) -> None:
    site.array.drop_relation("7766:7767")
    assert site.compare(*only("relations", "words", "xml")).returncode == ALIKE


def test_hosts_and_mirrors_of_the_real_one_are_in_its_twin(site: Site) -> None:
    with site.array.inventory() as held:
        access.add(held, "kremlin", (), access.DEFAULT_TYPE)
        access.map_volumes(held, "kremlin", ["7766"])
    site.array.mirror("7766", "7767")
    found = site.found(*only("hosts", "groups", "pools", "remote-copies", "one-volume"))
    assert (found["alike"], found["incomparable"]) == (True, [])


def test_a_simulated_array_that_refuses_is_told_as_such(site: Site, tmp_path: Path) -> None:
    ours = Array.create(tmp_path / "ours.arr")
    ours.add_fault("login-refused")
    done = site.compare(ours.path, *only("version"))
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "stopped at the simulated array: the login was refused" in done.stderr


def test_what_one_array_has_none_of_is_not_compared(site: Site, tmp_path: Path) -> None:
    bare = Array.create(tmp_path / "bare.arr")
    found = json.loads(site.compare(bare.path, *only("words"), "--json").stdout)
    assert (found["incomparable"], found["differences"]) == (["relations", "words"], [])


def test_a_dry_run_shows_each_command_and_runs_none(site: Site) -> None:
    done = site.compare("--dry-run")
    assert done.returncode == 0
    assert logins(site) == []
    assert done.stdout.startswith(f"{len(PROBES)} logins, one more where")
    shown = re.findall(rf"^  {re.escape(str(site.dscli))} -hmc1 (.*)$", done.stdout, re.MULTILINE)
    assert len(shown) == len(PROBES)
    assert "    resync" not in done.stdout


WRONG = {
    "no login": ("--dscli", DSCLI),
    "no pwfile": ("--dscli", DSCLI, "--hmc1", "a", "--user", "b", "--pwfile", "/nowhere/p"),
    "no program": ("--dscli", "/nowhere/d", "--hmc1", "a", "--user", "b", "--pwfile", "/dev/null"),
    "no file": ("/nowhere/x.array",),
    "apply to nothing": ("--apply",),
    "a command": ("--", "x.array", "mkflash"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_wrong_use_is_refused_before_anything_is_started(
    site: Site, words: tuple[str | Path, ...]
) -> None:
    done = site.bare(*words)
    assert (done.returncode, done.stdout) == (WRONG_USE, "")
    assert logins(site) == []


@pytest.mark.parametrize(
    "words",
    [("--user", "-script"), ("--dev", "X; rmflash"), ("--only", "rmflash"), ("--limit", "0")],
)
def test_no_option_brings_another_command_in(site: Site, words: tuple[str, ...]) -> None:
    assert site.compare(*words).returncode == WRONG_USE
    assert logins(site) == []


def test_answers_are_kept_for_their_owner_alone(site: Site, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert site.compare(*only("relations"), "--keep", kept).returncode == ALIKE
    assert kept.stat().st_mode & 0o777 == 0o700
    assert "7766:7767" in (kept / "relations.real.out").read_text()
    assert "7766:7767" in (kept / "relations.simulated.out").read_text()
    assert (kept / "images.real.exit").read_text() == "0\n"
    assert site.compare("--keep", kept).returncode == WRONG_USE


def test_nothing_is_left_behind(site: Site, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = {path.name for path in tmp_path.iterdir()}
    assert site.compare(*only("relations"), TMPDIR=str(scratch)).returncode == ALIKE
    assert {path.name for path in tmp_path.iterdir()} == before
    assert list(scratch.iterdir()) == []


def eventually(happened: Callable[[], object], limit: float = 60.0) -> None:
    """Wait until something has become true that another process does."""
    end = time.monotonic() + limit
    pause = threading.Event()
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        pause.wait(0.02)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    """Whether it goes on; what was killed just now is given the time to end."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    with os.fdopen(handle) as end:
        return not select.select([end], [], [], 60.0)[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(site: Site, tmp_path: Path, number: int) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    ours = Array.create(tmp_path / "ours.arr", "IBM.2107-75OURS1")
    ours.add_fault("hang", "lssi")
    process = site.start(ours.path, *only("version"), TMPDIR=str(scratch))
    eventually(lambda: list(scratch.iterdir()) and children(process.pid))
    (client,) = children(process.pid)
    process.send_signal(number)
    assert process.wait(30) == (FAILED if number == signal.SIGINT else 128 + number)
    assert list(scratch.iterdir()) == []
    assert not lives(client)


def test_a_signal_ends_the_real_dscli_as_well(site: Site) -> None:
    child = site.directory / "child"
    site.wrap(f"echo $$ > {child}.new; mv {child}.new {child}; exec sleep 600")
    process = site.start()
    eventually(child.exists)
    process.terminate()
    assert process.wait(30) == 128 + signal.SIGTERM
    assert not lives(int(child.read_text()))


def test_a_profile_is_handed_to_both(site: Site) -> None:
    profile = site.directory / "zanzibar.profile"
    profile.write_text(
        f"hmc1:\t10.77.66.55\nuser:\tcanaryuser\npwfile:\t{site.pwfile}\nbanner:\toff\n"
    )
    done = site.bare("--dscli", DSCLI, "--cfg", profile, *only("words", "version"))
    assert (done.returncode, done.stderr.count("asking")) == (ALIKE, 4)


def run(*words: str) -> str:
    command = [sys.executable, "-c", CODE, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_switches_say_what_they_are_how_known_and_how_found_out() -> None:
    facts = {one["name"]: one for one in json.loads(run("switches", "--json"))}
    assert facts.keys() == SWITCHES.keys()
    assert facts["errors_to"]["tag"] == "C"
    assert facts["errors_to"]["find_out"] == "`flashd sim compare`"
    assert facts["withdraw_message"]["find_out"].startswith("only by a change")
    head, _, *rows = run("switches").splitlines()
    assert head.split() == ["Switch", "Default", "Takes", "Known", "Source", "FindOut", "Meaning"]
    assert [row.split()[0] for row in rows] == list(SWITCHES)


def test_behaviours_are_listed_by_tag_and_told_by_name() -> None:
    names = [line.split()[0] for line in run("behaviours", "--tag", "U").splitlines()[2:]]
    assert "after-an-error" in names
    assert "error-stream" not in names
    told = run("behaviours", "error-stream")
    assert "known: C" in told
    assert "switches: errors_to" in told
    assert {b["name"] for b in json.loads(run("behaviours", "--json"))} >= {*names}
