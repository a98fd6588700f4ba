"""Reading an answer of megabytes takes seconds, and holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.inquiries import MOST_READ_HERE, Inquiry, Told, understood
from flashd.adapters.arrays.interactive import InteractiveArray
from flashd.adapters.arrays.kept import Kept
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.errors import ArrayUnreachable
from tests.contract.arrays import PLENTY, Heard, fake_dscli

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flashd.model.volumes import Pair, Relation
    from flashd.ports.array import ArrayBackend

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TALKER = """#!/bin/sh
printf 'dscli> '
while read -r line; do
    case "$line" in ls*) head -c {count} /dev/zero | tr '\\0' x; echo;; quit) exit;; esac
    printf 'dscli> '
done
"""


class Slow:
    """Reads a listing, which does not end before the event loop has done something else."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._ticked = threading.Event()

    def __call__(self, text: str, array: str) -> Mapping[Pair, Relation]:
        self._loop.call_soon_threadsafe(self._ticked.set)
        if not self._ticked.wait(self._patience):
            raise NotUnderstoodError(f"nobody of {array} could do a thing, {len(text)} long")
        return {}


def way(kind: str, where: Path, count: int, patience: float = PLENTY) -> tuple[ArrayBackend, Kept]:
    dscli = fake_dscli(where, TALKER.format(count=count), {})
    oneshot = OneshotArray(dscli, SystemClock(), LinuxHost(), read=Slow(patience))
    kept = Kept(dscli, idle=PLENTY, most=1, tell=lambda _: None)
    return (oneshot if kind == "oneshot" else InteractiveArray(oneshot, kept)), kept


@pytest.mark.parametrize("kind", ["oneshot", "interactive"])
async def test_while_a_long_answer_is_read_all_else_goes_on(kind: str, tmp_path: Path) -> None:
    array, kept = way(kind, tmp_path, MOST_READ_HERE)
    assert (await array.observe(Heard())).relations == {}
    await kept.close()


async def test_a_short_answer_has_no_thread_of_its_own(tmp_path: Path) -> None:
    array, _ = way("oneshot", tmp_path, 1000, patience=0.1)
    with pytest.raises(ArrayUnreachable, match=r"nobody of .* could do a thing"):
        await array.observe(Heard())


@pytest.mark.parametrize(("length", "here"), [(10, True), (11, False)])
async def test_how_long_it_is_decides(length: int, here: bool) -> None:  # noqa: FBT001 - a row
    inquiry = Inquiry(("lsflash",), "lsflash", "", lambda _: threading.get_ident())
    told = Told("x" * length, NOW, NOW, 0.0)
    assert (await understood(inquiry, told, 10) == threading.get_ident()) is here


async def test_what_is_not_understood_in_a_thread_is_told() -> None:
    def read(_: Told) -> None:
        raise NotUnderstoodError("there is no table")

    with pytest.raises(NotUnderstoodError, match="no table"):
        await understood(Inquiry((), "", "", read), Told("x", NOW, NOW, 0.0), 0)
