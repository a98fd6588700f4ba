"""What is known at one moment."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.core.builders import ARRAY, pair, picture, sighting


def test_the_relations_are_put_together_once_for_all_services() -> None:
    """Thousands ask, each for its own: else the time would grow with their square."""
    known = picture(sighting("0001:0002", None))
    assert known.relations() is known.relations()


def test_another_picture_has_relations_of_its_own() -> None:
    known = picture(sighting("0001:0002", None))
    assert known.relations() == {(ARRAY, pair("0001:0002")): None}
    assert replace(known, sightings={}).relations() == {}
