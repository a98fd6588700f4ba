"""Consoles, passwords and roles."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

DSCLI = Path(sys.executable).with_name("flashd-dscli")
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""Root without what opens every file to him."""

AS_OPENSVC = ("-hmc1", "10.10.10.10", "-user", "opensvc")
MANAGE = ("managepwfile", "-name", "opensvc", "-mc1", "10.10.10.10", "-mc2", "10.10.10.11")


def test_a_password_file_made_by_managepwfile_logs_in(
    bare_dscli: Dscli, array: Array, tmp_path: Path
) -> None:
    path = tmp_path / "made.pwfile"
    made = bare_dscli(*MANAGE, "-action", "add", "-pwfile", str(path), "-pw", "opensvc")
    assert made.stdout.count("CMUC00206I managepwfile: simulated: record 10.10.10.1") == 2
    assert (made.returncode, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    assert "opensvc" not in path.read_text().replace(" opensvc ", "")
    assert bare_dscli(*AS_OPENSVC, "-pwfile", str(path), "lssi").returncode == 0
    listed = bare_dscli("managepwfile", "-action", "list", "-pwfile", str(path))
    assert "opensvc 10.10.10.11" in listed.stdout
    bare_dscli(*MANAGE, "-action", "remove", "-pwfile", str(path))
    assert bare_dscli(*AS_OPENSVC, "-pwfile", str(path), "lssi").returncode == 5
    assert [login.outcome for login in array.logins()] == ["ok"]


def test_a_changed_password_needs_its_file_made_anew(
    bare_dscli: Dscli, dscli: Dscli, array: Array, login: tuple[str, ...]
) -> None:
    array.switch("password_age_days", "0")
    assert dscli("chuser", "-pw", "s3cretive").returncode == 0
    assert dscli("lssi").returncode == 5
    path = login[-1]
    changed = bare_dscli(*MANAGE, "-action", "change", "-pwfile", path, "-pw", "s3cretive")
    assert (changed.returncode, changed.stdout.count("CMUC00208I managepwfile: ")) == (0, 2)
    assert dscli("lssi").returncode == 0
    assert array.logins()[1].outcome == "wrong password"


@pytest.mark.usefixtures("array")
def test_a_record_that_is_not_there_is_not_changed(
    bare_dscli: Dscli, login: tuple[str, ...]
) -> None:
    words = ("managepwfile", "-action", "change", "-name", "eve", "-mc1", "10.10.10.10")
    done = bare_dscli(*words, "-pwfile", login[-1], "-pw", "x")
    assert (done.returncode, "has no record 10.10.10.10/eve" in done.stderr) == (6, True)


@pytest.mark.parametrize("content", ["hello\n", "a b c\n", "\x00\n"])
def test_a_foreign_password_file_is_an_authentication_error(
    bare_dscli: Dscli, array: Array, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "foreign"
    path.write_text(content)
    done = bare_dscli(*AS_OPENSVC, "-pwfile", str(path), "lssi")
    assert (done.returncode, "is not a password file" in done.stderr) == (5, True)
    assert array.logins() == ()
    added = bare_dscli(*MANAGE, "-action", "add", "-pwfile", str(path), "-pw", "opensvc")
    assert (added.returncode, path.read_text()) == (6, content)


def test_a_record_of_another_console_or_user_does_not_log_in(
    bare_dscli: Dscli, array: Array, login: tuple[str, ...]
) -> None:
    array.add_user("eve", "opensvc")
    done = bare_dscli("-hmc1", "10.10.10.10", "-user", "eve", "-pwfile", login[-1], "lssi")
    assert (done.returncode, "has no record 10.10.10.10/eve" in done.stderr) == (5, True)
    assert array.logins() == ()


def test_the_default_password_file_is_in_the_home_of_the_user(
    bare_dscli: Dscli, array: Array, tmp_path: Path
) -> None:
    home = {"HOME": str(tmp_path / "home")}
    assert bare_dscli(*MANAGE, "-action", "add", "-pw", "opensvc", **home).returncode == 0
    assert (tmp_path / "home" / "dscli" / "security.dat").is_file()
    assert bare_dscli(*AS_OPENSVC, "lssi", **home).returncode == 0
    assert len(array.logins()) == 1


@pytest.mark.usefixtures("array")
def test_managepwfile_says_what_it_misses(bare_dscli: Dscli, tmp_path: Path) -> None:
    path = str(tmp_path / "x")
    assert bare_dscli("managepwfile", "-action", "change").returncode == 2
    assert bare_dscli(*MANAGE, "-action", "add", "-pwfile", path).returncode == 2
    assert bare_dscli(*MANAGE, "-action", "remove", "-pwfile", path).returncode == 6


def test_a_wrong_password_is_exit_5_and_five_lock_the_account(
    bare_dscli: Dscli, array: Array
) -> None:
    for _ in range(4):
        wrong = bare_dscli(*AS_OPENSVC, "-passwd", "x", "lssi")
        assert (wrong.returncode, wrong.stderr[:10], wrong.stdout) == (5, "CMUC00191E", "")
    assert bare_dscli(*AS_OPENSVC, "-passwd", "opensvc", "lssi").returncode == 0
    assert [user.failed_logins for user in array.users()] == [0]
    for _ in range(5):
        bare_dscli(*AS_OPENSVC, "-passwd", "x", "lssi")
    assert bare_dscli(*AS_OPENSVC, "-passwd", "opensvc", "lssi").returncode == 5
    assert array.logins()[-1].outcome == "account locked"
    assert [user.failed_logins for user in array.users()] == [5]


def test_a_monitor_may_look_and_not_change(bare_dscli: Dscli, array: Array) -> None:
    array.add_user("eve", "x", "monitor")
    as_eve = ("-hmc1", "10.10.10.10", "-user", "eve", "-passwd", "x")
    assert bare_dscli(*as_eve, "lsflash", "0001").returncode == 0
    refused = bare_dscli(*as_eve, "resyncflash", "-record", "-persist", "0001:0002")
    assert "Unsupported task" in refused.stderr
    assert (refused.returncode, array.content("0002")) == (4, "0001@0")
    assert array.journal()[-1].phase == "refused"


def test_an_unknown_console_cannot_be_reached(bare_dscli: Dscli, array: Array) -> None:
    done = bare_dscli("-hmc1", "10.9.9.9", "-user", "opensvc", "-passwd", "opensvc", "lssi")
    assert done.returncode == 3
    assert done.stderr == "CMUN00018E Unable to connect to the management console server\n"
    assert array.logins() == ()


def test_the_second_console_is_tried_after_the_first(dscli: Dscli, array: Array) -> None:
    array.add_fault("unreachable", "10.10.10.10", times=-1)
    assert dscli("lssi").returncode == 3
    assert dscli("-hmc2", "10.10.10.11", "lssi").returncode == 0
    assert [entry.hmc for entry in array.journal()] == ["10.10.10.11"]


def test_in_a_directory_the_console_tells_the_array(
    bare_dscli: Dscli, array: Array, tmp_path: Path
) -> None:
    other = Array.create(tmp_path / "b.array", "IBM.2107-75XYZ02", consoles=("10.20.20.20",))
    done = bare_dscli("-hmc1", "10.20.20.20", "-user", "opensvc", "-passwd", "opensvc", "lssi")
    assert "IBM.2107-75XYZ02" in done.stdout
    assert (len(array.journal()), len(other.journal())) == (0, 1)


def test_two_arrays_of_one_console_are_told_as_a_mistake(
    bare_dscli: Dscli, array: Array, tmp_path: Path
) -> None:
    Array.create(tmp_path / "b.array", "IBM.2107-75XYZ02", consoles=array.consoles)
    done = bare_dscli(*AS_OPENSVC, "-passwd", "opensvc", "lssi")
    assert (done.returncode, "several arrays" in done.stderr) == (63, True)


def test_without_a_state_file_it_says_what_to_set(bare_dscli: Dscli) -> None:
    done = bare_dscli(*AS_OPENSVC, "-passwd", "opensvc", "lssi", FLASHD_SIM="")
    assert (done.returncode, "FLASHD_SIM" in done.stderr) == (63, True)


@pytest.mark.parametrize(
    ("directory", "file"), [(0o555, 0o644), (0o755, 0o444), (0o755, 0o000)], ids=oct
)
def test_an_array_file_that_may_not_be_written_is_told(
    array: Array, environment: dict[str, str], directory: int, file: int
) -> None:
    place = array.path.parent
    array.path.chmod(file)
    place.chmod(directory)
    done = subprocess.run(
        [*WITHOUT_RIGHTS, DSCLI, *AS_OPENSVC, "-passwd", "opensvc", "lssi"],
        env=environment | {"FLASHD_SIM": str(array.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    place.chmod(0o700)
    assert (done.returncode, done.stdout) == (63, "")
    assert done.stderr.startswith(f"flashd-dscli: {array.path} cannot be read and written by user")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("limit", "code"), [("1", 3), ("2", 0)])
def test_a_console_bears_only_so_many_sessions(
    dscli: Dscli, start: Callable[..., Popen[str]], array: Array, limit: str, code: int
) -> None:
    array.switch("session_limit", limit)
    first = start()
    assert first.stdout is not None
    assert first.stdout.readline().startswith("Date/Time")
    second = dscli("lssi")
    assert (second.returncode, "sessions already" in second.stderr) == (code, code == 3)
    assert first.communicate("lssi\nquit\n")[0].count("Date/Time") == 1
    assert dscli("lssi").returncode == 0
    outcomes = [login.outcome for login in array.logins()]
    assert outcomes == ["ok", "ok" if code == 0 else "too many sessions", "ok"]


def test_another_image_s_commands_are_refused(dscli: Dscli, array: Array) -> None:
    done = dscli("rmflash", "-dev", "IBM.2107-75XYZ02", "-quiet", "0001:0002")
    assert done.returncode == 2
    assert array.relation("0001:0002")


def test_a_login_is_prompted_for_what_is_not_given(bare_dscli: Dscli, array: Array) -> None:
    home = {"HOME": str(array.path.parent)}
    done = bare_dscli(stdin="10.10.10.10\n\nopensvc\nopensvc\nlsflash 5\n", **home)
    for question in ("primary management console", "Enter your username", "Enter your password"):
        assert question in done.stdout
    assert [entry.command for entry in array.journal()] == ["lsflash 5"]
