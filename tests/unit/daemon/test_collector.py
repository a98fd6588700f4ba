"""What stays is passed over by the collector, and what was replaced is not kept for that."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from flashd.daemon.collector import leave_alone, tidy_up

if TYPE_CHECKING:
    from collections.abc import Iterator


class World:
    """In a circle with what was made of it."""

    def __init__(self) -> None:
        self.made_of_it = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    gc.collect()
    yield
    gc.unfreeze()


def test_what_is_left_alone_is_not_looked_through() -> None:
    world = World()
    leave_alone()
    assert not any(one is world for one in gc.get_objects())


def test_what_was_replaced_goes_and_what_is_there_is_left_alone_again() -> None:
    old, new = World(), World()
    gone = weakref.ref(old)
    leave_alone()
    del old
    gc.collect()
    assert gone() is not None, "it is passed over"
    tidy_up()
    assert gone() is None
    assert not any(one is new for one in gc.get_objects())
