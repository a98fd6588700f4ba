"""What a program on a terminal has written is there as soon as that is asked."""

from __future__ import annotations

import asyncio
import os
import tty
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.streams import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

CAP = 1 << 20


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    yield ours, theirs
    os.close(theirs)


async def test_what_was_written_just_now_is_there(terminal: tuple[int, int]) -> None:
    """Without a turn of the loop, and though the kernel hands it over a little later."""
    ours, theirs = terminal
    output = Output(ours, CAP, lambda: None)
    for number in range(200):
        assert not output.there()
        os.write(theirs, b"%d" % number)
        assert output.there(), number
        assert output.take() == b"%d" % number
    output.close()


async def test_what_is_closed_has_what_was_not_taken(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    output = Output(ours, CAP, lambda: None)
    os.write(theirs, b"last words")
    assert output.there()
    output.close()
    await asyncio.wait_for(output.more(), 10)
    assert output.there()
    assert output.take() == b"last words"
    assert not output.there()
