"""Whatever is done to an array in whatever order, these things hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.sim import flashcopy
from flashd.sim.array import Array
from flashd.sim.errors import SimError
from flashd.sim.flashcopy import QUEUED, Options
from flashd.sim.ids import Pair

from . import flashing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VOLUMES = ("0000", "0001", "0002", "0003", "0100", "0101")
THIN = ("0002", "0101")
TRACKS = 100
FLASHES = ("establish", "resync", "reverse", "make_revertible")
CAPACITY = 4 * TRACKS + 130

volumes = st.sampled_from(VOLUMES)
pairs = st.builds("{}:{}".format, volumes, volumes)
shapes = st.builds(
    Options,
    record=st.booleans(),
    persist=st.booleans(),
    background_copy=st.booleans(),
    multinc=st.booleans(),
    freeze=st.booleans(),
    fast=st.booleans(),
    target_inhibit=st.booleans(),
    break_reservation=st.booleans(),
    space_efficient_target=st.just(True),
)
steps = st.one_of(
    st.tuples(st.just("write"), volumes),
    st.tuples(
        st.sampled_from(["establish", "resync", "reverse", "make_revertible"]), pairs, shapes
    ),
    st.tuples(st.sampled_from(["withdraw", "commit", "revert"]), pairs),
    st.tuples(st.just("thaw"), st.sampled_from(["00", "01"])),
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("reserve"), volumes),
    st.tuples(st.just("pool"), st.sampled_from([CAPACITY, CAPACITY + 30])),
)
moves = st.fixed_dictionaries(
    {
        "copy_rate": st.sampled_from(["0", "3", "unlimited"]),
        "ese_pool_full": st.sampled_from(["fail-relation", "refuse-writes", "withdraw"]),
        "cascading": st.sampled_from(["accept", "refuse"]),
        "set_revertible": st.sampled_from(["marks", "resyncs"]),
        "tracks_per_write": st.sampled_from(["0", "16", "70", "500"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(todo=st.lists(steps, max_size=25), moved=moves)
def test_the_array_stays_sound(
    tmp_path_factory: pytest.TempPathFactory, todo: list[tuple[object, ...]], moved: dict[str, str]
) -> None:
    array = _array(tmp_path_factory.mktemp("any"), moved)
    for step in todo:
        _take(array, *step)
        _check(array)
    array.show_time(array.now() + 10_000, runs=False)
    array.volumes()
    with array.inventory() as held:
        assert (held.frozen(), held.queued_writes()) == ((), ())


def _array(directory: Path, moved: dict[str, str]) -> Array:
    array = Array.create(directory / "a.array")
    array.put_pool("P0", capacity=CAPACITY)
    array.show_time(1000.0, runs=False)
    for volume in VOLUMES:
        array.add_volumes(volume, blocks=TRACKS * 128, space_efficient=volume in THIN)
    for name, value in moved.items():
        array.switch(name, value)
    return array


def _take(array: Array, what: object, whom: object, options: object = None) -> None:
    match what, whom, options:
        case "write", str(volume), _:
            _write(array, volume)
        case "wait", int(seconds), _:
            array.show_time(array.now() + seconds, runs=False)
        case "reserve", str(volume), _:
            array.reserve("db1", volume)
        case "pool", int(capacity), _:
            array.put_pool("P0", capacity=capacity)
        case "thaw", str(lss), _:
            with array.inventory() as held:
                flashcopy.thaw(held, lss)
        case "withdraw", str(pair), _:
            flashing.withdraw(array, pair)
        case "commit" | "revert", str(pair), _:
            with array.inventory() as held:
                if relation := held.relation(Pair.parse(pair)):
                    getattr(flashcopy, str(what))(held, relation)
        case str(verb), str(pair), Options() as shape:
            flashing.act(array, getattr(flashcopy, verb), pair, shape)


def _write(array: Array, volume: str) -> None:
    before = array.content(volume)
    try:
        written = array.write(volume)
    except SimError:
        written = QUEUED
    after = array.content(volume)
    assert after == (before if written == QUEUED else written)


def _check(array: Array) -> None:
    relations, held = array.relations(), {volume.id: volume for volume in array.volumes()}
    sources = Counter(relation.pair.source for relation in relations)
    assert max(sources.values(), default=0) <= flashcopy.TARGETS_PER_SOURCE
    assert len({relation.pair.target for relation in relations}) == len(relations)
    assert all(relation.persistent or not relation.recording for relation in relations)
    for relation in relations:
        left = array.out_of_sync_tracks(str(relation.pair))
        assert 0 <= left <= TRACKS
        assert relation.persistent or left > 0
        assert relation.unclaimed - left >= 0 or not relation.filling
        assert not (relation.state != "Valid" and relation.filling)
    assert all(held[v].allocated <= TRACKS for v in THIN)
    assert sum(held[v].allocated for v in THIN) + 4 * TRACKS <= CAPACITY + 30
    assert all(not held[v].allocated for v in VOLUMES if v not in THIN)
