"""What the operator wants, and who may touch what."""

from __future__ import annotations

from dataclasses import replace
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


def sighting(array: str, name: str) -> Sighting:
    return Sighting(
        array=array,
        pair=Pair.parse(name),
        relation=None,
        observed_at=NOW,
        before_at=None,
        since_at=NOW,
    )


def test_a_picture_tells_what_was_seen_of_all_pairs_on_the_volumes_of_a_service() -> None:
    touching = [("B", "0003:0004"), ("B", "0002:0007"), ("B", "0009:0001"), ("A", "0004:0003")]
    others = [("B", "0005:0006"), ("A", "0001:0002"), ("C", "0003:0004")]
    picture = Picture(
        sightings={(a, Pair.parse(name)): sighting(a, name) for a, name in [*others, *touching]},
        arrays={},
        withdrawals={},
        open_runs={},
        standings={},
        zones={},
    )
    seen = picture.relations_of(SERVICE)
    assert seen == {(array, Pair.parse(name)): None for array, name in touching}
    assert replace(picture, sightings={}).relations_of(SERVICE) == {}
