"""What can be held, and what a hold keeps of what people wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flashd.model.hold import Hold, Kind, Scope

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DB, ARRAY, ALL = Scope(Kind.SERVICE, "db"), Scope(Kind.ARRAY, "A"), Scope(Kind.ALL)


def hold(reason: str = "move", by: str = "ann", until: datetime | None = None) -> Hold:
    return Hold(scope=DB, reason=reason, by=by, since=NOW, until=until)


@pytest.mark.parametrize(
    ("scope", "service", "arrays", "covers"),
    [
        (DB, "db", [], True),
        (DB, "web", ["db"], False),
        (ARRAY, "db", ["A"], True),
        (ARRAY, "db", ["B", "A"], True),
        (ARRAY, "A", ["B"], False),
        (ARRAY, "db", [], False),
        (ALL, "db", [], True),
    ],
)
def test_what_a_scope_covers(
    scope: Scope, service: str, arrays: list[str], *, covers: bool
) -> None:
    assert scope.covers(service, arrays) is covers


@pytest.mark.parametrize(("kind", "name"), [(Kind.SERVICE, ""), (Kind.ARRAY, ""), (Kind.ALL, "db")])
def test_all_has_no_name_and_the_others_have_one(kind: Kind, name: str) -> None:
    with pytest.raises(ValueError, match="has a name"):
        Scope(kind, name)


def test_scopes_in_words() -> None:
    assert list(map(str, (DB, ARRAY, ALL))) == ["service db", "array A", "all"]


def test_a_hold_binds_up_to_its_end_by_the_clock() -> None:
    assert hold(until=NOW).binds(NOW - MICROSECOND)
    assert not hold(until=NOW).binds(NOW)
    assert hold().binds(NOW + timedelta(days=10000))
    assert hold().binds(NOW - timedelta(days=1)), "a clock that was set back frees nobody"


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
def test_a_hold_has_a_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="has a reason"):
        hold(reason)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("  a move \n", "a move"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\0\udcff", r"\x00\udcff"),
        ("\u202eevil\x9b", r"\u202eevil\x9b"),
        ("Wartung für 東京", "Wartung für 東京"),
    ],
)
def test_what_people_wrote_commands_no_terminal(said: str, kept: str) -> None:
    assert hold(said).reason == kept
    assert hold("x", by=f"x{said}".strip()).by == (f"x  {kept}" if said[0] == " " else f"x{kept}")
