from __future__ import annotations

import os
from pathlib import Path

import pytest

from flashd.config.auth import Login
from flashd.config.pwfile import check_pwfile, chown, fingerprint, managepwfile, pwfile_of
from flashd.config.settings import DscliSettings, Settings
from flashd.errors import ConfigError

ROOT, NOBODY, UNKNOWN = 0, 65534, 54321
LOGIN = Login(array="IBM.2107-75ABC01", hmc1="1.2.3.4", hmc2="1.2.3.5", username="opensvc")


def settings(directory: Path) -> Settings:
    return Settings(pwfiles=directory, dscli=DscliSettings(path=Path("/opt/ibm/dscli/dscli")))


def test_is_named_after_the_array() -> None:
    assert pwfile_of(settings(Path("/var/x")), LOGIN) == Path("/var/x/IBM.2107-75ABC01.pwfile")


def test_a_missing_one_is_told_with_the_line_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        check_pwfile(settings(tmp_path), LOGIN, ROOT)
    file = tmp_path / "IBM.2107-75ABC01.pwfile"
    assert refused.value.message == f"{file} does not exist"
    assert refused.value.hint == (
        "Run: /opt/ibm/dscli/dscli managepwfile -action add -mc1 1.2.3.4 -mc2 1.2.3.5"
        f" -pwfile {file} -name opensvc -pw PASSWORD"
    )


def test_no_second_console_is_no_option(tmp_path: Path) -> None:
    login = Login(array=LOGIN.array, hmc1="1.2.3.4", hmc2=None, username="opensvc")
    with pytest.raises(ConfigError) as refused:
        check_pwfile(settings(tmp_path), login, ROOT)
    assert "-mc1 1.2.3.4 -pwfile" in refused.value.hint


def test_one_that_can_be_read_is_taken(tmp_path: Path) -> None:
    pwfile_of(settings(tmp_path), LOGIN).write_bytes(b"x")
    check_pwfile(settings(tmp_path), LOGIN, ROOT)


@pytest.mark.parametrize("kind", ["a fifo", "a device", "a directory"])
def test_one_that_is_no_file_is_told_without_waiting_for_it(tmp_path: Path, kind: str) -> None:
    """Opened plainly, a fifo keeps the whole daemon waiting for a writer."""
    file = pwfile_of(settings(tmp_path), LOGIN)
    if kind == "a fifo":
        os.mkfifo(file)
    elif kind == "a device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
    with pytest.raises(ConfigError, match="is not a regular file"):
        check_pwfile(settings(tmp_path), LOGIN, NOBODY)


def test_the_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "x.pwfile"
    seen = [fingerprint(file)]
    file.write_bytes(b"geheim")
    seen.append(fingerprint(file))
    os.utime(file, ns=(1, 1))
    seen.append(fingerprint(file))
    other = tmp_path / "other"
    other.write_bytes(b"geheim")
    os.utime(other, ns=(1, 1))
    other.replace(file)
    seen.append(fingerprint(file))
    file.write_bytes(b"geheim2")
    os.utime(file, ns=(1, 1))
    seen.append(fingerprint(file))
    assert len(set(seen)) == len(seen)
    assert fingerprint(file) == fingerprint(file)
    assert "geheim" not in "".join(seen)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_root_makes_it_as_the_owner_of_the_directory(tmp_path: Path) -> None:
    at = settings(tmp_path)
    assert managepwfile(at, LOGIN, ROOT).startswith("/opt/ibm/dscli/dscli managepwfile ")
    os.chown(tmp_path, NOBODY, NOBODY)
    assert managepwfile(at, LOGIN, ROOT).startswith(
        "runuser -u nobody -- /opt/ibm/dscli/dscli managepwfile "
    )
    assert managepwfile(at, LOGIN, NOBODY).startswith("/opt/ibm/dscli/dscli managepwfile ")
    os.chown(tmp_path, UNKNOWN, UNKNOWN)
    assert managepwfile(at, LOGIN, ROOT).startswith("/opt/ibm/dscli/dscli managepwfile ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_it_is_given_to_the_owner_of_the_state(tmp_path: Path) -> None:
    at = settings(tmp_path).with_state(f"sqlite:///{tmp_path}/flashd.db")
    file = pwfile_of(at, LOGIN)
    os.chown(tmp_path, UNKNOWN, UNKNOWN)
    assert chown(at, LOGIN) == f"chown {UNKNOWN}:{UNKNOWN} {file} && chmod 600 {file}"
    os.chown(tmp_path, NOBODY, ROOT)
    assert chown(at, LOGIN) == f"chown nobody:root {file} && chmod 600 {file}"
