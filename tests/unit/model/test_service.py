"""What the operator wants, and who may touch what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flashd.model.lease import Holder, array_lease, volume_lease
from flashd.model.observation import Picture, Sighting
from flashd.model.service import Freshness, Resource, Service
from flashd.model.verdict import Finding, Reading, Verdict
from flashd.model.volumes import Pair

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
FIRST, SECOND_PAIR, THIRD = map(Pair.parse, ("0003:0004", "0001:0002", "0003:0004"))
SERVICE = Service(
    name="a",
    freshness=Freshness(min_delay=timedelta(0), max_delay=HOUR),
    schedule=None,
    timezone=ZoneInfo("UTC"),
    guards=(),
    resources=(
        Resource(id="sync#1", array="B", pairs=(FIRST, SECOND_PAIR)),
        Resource(id="sync#2", array="A", pairs=(THIRD,)),
    ),
)


def test_sync_min_delay_is_less_than_sync_max_delay() -> None:
    assert Freshness(min_delay=HOUR - SECOND, max_delay=HOUR).refresh_after is None
    for delay in (HOUR, HOUR + SECOND):
        with pytest.raises(ValueError, match="sync_min_delay must be less than sync_max_delay"):
            Freshness(min_delay=delay, max_delay=HOUR)


def test_a_service_names_its_arrays_in_one_order_and_its_clones_as_configured() -> None:
    assert SERVICE.arrays == ("A", "B")
    assert SERVICE.clones == (("B", FIRST), ("B", SECOND_PAIR), ("A", THIRD))


def test_a_service_touches_both_ends_of_each_pair() -> None:
    assert SERVICE.volumes == {
        ("B", "0001"),
        ("B", "0002"),
        ("B", "0003"),
        ("B", "0004"),
        ("A", "0003"),
        ("A", "0004"),
    }


def test_where_a_service_is_written_does_not_make_it_another() -> None:
    moved = Service(
        name="a",
        freshness=SERVICE.freshness,
        schedule=None,
        timezone=SERVICE.timezone,
        guards=(),
        resources=SERVICE.resources,
        origin="b.yaml:7",
    )
    assert moved == SERVICE


def test_leases_have_names() -> None:
    assert array_lease("A") == "array A"
    assert volume_lease("A", "0001") == "volume A/0001"
    assert str(Holder("host", "boot", 17, 4711, "t")) == "process 17 on host"


def test_a_reading_says_what_was_found() -> None:
    finding = Finding(Verdict.DOWN, "inactive")
    assert Reading("db", "command", True, finding, NOW, 1.0).verdict is Verdict.DOWN


def test_a_picture_tells_the_relations_that_were_seen_last() -> None:
    seen = Sighting(
        array="A", pair=FIRST, relation=None, observed_at=NOW, before_at=None, since_at=NOW
    )
    picture = Picture(
        sightings={("A", FIRST): seen},
        arrays={},
        withdrawals={},
        last_runs={},
        standings={},
        zones={},
    )
    assert picture.relations() == {("A", FIRST): None}
