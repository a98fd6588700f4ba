"""`flashd doctor`: a healthy installation, and one broken thing at a time."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.store import open_store
from flashd.sim.array import Array
from tests.e2e.home import ARRAY, AUTH, BIN, Done, Home, make_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.site import Site

UNIT = Path(__file__).parents[2] / "systemd" / "flashd.service"
DAY = 86400.0


@pytest.fixture
def well(home: Home) -> Home:
    """An installation that has its state store."""
    home.service("payroll", "0001:0002", "0101:0102", sync_max_delay="30h")
    asyncio.run(make_store(home))
    return home


async def make_store(home: Home) -> None:
    store = await open_store(f"sqlite:///{home.path}/state/flashd.db", LinuxHost())
    await store.close()


def lines(home: Home, *words: str) -> tuple[int, list[dict[str, Any]]]:
    done = home.flashd("doctor", "--json", *words)
    assert done.err == ""
    return done.status, done.json["checks"]


def said(checks: list[dict[str, Any]], check: str) -> list[dict[str, Any]]:
    return [one for one in checks if one["check"] == check]


def test_a_healthy_installation_has_no_problem(well: Home) -> None:
    status, checks = lines(well)
    assert status == 0
    assert not [one for one in checks if one["state"] == "problem"]
    found = {one["check"]: one["state"] for one in checks}
    for check in (
        "configuration",
        "auth.conf",
        "user",
        "pwfile",
        "free space",
        "dscli",
        "java",
        "state store",
        f"login to {ARRAY}",
        f"inventory of {ARRAY}",
        f"dates of {ARRAY}",
        "guards",
    ):
        assert found[check] == "ok", check
    assert found["daemon"] == "hint"
    assert found["consoles"] == "unseen"
    assert "clock of this host" in found


def test_it_logs_in_twice_and_changes_nothing(well: Home) -> None:
    before, logins = contents(well), len(well.array.logins())
    assert lines(well)[0] == 0
    assert len(well.array.logins()) == logins + 2
    assert contents(well) == before
    assert well.changing == []
    assert well.flashd("history", "--json").json["runs"] == []


def contents(home: Home) -> dict[str, bytes]:
    """Read all files of the configuration, and which there are of the state."""
    texts = {str(file): file.read_bytes() for file in home.etc.rglob("*") if file.is_file()}
    state = {str(file): b"" for file in (home.path / "state").iterdir()}
    return {**texts, **state}


def test_without_a_login_nothing_is_logged_in_to(well: Home) -> None:
    logins = len(well.array.logins())
    status, checks = lines(well, "--no-login", "--no-guards")
    assert status == 0
    assert len(well.array.logins()) == logins
    assert said(checks, f"login to {ARRAY}")[0]["words"] == "not tried: --no-login"
    assert said(checks, "guards")[0]["state"] == "unseen"


def test_no_store_is_made_and_then_nothing_is_logged_in_to(home: Home) -> None:
    home.service("payroll", "0001:0002")
    status, checks = lines(home)
    assert status == 0
    assert not list((home.path / "state").glob("flashd.db*"))
    assert home.array.logins() == ()
    assert said(checks, "state store")[0]["state"] == "unseen"
    assert "flashd status --refresh" in said(checks, f"login to {ARRAY}")[0]["hint"]
    assert said(checks, "guards")[0]["state"] == "ok"


def test_what_may_not_be_listed_is_told_though_the_login_is_good(well: Home) -> None:
    denied = "CMUN00033E lspprc: Unsupported task."
    well.array.add_fault("refused", "lspprc", times=-1, text=denied)
    status, checks = lines(well, "--no-guards")
    assert status == 1
    assert said(checks, f"login to {ARRAY}")[0]["state"] == "ok"
    (told,) = said(checks, f"inventory of {ARRAY}")
    assert told["state"] == "problem"
    assert "not all that a copy could harm can be read, so nothing is sent" in told["words"]
    assert "lspprc" in told["words"]
    assert "role monitor suffices" in told["hint"]
    assert "op_copy_services" not in told["hint"]


def test_it_tells_whether_a_session_stays_in_step(well: Home) -> None:
    well.settings(mode="interactive")
    _, checks = lines(well, "--no-guards")
    assert said(checks, "sessions")[0]["state"] == "ok"
    assert said(checks, f"session with {ARRAY}")[0]["state"] == "ok"
    well.array.add_fault("no-prompt", "lsflash")
    status, checks = lines(well, "--no-guards")
    assert status == 0
    assert said(checks, f"login to {ARRAY}")[0]["state"] == "ok", "by one login a command"
    (told,) = said(checks, f"session with {ARRAY}")
    assert told["state"] == "hint"
    assert "without showing its prompt" in told["words"]


def test_where_no_session_is_wanted_none_is_told_of(well: Home) -> None:
    assert not [one for one in lines(well, "--no-guards")[1] if "session" in one["check"]]


def test_a_target_that_is_another_volume_than_was_enrolled_is_told(well: Home) -> None:
    assert well.flashd("enroll", "payroll").status == 0
    _, checks = lines(well, "--no-guards")
    assert said(checks, "pins")[0]["state"] == "ok"
    well.array.set_volume("0002", name="prod7")
    status, checks = lines(well, "--no-guards")
    assert status == 1
    (told,) = said(checks, "pins of payroll")
    assert told["state"] == "problem"
    assert "target 0002" in told["words"]
    assert "is prod7" in told["words"]


def test_people_read_one_line_a_check_with_the_hint_below(well: Home) -> None:
    (well.path / "state" / f"{ARRAY}.pwfile").chmod(0o644)
    done = well.flashd("doctor", "--no-login")
    assert done.err == ""
    line = next(
        i for i, text in enumerate(done.out.splitlines()) if text.startswith("hint    pwfile")
    )
    assert "mode 0644" in done.out.splitlines()[line]
    assert done.out.splitlines()[line + 1].strip().startswith("Run: chmod 600 ")


def write(home: Home, text: str) -> None:
    (home.etc / "services.d" / "payroll.yaml").write_text(text)


def guarded_by(home: Home, guard: str) -> None:
    write(
        home,
        f"services:\n  payroll:\n    guards: [{guard}]\n"
        f"    sync: {{sync#1: {{array: {ARRAY}, pairs: '0001:0002 0101:0102'}}}}\n",
    )


def state(home: Home) -> Path:
    return home.path / "state"


def pwfile(home: Home) -> Path:
    return state(home) / f"{ARRAY}.pwfile"


def age(file: Path, days: float) -> None:
    at = time.time() - days * DAY  # noqa: TID251 - a file's past
    os.utime(file, (at, at))


def linked(home: Home) -> None:
    (home.etc / "auth.conf").rename(home.etc / "real.conf")
    (home.etc / "auth.conf").symlink_to("real.conf")


def version(home: Home, number: int) -> None:
    with closing(sqlite3.connect(state(home) / "flashd.db")) as store:
        store.execute("UPDATE schema_version SET version = ?", (number,))
        store.commit()


def not_executable(home: Home) -> None:
    program = home.path / "dscli"
    program.touch(mode=0o644)
    home.settings(path=str(program))


def garbage(home: Home) -> None:
    (state(home) / "flashd.db").write_bytes(b"no database at all" * 100)


def refuse(home: Home) -> None:
    home.array.add_fault("login-refused")
    os.utime(pwfile(home))


def zone(home: Home, name: str, configured: str = "") -> None:
    home.array.switch("date_zone", name)
    home.auth(f"{AUTH}timezone = {configured}\n" if configured else AUTH)


def future(home: Home) -> None:
    home.array.add_volumes("0A01", "0A02")
    home.array.establish("0A01:0A02", synced_at=home.array.now() + 7200)


def behind(home: Home) -> None:
    assert home.flashd("status", "--refresh").status == 0
    home.array.set_clock(offset=-7200)
    home.array.write("0001")
    assert home.flashd("resync", "--force", "payroll").status in {0, 1, 5}
    assert home.flashd("status", "--refresh").status in {0, 3}


Broken: TypeAlias = "tuple[Callable[[Home], object], str, str, str, str, int]"

BROKEN: dict[str, Broken] = {
    "a mistake in a service": (
        lambda home: write(home, "services: {a: {shedule: x}}"),
        "problem", "configuration", "unknown key 'shedule'", "flashd check", 2,
    ),
    "no YAML": (
        lambda home: write(home, "services: ["),
        "problem", "configuration", "payroll.yaml:2:1", "flashd check", 2,
    ),
    "auth.conf for everybody": (
        lambda home: (home.etc / "auth.conf").chmod(0o644),
        "problem", "auth.conf", "mode 0644", "chmod 600", 2,
    ),
    "auth.conf is a link": (
        linked, "problem", "auth.conf", "symbolic link", "cp --remove-destination", 2,
    ),
    "no auth.conf": (
        lambda home: (home.etc / "auth.conf").unlink(),
        "problem", "auth.conf", "does not exist", "install -m 600", 2,
    ),
    "a mistake in auth.conf": (
        lambda home: home.auth(AUTH.replace("hmc1", "hcm1")),
        "problem", "auth.conf", "unknown key 'hcm1'", "docs/configuration.md", 2,
    ),
    "an array without a login": (
        lambda home: home.auth(AUTH.replace("75ABC01", "75ABC02")),
        "problem", "auth.conf", f"array {ARRAY} is not in", "section", 2,
    ),
    "no pwfile": (
        lambda home: pwfile(home).unlink(),
        "problem", "pwfile", "does not exist", "managepwfile -action add", 1,
    ),
    "an old pwfile": (
        lambda home: age(pwfile(home), 76), "hint", "pwfile", "76d", "expire after 90 days", 0,
    ),
    "a pwfile for everybody": (
        lambda home: pwfile(home).chmod(0o604), "hint", "pwfile", "mode 0604", "chmod 600", 0,
    ),
    "a state directory for everybody": (
        lambda home: state(home).chmod(0o777),
        "problem", "state directory", "others may write", "chmod 700", 1,
    ),
    "a state directory to look into": (
        lambda home: state(home).chmod(0o755),
        "hint", "state directory", "others may look", "chmod 700", 0,
    ),
    "no state directory": (
        lambda home: shutil.rmtree(state(home)),
        "problem", "state directory", "does not exist", "install -d -m 0700", 1,
    ),
    "a store for everybody": (
        lambda home: (state(home) / "flashd.db").chmod(0o644),
        "hint", "state directory", "flashd.db can be used by others", "chmod 600", 0,
    ),
    "no state store but garbage": (
        garbage, "problem", "state store", "is not a state store", "Point `state`", 1,
    ),
    "a newer store": (
        lambda home: version(home, 99),
        "problem", "state store", "schema version 99", "A newer flashd wrote it", 1,
    ),
    "an older store": (
        lambda home: version(home, 0), "hint", "state store", "schema version 0 of", "copy", 0,
    ),
    "no dscli": (
        lambda home: home.settings(path="/nowhere/dscli"),
        "problem", "dscli", "does not exist", "dscli.path", 1,
    ),
    "a dscli that is a directory": (
        lambda home: home.settings(path="/usr"), "problem", "dscli", "is a directory", "path", 1,
    ),
    "a refused login": (
        refuse, "problem", f"login to {ARRAY}", "login refused", "Make the password file anew", 1,
    ),
    "an array that cannot be reached": (
        lambda home: home.array.add_fault("unreachable"),
        "problem", f"login to {ARRAY}", "no connection", "can be reached", 1,
    ),
    "an answer that means nothing": (
        lambda home: home.array.add_fault("garbage", "lsflash*"),
        "problem", f"login to {ARRAY}", "was not understood", "docs/dscli.md", 1,
    ),
    "dates that can mean several things": (
        lambda home: zone(home, "Asia/Shanghai"),
        "hint", f"dates of {ARRAY}", "'CST'", "Set timezone", 0,
    ),
    "the wrong zone": (
        lambda home: zone(home, "Asia/Shanghai", "Europe/Paris"),
        "hint", f"dates of {ARRAY}", "'CST', and Europe/Paris is", "Correct timezone", 0,
    ),
    "an array's clock in the future": (
        future, "hint", f"clock of {ARRAY}", "ahead of this host's", "Set the array's clock", 0,
    ),
    "an array's clock in the past": (
        behind, "hint", f"clock of {ARRAY}", "behind this host's", "Set the array's clock", 0,
    ),
    "a guard without its program": (
        lambda home: (home.path / "is-down").unlink(),
        "problem", "guard of payroll", "is-down", "docs/guards.md", 1,
    ),
    "a guard that knows nothing": (
        lambda home: guarded_by(home, "{type: command, command: [/bin/sleep], down: 0, up: 2}"),
        "problem", "guard of payroll", "neither up nor down", "docs/guards.md", 1,
    ),
    "a guard that hangs": (
        lambda home: guarded_by(
            home, "{type: command, command: [/bin/sleep, '99'], down: 0, up: 1, timeout: 1s}"
        ),
        "problem", "guards", "1 unknown", "refuses every resync", 1,
    ),
    "a hint of check": (
        lambda home: (home.etc / "services.d" / "more.yml").touch(),
        "hint", "configuration", "more.yml", "docs/configuration.md", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_has_its_line_and_its_hint(well: Home, case: Broken) -> None:
    damage, kind, check, words, remedy, status = case
    damage(well)
    ended, checks = lines(well)
    found = [one for one in said(checks, check) if words in one["words"]]
    assert found, said(checks, check) or checks
    assert found[0]["state"] == kind
    assert remedy in found[0]["hint"]
    assert ended == status
    assert len({one["check"] for one in checks}) > 8, "it goes on with what can be checked"


def test_a_refused_login_is_tried_once_and_never_again(well: Home) -> None:
    well.array.add_fault("login-refused", times=-1)
    before = len(well.array.logins())
    assert lines(well)[0] == 1
    assert lines(well)[0] == 1
    status, checks = lines(well)
    assert status == 1
    assert len(well.array.logins()) == before + 1
    (login,) = said(checks, f"login to {ARRAY}")
    assert "are stopped since" in login["words"]
    assert "managepwfile" in login["hint"]


def test_an_older_store_is_not_migrated_and_no_login_is_tried(well: Home) -> None:
    version(well, 0)
    before = len(well.array.logins())
    _, checks = lines(well)
    assert said(checks, f"login to {ARRAY}")[0]["state"] == "unseen"
    assert len(well.array.logins()) == before
    with closing(sqlite3.connect(state(well) / "flashd.db")) as store:
        assert store.execute("SELECT version FROM schema_version").fetchone() == (0,)


def test_a_server_that_is_not_there_is_a_problem_of_the_store(well: Home) -> None:
    before = len(well.array.logins())
    url = "postgresql+psycopg://flashd@127.0.0.1:1/flashd"
    done = well.flashd("--state", url, "doctor", "--json")
    assert done.status == 1
    (store,) = said(done.json["checks"], "state store")
    assert store["state"] == "problem"
    assert store["hint"]
    assert len(well.array.logins()) == before
    assert said(done.json["checks"], "guards")[0]["state"] == "ok"


def test_wrong_use_is_exit_2(well: Home) -> None:
    assert well.flashd("doctor", "--nonsense").status == 2
    assert well.flashd("doctor", "--unit", "/nowhere").status == 2
    assert well.flashd("--state", "nonsense", "doctor").status == 2


def test_a_running_daemon_is_told_with_what_it_read(site: Site) -> None:
    site.service("payroll", "0001:0002", hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        checks = site.json("doctor", "--no-login")["checks"]
    (found,) = said(checks, "daemon")
    assert found["state"] == "ok"
    assert f"process {daemon.process.pid} on" in found["words"]
    (found,) = said(site.json("doctor", "--no-login")["checks"], "daemon")
    assert found["state"] == "hint"
    assert "has ended without stopping" in found["words"]


# The program of the DS CLI with all that stands around it, and consoles on loopback.

_DSCLI = f'#!/bin/sh\nexec {BIN / "flashd-dscli"} "$@"\n'
_JAVA = "#!/bin/sh\necho 'openjdk version \"17.0.2\" 2022-01-18' >&2\n"


@pytest.fixture
def installed(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    (tmp_path / "ds8000.array").unlink()
    array = Array.create(tmp_path / "ds8000.array", ARRAY, consoles=("127.0.0.1",))
    array.write_pwfile(pwfile(home))
    for name, text in (("dscli/dscli", _DSCLI), ("java/bin/java", _JAVA)):
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text(text)
        program.chmod(0o755)
    (tmp_path / "dscli" / "lib").mkdir()
    (tmp_path / "dscli" / "lib" / "CLI.CFG").write_text(f"JAVA_INSTALL={tmp_path}/java\n")
    (tmp_path / "dscli" / "profile").mkdir()
    home.settings(path=str(tmp_path / "dscli" / "dscli"))
    home.auth(AUTH.replace("10.10.10.10", "127.0.0.1"))
    home.service("payroll", "0001:0002")
    asyncio.run(make_store(home))
    return home


def port_is(home: Home, number: int) -> None:
    profile = home.path / "dscli" / "profile" / "dscli.profile"
    profile.write_text(f"#port: 1\nport:\t{number}\n")


@contextmanager
def listener(backlog: int = 8) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        yield server.getsockname()[1]


def test_a_console_that_answers_is_logged_in_to(installed: Home) -> None:
    with listener() as port:
        port_is(installed, port)
        status, checks = lines(installed)
    assert status == 0
    (console,) = said(checks, f"console {ARRAY} hmc1")
    assert (console["state"], console["words"]) == ("ok", f"127.0.0.1 answers at port {port}")
    assert said(checks, f"login to {ARRAY}")[0]["state"] == "ok"
    (java,) = [one for one in said(checks, "java") if "CLI.CFG" in one["words"]]
    assert 'openjdk version "17.0.2"' in java["words"]


def test_a_console_that_refuses_is_not_logged_in_to(installed: Home) -> None:
    with listener() as port:
        port_is(installed, port)
    before = len(installed.array.logins())
    status, checks = lines(installed)
    assert status == 1
    (console,) = said(checks, f"console {ARRAY} hmc1")
    assert console["state"] == "problem"
    assert f"refuses connections at port {port}" in console["words"]
    assert "does not serve the DS CLI" in console["hint"]
    assert said(checks, f"login to {ARRAY}")[0]["words"] == "not tried: no console answers"
    assert len(installed.array.logins()) == before


def test_a_console_that_drops_packets_is_told_soon(installed: Home) -> None:
    with listener(backlog=0) as port, socket.create_connection(("127.0.0.1", port)):
        port_is(installed, port)
        _, checks = lines(installed)
    (console,) = said(checks, f"console {ARRAY} hmc1")
    assert console["state"] == "problem"
    assert "gives no answer" in console["words"]
    assert "IPAddressDeny=" in console["hint"]


def test_one_console_of_two_is_enough_for_a_login(installed: Home) -> None:
    two = AUTH.replace("10.10.10.10", "127.0.0.1").replace("hmc2 =", "hmc2 = no-such.invalid")
    installed.auth(two)
    with listener() as port:
        port_is(installed, port)
        status, checks = lines(installed)
    assert status == 0
    (second,) = said(checks, f"console {ARRAY} hmc2")
    assert second["state"] == "hint"
    assert "name that is not found" in second["words"]
    assert said(checks, f"login to {ARRAY}")[0]["state"] == "ok"


def test_a_java_that_does_not_run_is_told(installed: Home) -> None:
    (installed.path / "java" / "bin" / "java").write_text("#!/bin/sh\nexit 1\n")
    _, checks = lines(installed, "--no-login")
    (java,) = [one for one in said(checks, "java") if "CLI.CFG" in one["words"]]
    assert "does not run" in java["words"]
    assert "-version" in java["hint"]


# The unit.


def unit(home: Home, *more: str) -> Path:
    """Write a unit like ours, but for what it says more."""
    file = home.path / "flashd.service"
    me = {
        line.split(":")[2]: line.split(":")[0]
        for line in Path("/etc/passwd").read_text().split()
        if line.count(":") > 3
    }.get(str(os.geteuid()), "root")
    text = UNIT.read_text().replace("User=flashd", f"User={me}")
    text = text.replace("/etc/flashd/auth.conf", f"{home.etc}/auth.conf")
    text = text.replace("PrivateTmp=yes", "PrivateTmp=no").replace(
        "ProtectHome=yes", "ProtectHome=no"
    )
    lines = "\n".join((f"ReadWritePaths={home.path}/state", *more))
    file.write_text(text.replace("[Install]", f"{lines}\n\n[Install]"))
    return file


SANDBOX = {
    "PrivateTmp": ("PrivateTmp=yes", "does not see the state store", "Move it elsewhere"),
    "ReadWritePaths": ("ReadWritePaths=", "the state store", "ReadWritePaths="),
    "User": ("User=somebody", "the unit runs as somebody", "state directory"),
    "LoadCredential": ("LoadCredential=\nUser=flashd", "no LoadCredential=", "LoadCredential="),
    "ProcSubset": ("ProcSubset=pid", "hides /proc/sys", "ProcSubset=all"),
    "InaccessiblePaths": ("InaccessiblePaths=/tmp /var/tmp", "from the daemon", "drop-in"),
}


def test_the_sandbox_lets_through_what_is_needed(well: Home) -> None:
    status, checks = lines(well, "--unit", str(unit(well)))
    assert [one["words"] for one in said(checks, "sandbox")] == [
        "flashd.service lets through all that the configuration needs"
    ]
    assert status == 0


@pytest.mark.parametrize(("line", "words", "remedy"), SANDBOX.values(), ids=SANDBOX.keys())
def test_what_the_sandbox_hides_is_told(well: Home, line: str, words: str, remedy: str) -> None:
    status, checks = lines(well, "--unit", str(unit(well, line)))
    found = [one for one in said(checks, "sandbox") if words in one["words"]]
    assert found, said(checks, "sandbox")
    assert remedy in found[0]["hint"]
    assert status == 1


def test_the_sandbox_must_let_packets_and_java_through(installed: Home) -> None:
    proof = "{type: command, command: [/bin/true], down: 0, up: 1}"
    guarded_by(installed, f"{proof}, {{type: process, name: nobody-has-this}}")
    words = (
        "IPAddressAllow=", "RestrictAddressFamilies=", "RestrictAddressFamilies=AF_UNIX",
        "MemoryDenyWriteExecute=yes", "ProtectProc=invisible", "PrivateNetwork=yes",
    )  # fmt: skip
    file = unit(installed, *words)
    told = "\n".join(
        one["words"] for one in said(lines(installed, "--unit", str(file))[1], "sandbox")
    )
    for one in (
        f"IPAddressDeny= drops packets to the console 127.0.0.1 of {ARRAY} 127.0.0.1",
        "RestrictAddressFamilies= lacks AF_INET",
        "MemoryDenyWriteExecute=yes ends the Java",
        "ProtectProc=invisible hides the processes",
        "PrivateNetwork=yes leaves the daemon without a network",
    ):
        assert one in told


# As root, and as anybody.

NOBODY, SOMEBODY = 65534, 65533
SETPRIV = "/usr/bin/setpriv"
SYSTEM_PYTHON = Path("/usr/bin/python3")


def python_of_anybody() -> Path:
    """Find a Python that every user can run: ours may lie below a closed directory."""
    ours = Path(sys.executable).resolve()
    if all(place.stat().st_mode & 0o001 for place in ours.parents):
        return Path(sys.executable)
    version = "import sys; print(*sys.version_info[:2])"
    found = subprocess.run(
        [SYSTEM_PYTHON, "-c", version], capture_output=True, text=True, check=False, timeout=60
    )
    if found.stdout.split() != [str(number) for number in sys.version_info[:2]]:
        pytest.skip("there is no Python that another user can run")
    return SYSTEM_PYTHON


@dataclass(frozen=True)
class OpenHome:
    """An installation that any user can reach, whose state belongs to nobody."""

    home: Home
    python: Path

    def flashd(self, *words: str, as_user: int | None = None) -> Done:
        drop = [SETPRIV, f"--reuid={as_user}", f"--regid={as_user}", "--clear-groups"]
        main = "from flashd.cli.main import main; main()"
        packages = [place for place in sys.path if place.endswith("site-packages")]
        modules = os.pathsep.join([str(Path(__file__).parents[2]), *packages])
        done = subprocess.run(
            [*(drop if as_user else []), self.python, "-c", main, *words],
            env={**self.home.environment, "PYTHONPATH": modules, "HOME": "/"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def lines(self, *words: str, as_user: int | None = None) -> tuple[int, list[dict[str, Any]]]:
        done = self.flashd("doctor", "--json", *words, as_user=as_user)
        assert done.err == ""
        return done.status, done.json["checks"]


def arrays_apart(home: Home) -> Path:
    """Give the simulator a directory of its own: it writes there, and nobody else may above."""
    (apart := home.path / "arrays").mkdir()
    for file in home.path.glob("*.array*"):
        file.rename(apart / file.name)
    settings = home.etc / "flashd.yaml"
    settings.write_text(settings.read_text().replace(f"{home.path}/ds8000", f"{apart}/ds8000"))
    return apart


@pytest.fixture
def open_home() -> Iterator[OpenHome]:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    python = python_of_anybody()
    with tempfile.TemporaryDirectory(prefix="flashd-doctor-test-") as directory:
        path = Path(directory)
        path.chmod(0o755)
        home = make_home(path)
        dscli = path / "flashd-dscli"
        dscli.write_text(f'#!/bin/sh\nexec {python} -m flashd.sim.dscli "$@"\n')
        dscli.chmod(0o755)
        home.settings(path=str(dscli))
        home.service("payroll", "0001:0002")
        owned = [path / "state", arrays_apart(home), *(path / "state").iterdir()]
        for file in (*owned, *owned[1].iterdir()):
            os.chown(file, NOBODY, NOBODY)
        found = OpenHome(home, python)
        refreshed = found.flashd("status", "--refresh")
        assert refreshed.status in {0, 3}, refreshed
        yield found


def test_root_goes_on_as_the_owner_of_the_state(open_home: OpenHome) -> None:
    status, checks = open_home.lines()
    (user,) = said(checks, "user")
    assert user["state"] == "ok"
    assert "made as nobody, the owner of" in user["words"]
    assert said(checks, f"login to {ARRAY}")[0]["state"] == "ok", checks
    assert {file.stat().st_uid for file in state(open_home.home).iterdir()} == {NOBODY}
    assert status == 0, [one for one in checks if one["state"] == "problem"]


def test_what_the_owner_of_the_state_cannot_use_is_told_to_root(open_home: OpenHome) -> None:
    os.chown(pwfile(open_home.home), 0, 0)
    os.chown(state(open_home.home) / "flashd.db", 0, 0)
    status, checks = open_home.lines("--no-login")
    assert status == 1
    assert "is not readable for nobody" in said(checks, "pwfile")[0]["words"]
    (foreign,) = [one for one in said(checks, "state directory") if one["state"] == "problem"]
    assert "flashd.db does not belong to nobody" in foreign["words"]
    assert "chown nobody:" in foreign["hint"]
    assert said(checks, "state store")[0]["state"] == "problem"


def test_anybody_is_told_what_he_cannot_see(open_home: OpenHome) -> None:
    status, checks = open_home.lines(as_user=SOMEBODY)
    assert status == 1
    found = {one["check"]: one for one in checks}
    assert found["auth.conf"]["state"] == "unseen"
    assert "as root" in found["auth.conf"]["hint"]
    assert found["user"]["state"] == "hint"
    assert "belongs to nobody" in found["user"]["words"]
    assert found["state directory"]["state"] == "problem"
