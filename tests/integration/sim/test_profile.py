"""Profiles: `name:<tab>value` lines, chosen by -cfg."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]
Profile = Callable[..., tuple[str, str]]

SHIPPED = """\
# DS CLI Profile
#
#hmc1:\t127.0.0.1
hmc1:\t10.10.10.10
hmc2:
devid:\tIBM.2107-75ABC01
#remotedevid:\tIBM.2107-AZ12341
locale:\ten
banner_date:\tlocale
timeout:\t900
timeout.connection:\t20
fullid:\toff
paging:\toff
rows:\t24
format:\tdefault
#delim:\t|
banner:\ton
header:\ton
verbose:\toff
echo:\toff
#echoprefix:\tdscli>
maxNumReports:\t256
#port:\t1750
"""
"""All keys of the shipped profile, each at its default or as an administrator fills it in."""

AS_OPENSVC = ("-user", "opensvc", "-passwd", "opensvc")


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    def write(*lines: str, shipped: str = SHIPPED) -> tuple[str, str]:
        path = tmp_path / "dscli.profile_x"
        path.write_text(shipped + "".join(f"{line}\n" for line in lines))
        return ("-cfg", str(path))

    return write


def test_the_shipped_profile_is_read_as_it_is(
    bare_dscli: Dscli, array: Array, profile: Profile
) -> None:
    array.switch("unknown_profile_key", "refuse")
    done = bare_dscli(*profile(), *AS_OPENSVC, "lsflash", "0001")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].endswith(" DS: IBM.2107-75ABC01")
    assert done.stdout.splitlines()[3].startswith("0001:0002")


@pytest.mark.parametrize(
    ("line", "command", "first"),
    [
        ("banner:\toff", "lsflash -s 0001", "ID"),
        ("fullid:\ton\nbanner: off\nheader: off", "lssi -s", "IBM.2107-75ABC01"),
        ("format:\tdelim\ndelim:\t:\nbanner:off", "lsuser", "Name:Group:State"),
        ("format:\tdelim\nbanner:off", "lsuser", "Name,Group,State"),
        ("echo:\ton\nechoprefix:\t+ \nbanner:off", "lsflash 5", "+lsflash 5"),
        ("format:\txml\nbanner:off", "lssi", "<IRETURNVALUE>"),
    ],
)
def test_a_key_of_the_profile_holds_from_the_start(
    bare_dscli: Dscli, array: Array, profile: Profile, line: str, command: str, first: str
) -> None:
    done = bare_dscli(*profile(line), *AS_OPENSVC, command)
    assert done.stdout.splitlines()[0] == first
    assert array.journal()[-1].exit == 0


def test_a_date_of_the_profile_is_that_of_the_banner(
    bare_dscli: Dscli, profile: Profile, array: Array
) -> None:
    done = bare_dscli(*profile("banner_date:\tiso8601"), *AS_OPENSVC, "ver", TZ="UTC")
    assert done.stdout[:11] + done.stdout[21:22] == "Date/Time: T"
    assert "+0000 IBM DSCLI Version" in done.stdout
    assert array.logins()


def test_the_command_line_wins(
    bare_dscli: Dscli, login: tuple[str, ...], array: Array, profile: Profile
) -> None:
    given = profile("hmc1:\t10.9.9.9", "user:\tnobody", "devid:\tIBM.2107-75XYZ02")
    assert bare_dscli(*given, *AS_OPENSVC, "lssi").returncode == 3
    assert bare_dscli(*given, *login, "lsflash", "5").returncode == 2
    assert bare_dscli(*given, *login, "lsflash", "-dev", "75ABC01", "5").returncode == 0
    assert {entry.user for entry in array.journal()} == {"opensvc"}


def test_user_and_password_file_may_stand_in_the_profile(
    bare_dscli: Dscli, array: Array, login: tuple[str, ...], profile: Profile
) -> None:
    pwfile = f"pwfile:\t{login[-1]}"
    for key in ("user", "username"):
        assert bare_dscli(*profile(f"{key}:\topensvc", pwfile), "lssi").returncode == 0
    done = bare_dscli(*profile("username:\topensvc", "password:\topensvc"), "lssi")
    assert done.returncode == 0
    assert len(array.logins()) == 3


def test_the_port_of_the_profile_is_the_only_one(
    bare_dscli: Dscli, array: Array, profile: Profile
) -> None:
    array.switch("console_port", "1750")
    assert bare_dscli(*profile("port:\t1751"), *AS_OPENSVC, "lssi").returncode == 3
    assert bare_dscli(*profile("port:\t1750"), *AS_OPENSVC, "lssi").returncode == 0
    assert bare_dscli(*profile(), *AS_OPENSVC, "lssi").returncode == 0


@pytest.mark.parametrize(("position", "code"), [("ignore", 0), ("refuse", 2)])
def test_an_unknown_key_is_let_pass_or_refused(
    bare_dscli: Dscli, array: Array, profile: Profile, position: str, code: int
) -> None:
    array.switch("unknown_profile_key", position)
    done = bare_dscli(*profile("colour:\tblue"), *AS_OPENSVC, "lssi")
    assert done.returncode == code
    assert ("no key colour" in done.stderr) is bool(code)


@pytest.mark.parametrize("line", ["format:\thtml", "rows:\tmany", "banner:\tperhaps", "timeout:-1"])
def test_a_value_that_cannot_be_is_refused_before_the_login(
    bare_dscli: Dscli, array: Array, profile: Profile, line: str
) -> None:
    done = bare_dscli(*profile(line), *AS_OPENSVC, "lssi")
    assert (done.returncode, done.stderr.startswith("CMMCI")) == (2, True)
    assert array.logins() == ()


def test_a_profile_that_is_not_there_is_told(bare_dscli: Dscli, array: Array) -> None:
    done = bare_dscli("-cfg", "/nowhere/dscli.profile", *AS_OPENSVC, "lssi")
    assert (done.returncode, "cannot read profile" in done.stderr) == (2, True)
    assert array.logins() == ()


def test_without_a_delimiter_of_the_profile_the_switch_tells_it(
    bare_dscli: Dscli, array: Array, profile: Profile
) -> None:
    array.switch("default_delimiter", "|")
    words = ("-bnr off -fmt delim",)
    plain = bare_dscli(*profile(), *AS_OPENSVC, f"lsuser {words[0]}")
    assert plain.stdout.splitlines()[0] == "Name|Group|State"
    own = bare_dscli(*profile("delim:\t;"), *AS_OPENSVC, f"lsuser {words[0]}")
    assert own.stdout.splitlines()[0] == "Name;Group;State"
