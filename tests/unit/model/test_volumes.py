"""Volumes, pairs, and relations as an array reports them."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.model.volumes import ArrayTime, Listing, Pair, Relation, VolumeId

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
MADE = ArrayTime("made", datetime.fromisoformat("2026-06-01T08:00:00"), "UTC")
SYNCED = ArrayTime("synced", datetime.fromisoformat("2026-11-21T00:59:31"), "UTC")
RELATION = Relation(
    pair=Pair.parse("0001:0002"),
    state="Valid",
    recording=True,
    persistent=True,
    revertible=False,
    source_write_enabled=True,
    target_write_enabled=True,
    background_copy=True,
    out_of_sync_tracks=0,
    created=MADE,
    synced=SYNCED,
    space_efficient_target=False,
)


@pytest.mark.parametrize(
    ("text", "volume"),
    [("0000", "0000"), ("ffff", "FFFF"), ("0a1F", "0A1F"), (" 0101\n", "0101"), ("1e10", "1E10")],
)
def test_reads_a_volume_id_in_any_case(text: str, volume: str) -> None:
    assert VolumeId(text) == volume
    assert str(VolumeId(text)) == volume
    assert hash(VolumeId(text)) == hash(volume)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "001",
        "00001",
        "000G",
        "0x01",
        "00 1",
        "-001",
        "+001",
        "000\u0661",
        "\uff10001",
        "00\ufb00",  # one letter that is FF in capitals
        "0001:0002",
    ],
)
def test_refuses_what_is_no_volume_id(text: str) -> None:
    with pytest.raises(ValueError, match="is not a volume id; write four hex digits"):
        VolumeId(text)


@given(st.text(max_size=6))
def test_a_volume_id_is_four_hex_digits_or_none(text: str) -> None:
    try:
        volume = VolumeId(text)
    except ValueError:
        return
    assert int(volume, 16) == int(text, 16)
    assert volume == f"{int(text, 16):04X}"


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [("0001:0002", "0001", "0002"), (" 0a01:0b02 ", "0A01", "0B02")],
)
def test_reads_a_pair(text: str, source: str, target: str) -> None:
    parsed = Pair.parse(text)
    assert parsed == Pair(VolumeId(source), VolumeId(target))
    assert parsed.volumes == (source, target)
    assert str(parsed) == f"{source}:{target}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a pair; write source:target"),
        ("0001", "is not a pair"),
        ("0001:", "is not a pair"),
        (":0002", "is not a pair"),
        ("0001-0002", "is not a pair"),
        ("0001:0002:0003", "'0002:0003' is not a volume id"),
        ("0001:000G", "'000G' is not a volume id"),
        ("0001: ", "is not a pair"),
        ("0001 0002", "is not a pair"),
        ("0001: x", "is not a volume id"),
        ("00a1:00A1", "volume 00A1 cannot be its own target"),
    ],
)
def test_refuses_what_is_no_pair(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Pair.parse(text)


def test_pairs_have_an_order_and_cannot_be_changed() -> None:
    first, second = Pair.parse("0001:0002"), Pair.parse("0001:0003")
    assert sorted([second, first]) == [first, second]
    with pytest.raises(FrozenInstanceError):
        first.source = second.target  # type: ignore[misc]  # that it is refused is the point


def test_an_array_s_time_has_its_zone_in_the_label_only() -> None:
    assert str(SYNCED) == "synced"
    with pytest.raises(ValueError, match="zone in the label only"):
        ArrayTime("x", NOW, "UTC")


COPIED = {
    "the last resync": (RELATION, SYNCED),
    "the establish": (replace(RELATION, synced=None), MADE),
    "no date": (replace(RELATION, synced=None, created=None), None),
    "a date unread": (replace(RELATION, synced=None, unread=("DateSynced=gestern",)), None),
    "the other date unread": (replace(RELATION, unread=("DateCreated=gestern",)), None),
    "something else unread": (replace(RELATION, unread=("Recording=Maybe",)), SYNCED),
}


@pytest.mark.parametrize(("relation", "time"), COPIED.values(), ids=COPIED.keys())
def test_tells_which_point_in_time_a_clone_holds(
    relation: Relation, time: ArrayTime | None
) -> None:
    assert relation.copied == time


COPYING = {
    (True, 0): False,
    (True, 1): True,
    (True, None): True,
    (False, 0): False,
    (False, 1): False,
    (False, None): False,
    (None, 0): False,
    (None, 1): True,
    (None, None): True,
}


@pytest.mark.parametrize(("case", "copying"), COPYING.items())
def test_tells_whether_a_copy_may_still_be_running(
    *, case: tuple[bool | None, int | None], copying: bool
) -> None:
    background, tracks = case
    one = replace(RELATION, background_copy=background, out_of_sync_tracks=tracks)
    assert one.copying is copying


def test_a_listing_does_not_change() -> None:
    relations = {RELATION.pair: RELATION}
    listing = Listing("A", NOW, NOW, relations)
    relations.clear()
    assert dict(listing.relations) == {RELATION.pair: RELATION}
    assert not isinstance(listing.relations, MutableMapping)


def test_a_listing_tells_its_relations_by_either_end() -> None:
    pairs = [Pair.parse(text) for text in ("0001:0002", "0001:0003", "0004:0003")]
    shown = [replace(RELATION, pair=pair) for pair in pairs]
    ends = Listing("A", NOW, NOW, {one.pair: one for one in shown}).ends
    assert ends.sources == {"0001", "0004"}
    assert ends.on_target == {"0002": (shown[0],), "0003": (shown[1], shown[2])}


def test_a_listing_that_is_changed_has_ends_of_its_own() -> None:
    full = Listing("A", NOW, NOW, {RELATION.pair: RELATION})
    assert full.ends.on_target
    assert not replace(full, relations={}).ends.on_target
