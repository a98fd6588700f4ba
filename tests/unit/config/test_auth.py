from __future__ import annotations

import os
import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.config.auth import (
    MAX_BYTES,
    Auth,
    Login,
    distrust,
    missing_arrays,
    open_auth,
    read_auth,
)
from flashd.config.configuration import interpret
from flashd.config.files import Files
from flashd.config.mistakes import Mistakes, Source
from flashd.config.settings import Settings
from flashd.errors import ConfigError

SAMPLES = Path(__file__).parent / "samples/auth/valid"
ARRAY = "IBM.2107-75ABC01"
TEXT = (SAMPLES / "contract.conf").read_text(encoding="utf-8")
LOGIN = Login(array=ARRAY, hmc1="10.10.10.10", hmc2=None, username="opensvc")
ROOT, FLASHD, OTHER = 0, 990, 1000


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    file = tmp_path / "auth.conf"
    file.write_text(TEXT, encoding="utf-8")
    file.chmod(0o600)
    return file


def opened(file: Path, environ: dict[str, str] | None = None) -> Auth:
    return open_auth(Settings(auth=file), environ or {})


def refusal(file: Path) -> tuple[str, str]:
    with pytest.raises(ConfigError) as refused:
        opened(file)
    return refused.value.message, refused.value.hint


def test_reads_the_example_of_the_contract(conf: Path) -> None:
    auth = opened(conf)
    assert auth == {ARRAY: LOGIN}
    assert (list(auth), len(auth), auth.file) == ([ARRAY], 1, conf)


def test_reads_everything_that_may_stand_there() -> None:
    text = (SAMPLES / "two-consoles.conf").read_text(encoding="utf-8")
    assert read_auth(Source("x", text)) == {
        ARRAY: Login(
            array=ARRAY,
            hmc1="fe80::1",
            hmc2="hmc2.example.net",
            username="100%user",
            timezone=ZoneInfo("America/New_York"),
        ),
        "IBM.XXXX-XXXXXXX": Login(array="IBM.XXXX-XXXXXXX", hmc1="h", hmc2=None, username="u"),
    }


def test_an_empty_file_has_no_logins() -> None:
    assert read_auth(Source("x", "# nothing\n")) == {}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "auth.conf"
    assert refusal(file) == (
        f"{file} does not exist",
        f"Run: install -m 600 /dev/null {file}, and give each array a section there.",
    )


def test_a_symbolic_link_is_refused(conf: Path) -> None:
    link = conf.with_name("link")
    link.symlink_to(conf)
    message, hint = refusal(link)
    assert message == f"{link} is a symbolic link"
    assert (
        hint == f'Run: cp --remove-destination "$(readlink -f {link})" {link} && chmod 600 {link}'
    )


def test_a_hard_link_is_refused(conf: Path) -> None:
    conf.with_name("second").hardlink_to(conf)
    message, hint = refusal(conf)
    assert message == f"{conf} has 2 hard links, so it can be changed by another name"
    assert hint == f"Run: cp {conf} {conf}.new && chmod 600 {conf}.new && mv {conf}.new {conf}"


def test_a_directory_and_a_fifo_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for file in (tmp_path, tmp_path / "fifo"):
        assert refusal(file)[0] == f"{file} is not a regular file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o601, 0o602, 0o660, 0o777])
def test_what_others_can_use_is_refused(conf: Path, mode: int) -> None:
    conf.chmod(mode)
    assert refusal(conf) == (
        f"{conf} has mode 0{mode:o}, so others can use it",
        f"Run: chmod 600 {conf}",
    )


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_what_only_its_owner_can_use_is_read(conf: Path, mode: int) -> None:
    conf.chmod(mode)
    assert opened(conf)[ARRAY] == LOGIN


def test_a_huge_file_is_refused(conf: Path) -> None:
    conf.write_bytes(b"#" * MAX_BYTES)
    assert opened(conf) == {}
    conf.write_bytes(b"#" * (MAX_BYTES + 1))
    assert refusal(conf)[0] == f"{conf} is larger than 1024 KiB"


def test_what_is_not_utf8_is_refused(conf: Path) -> None:
    conf.write_bytes(b"\xe9")
    assert refusal(conf)[0] == f"{conf} is not UTF-8"


def status(owner: int, mode: int = 0o600, links: int = 1) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 1, 1, links, owner, 0, 0, 0, 0, 0))


OWNERS = {
    "root reads root's": (ROOT, ROOT, True),
    "root does not believe a user": (FLASHD, ROOT, False),
    "a user believes root": (ROOT, FLASHD, True),
    "a user believes himself": (FLASHD, FLASHD, True),
    "a user does not believe another": (OTHER, FLASHD, False),
}


@pytest.mark.parametrize(("owner", "user", "believed"), OWNERS.values(), ids=OWNERS.keys())
def test_who_may_own_the_file(owner: int, user: int, *, believed: bool) -> None:
    assert (distrust(Path("/etc/a b"), status(owner), user) is None) is believed


def test_the_command_that_gives_the_file_to_root() -> None:
    complaint = distrust(Path("/etc/a b"), status(FLASHD), ROOT)
    assert complaint is not None
    assert complaint.message == "/etc/a b belongs to user 990, not to root"
    assert complaint.hint == "Run: chown root '/etc/a b'"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_file_of_another_user_is_refused(conf: Path) -> None:
    os.chown(conf, OTHER, -1)
    assert refusal(conf)[0] == f"{conf} belongs to user 1000, not to root"


@pytest.fixture
def passed(tmp_path: Path) -> Path:
    """Stand for what systemd 257 passes on: 0440, and an access list for the service's user."""
    directory = tmp_path / "credentials"
    directory.mkdir()
    file = directory / "auth.conf"
    file.write_text(TEXT.replace("10.10.10.10", "from-systemd"), encoding="utf-8")
    file.chmod(0o440)
    return file


def test_what_systemd_passes_on_wins(conf: Path, passed: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(passed.parent)}
    auth = opened(conf, environ)
    assert auth[ARRAY].hmc1 == "from-systemd"
    assert auth.file == passed


def test_what_systemd_does_not_pass_on_is_read_from_its_place(conf: Path, tmp_path: Path) -> None:
    assert opened(conf, {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")})[ARRAY] == LOGIN
    assert opened(conf, {"CREDENTIALS_DIRECTORY": ""})[ARRAY] == LOGIN


def test_a_credential_that_everybody_can_read_is_refused(conf: Path, passed: Path) -> None:
    passed.chmod(0o444)
    with pytest.raises(ConfigError, match="has mode 0444"):
        opened(conf, {"CREDENTIALS_DIRECTORY": str(passed.parent)})


def test_a_credential_that_is_a_link_is_refused_and_not_passed_over(
    conf: Path, passed: Path
) -> None:
    passed.unlink()
    passed.symlink_to("nowhere")
    with pytest.raises(ConfigError, match="is a symbolic link"):
        opened(conf, {"CREDENTIALS_DIRECTORY": str(passed.parent)})


def test_an_array_without_a_login_is_told_where_it_is_named() -> None:
    text = """
services:
  db:
    guards: [{type: systemd, unit: db}]
    sync:
      s1: {array: IBM.2107-75ABC01, pairs: 0001:0002}
      s2: {array: IBM.2107-75ABC02, pairs: 0001:0002}
      s3: {array: IBM.2107-75ABC02, pairs: 0003:0004}
"""
    configuration = interpret(Files(Path("/etc"), {"services.d/x.yaml": text}))
    auth = Auth(Path("/etc/auth.conf"), {ARRAY: LOGIN})
    assert [str(mistake) for mistake in missing_arrays(configuration, auth)] == [
        (
            "/etc/services.d/x.yaml:7:19: array IBM.2107-75ABC02 is not in /etc/auth.conf;"
            f" did you mean '{ARRAY}'?"
        )
    ]
    nothing = Auth(Path("/etc/auth.conf"), {})
    assert [mistake.hint for mistake in missing_arrays(configuration, nothing)] == [
        "add a section [IBM.2107-75ABC01] there",
        "add a section [IBM.2107-75ABC02] there",
    ]
    copy = Auth(Path("/run/credentials/flashd.service/auth.conf"), {ARRAY: LOGIN})
    (mistake,) = missing_arrays(configuration, copy)
    assert mistake.hint == (
        f"did you mean '{ARRAY}'? that is the copy of auth.conf which systemd made at the start:"
        " restart flashd once /etc/flashd/auth.conf is mended"
    )


ini = st.lists(
    st.sampled_from(
        [f"[{ARRAY}]", "[x]", "[]", "type = ibmds", "hmc1 = a", "hmc2 = -b", " more", "username: u",
         "timezone = UTC", "= x", "%", "%(x)s = %(y)s", "[DEFAULT]", "#", "hmc1", "\0", "[a]]"]
    )
)  # fmt: skip


@given(st.text() | ini.map("\n".join))
def test_any_text_is_logins_or_mistakes(text: str) -> None:
    try:
        auth = read_auth(Source("auth.conf", text))
    except Mistakes:
        return
    assert all(not login.hmc1.startswith("-") for login in auth.values())
