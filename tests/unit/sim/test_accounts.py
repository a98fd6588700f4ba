"""Roles, passwords that end, locks; each session is one login."""

from pathlib import Path

import pytest

from flashd.sim import connection
from flashd.sim.array import Array
from flashd.sim.session import Refusal, Session
from tests.unit.sim.inside import CountingClock, Streams, array_in, credentials, logged_in

DAY = 86_400.0
RESYNC = "resyncflash -record -persist 0001:0002"
LIST = "lsflash -l 0000-FFFF"


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def array(tmp_path: Path, clock: CountingClock) -> Array:
    made = array_in(tmp_path, clock)
    made.add_user("root", "rootroot", "admin")
    return made


@pytest.fixture
def streams() -> Streams:
    return Streams()


@pytest.fixture
def root(array: Array) -> Session:
    return as_root(array, Streams())


def as_root(array: Array, streams: Streams) -> Session:
    return logged_in(array, streams, user="root", password="rootroot")


@pytest.mark.parametrize(
    ("role", "lists", "changes", "makes_users"),
    [
        ("admin", True, True, True),
        ("op_storage", True, True, False),
        ("op_volume", True, False, False),
        ("op_copy_services", True, True, False),
        ("service", True, False, False),
        ("monitor", True, False, False),
        ("no_access", False, False, False),
    ],
)
def test_a_role_covers_its_tasks(
    array: Array, streams: Streams, role: str, *, lists: bool, changes: bool, makes_users: bool
) -> None:
    array.add_user("eve", "evenever", role)
    session = logged_in(array, streams, user="eve", password="evenever")
    codes = [
        session.perform(command)
        for command in (LIST, RESYNC, "mkuser -pw longenough -group monitor new")
    ]
    assert codes == [0 if may else 4 for may in (lists, changes, makes_users)]
    assert streams.err.count("Unsupported task") == codes.count(4)


def test_who_may_change_relations_and_the_exit_code_are_switches(
    array: Array, streams: Streams
) -> None:
    array.switch("copy_services_roles", "admin,monitor")
    array.switch("not_permitted_exit", "6")
    array.add_user("eve", "evenever", "monitor")
    assert logged_in(array, streams, user="eve", password="evenever").perform(RESYNC) == 0
    assert logged_in(array, streams).perform(RESYNC) == 6


def test_a_password_set_by_an_administrator_has_to_be_changed_first(
    array: Array, root: Session, streams: Streams
) -> None:
    assert root.perform("mkuser -pw firstpass -group op_copy_services new") == 0
    session = logged_in(array, streams, user="new", password="firstpass")
    assert [session.perform(command) for command in (LIST, RESYNC, "lsuser")] == [5, 5, 5]
    assert streams.err.count("CMUC00191E") == 3
    assert session.perform("chuser -pw ownsecret new") == 0
    assert session.perform(LIST) == 0
    again = logged_in(array, Streams(), user="new", password="ownsecret")
    assert again.perform(RESYNC) == 0


def test_a_password_given_anew_by_an_administrator_is_expired_too(
    array: Array, root: Session, streams: Streams
) -> None:
    assert root.perform("chuser -pw brandnew1 opensvc") == 0
    session = logged_in(array, streams, password="brandnew1")
    assert session.perform(LIST) == 5
    assert session.perform("chuser -pw brandnew2") == 0
    assert session.perform(LIST) == 0


@pytest.mark.parametrize(("days", "code"), [(89.9, 0), (90.0, 5), (200.0, 5)])
def test_a_password_expires_after_ninety_days(
    array: Array, clock: CountingClock, streams: Streams, days: float, code: int
) -> None:
    clock.wait(days * DAY)
    assert logged_in(array, streams).perform(LIST) == code
    array.switch("password_expiration_days", "0")
    assert logged_in(array, streams).perform(LIST) == 0


def test_an_open_session_does_not_feel_that_the_password_expires(
    array: Array, clock: CountingClock, streams: Streams
) -> None:
    session = logged_in(array, streams)
    clock.wait(91 * DAY)
    assert session.perform(LIST) == 0


def test_an_expired_password_may_refuse_the_login(array: Array) -> None:
    array.switch("expired_password", "refuse")
    array.set_user("opensvc", must_change=True)
    with pytest.raises(Refusal) as refused:
        connection.admit((array,), credentials())
    assert refused.value.code == 5
    assert "expired" in refused.value.message
    assert [user.failed_logins for user in array.users() if user.name == "opensvc"] == [0]


def test_chpass_moves_the_expiry(array: Array, root: Session, clock: CountingClock) -> None:
    streams = Streams()
    admin = as_root(array, streams)
    assert admin.perform("chpass -expire 0 -fail 3") == 0
    assert streams.out == "CMUC00195I chpass: Security properties successfully set.\n"
    admin.perform("showpass")
    assert "Password Expiration   0 days\nFailed Logins Allowed 3\n" in streams.out
    clock.wait(1000 * DAY)
    assert logged_in(array, Streams()).perform(LIST) == 0
    assert [root.perform(f"chpass {wrong}") for wrong in ("", "-expire x", "-expire -1")] == [2] * 3


def lock(array: Array) -> None:
    for _ in range(5):
        with pytest.raises(Refusal):
            connection.admit((array,), credentials(password="wrong"))


def test_a_lock_spares_the_session_that_is_open_and_chuser_lifts_it(
    array: Array, root: Session
) -> None:
    session = logged_in(array, Streams())
    lock(array)
    assert session.perform(LIST) == 0
    with pytest.raises(Refusal, match="account locked"):
        logged_in(array, Streams())
    assert root.perform("chuser -unlock opensvc") == 0
    assert logged_in(array, Streams()).perform(LIST) == 0


def test_an_administrator_locks_by_hand(array: Array, root: Session, streams: Streams) -> None:
    assert root.perform("chuser -lock opensvc") == 0
    with pytest.raises(Refusal, match="account locked"):
        logged_in(array, Streams())
    admin = as_root(array, streams)
    admin.perform("lsuser")
    assert [line.split() for line in streams.out.splitlines()[2:]] == [
        ["opensvc", "op_copy_services", "locked"],
        ["root", "admin", "active"],
    ]


def test_nobody_but_an_administrator_touches_another_account_or_his_own_role(
    array: Array, streams: Streams
) -> None:
    session = logged_in(array, streams)
    for command in (
        "chuser -pw longenough root",
        "chuser -group admin opensvc",
        "chuser -unlock opensvc",
        "rmuser -quiet root",
        "chpass -expire 0",
    ):
        assert session.perform(command) == 4
    assert streams.err.count("Unsupported task") == 5
    session.perform("lsuser -s")
    assert streams.out.splitlines()[-1] == "opensvc"
    assert "root" not in streams.out


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short77", "shorter than 8"),
        ("brandnew1", "one of the last 8"),
        ("brandnew2", "too short a time ago"),
    ],
)
def test_rules_for_new_passwords(
    array: Array, clock: CountingClock, streams: Streams, password: str, reason: str
) -> None:
    clock.wait(2 * DAY)
    session = logged_in(array, streams)
    assert session.perform("chuser -pw brandnew1") == 0
    if "last" in reason:
        clock.wait(2 * DAY)
    assert session.perform(f"chuser -pw {password}") == 4
    assert reason in streams.err
    assert logged_in(array, Streams(), password="brandnew1").perform("lssi") == 0


def test_a_password_of_long_ago_may_come_again(array: Array, clock: CountingClock) -> None:
    array.switch("password_history", "2")
    session = logged_in(array, Streams())
    codes = []
    for number in (1, 2, 1, 3, 1):
        clock.wait(2 * DAY)
        codes.append(session.perform(f"chuser -pw brandnew{number}"))
    assert codes == [0, 0, 4, 0, 0]


def test_a_user_is_removed_once_somebody_agrees(array: Array) -> None:
    streams = Streams(given=["n", "y"])
    admin = as_root(array, streams)
    admin.perform("rmuser opensvc")
    assert len(array.users()) == 2
    admin.perform("rmuser opensvc")
    assert [user.name for user in array.users()] == ["root"]
    assert streams.out.count("CMUC00135W rmuser: simulated: is user") == 2
    assert admin.perform("rmuser -quiet opensvc") == 4


def test_mkuser_and_showuser_say_what_they_miss(array: Array, streams: Streams) -> None:
    admin = as_root(array, streams)
    for command, code in {
        "mkuser -group admin new": 2,
        "mkuser -pw longenough -group king new": 4,
        "mkuser -pw short -group monitor new": 4,
        "mkuser -pw longenough -group monitor root": 4,
        "mkuser -pw longenough -group monitor a b": 2,
        "chuser -group king opensvc": 4,
        "chuser -pw longenough nobody": 4,
        "chuser a b": 2,
        "showuser nobody": 4,
        "showuser a b": 2,
    }.items():
        assert admin.perform(command) == code, command
    assert [user.name for user in array.users()] == ["opensvc", "root"]
    admin.perform("showuser opensvc")
    assert "Group       op_copy_services\nState       active\n" in streams.out


def test_no_password_is_in_the_journal(array: Array, root: Session) -> None:
    root.perform("mkuser -pw 'my own' -group monitor new")
    root.perform("""chuser -pw 'it'"'"'s' new""")
    root.perform("chuser -pw")
    assert [entry.command for entry in array.journal()] == [
        "mkuser -pw ******** -group monitor new",
        "chuser -pw ******** new",
        "chuser -pw",
    ]
