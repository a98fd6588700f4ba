"""Ten thousand relations on one array: listed whole, and in bounded memory."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.reports import parse_listing
from flashd.model.volumes import Pair
from flashd.sim.array import DEFAULT_SERIAL
from flashd.sim.commands import lsfbvol, lsflash
from tests.load.clients import Crowded

if TYPE_CHECKING:
    from pathlib import Path

RELATIONS = 10_000
MEBIBYTES_MORE = 64
"""Memory that the client may take for them, beyond what it takes for one relation."""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Crowded:
    return Crowded.make(tmp_path_factory.mktemp("many"), RELATIONS)


def test_all_relations_are_listed_with_all_columns(crowded: Crowded) -> None:
    said = crowded.run("lsflash", "-l", "-fmt", "delim", "-bnr", "off", "0000-FFFF")
    header, rule, *rows = said.splitlines()
    assert header.split(",") == [*lsflash.SHORT, *lsflash.LONG]
    assert set(rule) == {"="}
    assert [row.partition(",")[0] for row in rows] == list(crowded.pairs)
    assert {row.count(",") for row in rows} == {header.count(",")}
    found = parse_listing(said, DEFAULT_SERIAL)
    assert list(found) == [Pair.parse(pair) for pair in crowded.pairs]
    assert all(one.recording and one.persistent and not one.unread for one in found.values())


def test_all_volumes_are_listed_with_all_columns(crowded: Crowded) -> None:
    said = crowded.run("lsfbvol", "-l", "-fmt", "delim", "-delim", "|", "-bnr", "off")
    header, _, *rows = said.splitlines()
    assert header.split("|") == list(lsfbvol.LONG)
    assert [row.split("|")[1] for row in rows] == [f"{n:04X}" for n in range(2 * RELATIONS)]
    assert {row.count("|") for row in rows} == {header.count("|")}


@pytest.mark.parametrize("words", [("lsflash", "-l", "0000-FFFF"), ("lsfbvol", "-l")], ids=" ".join)
def test_the_client_takes_memory_within_bounds(
    crowded: Crowded, tmp_path: Path, words: tuple[str, ...]
) -> None:
    few = Crowded.make(tmp_path, 1)
    more = resident(crowded, *words) - resident(few, *words)
    assert more < MEBIBYTES_MORE


def resident(crowded: Crowded, *words: str) -> float:
    """Tell how many mebibytes a client takes at most."""
    with subprocess.Popen(
        [*crowded.argv, *words],
        env=crowded.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def test_one_pair_of_them_is_resynced_and_nothing_else_changes(crowded: Crowded) -> None:
    before = {one.pair: one for one in crowded.array.relations()}
    pair = crowded.pairs[RELATIONS // 2]
    crowded.run("resyncflash", "-record", "-persist", pair)
    after = {one.pair: one for one in crowded.array.relations()}
    assert [str(one) for one in after if after[one] != before[one]] == [pair]
