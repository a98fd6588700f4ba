"""Fifty client processes at once: nothing is lost, and what is killed leaves all or nothing."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.load.clients import ENOUGH, QUIETLY, Client, Crowded, told
from tests.switches.positions import dice, seed

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = 50
RESYNC = "resyncflash -record -persist"
LIST = "lsflash -l 0000-FFFF"


def heard(client: Client) -> list[str]:
    """Read a client to its end, which has to be a good one; return its lines."""
    out, err = client.communicate(timeout=ENOUGH)
    assert (client.returncode, err) == (0, "")
    return out.splitlines()


def whole(lines: list[str], pairs: tuple[str, ...]) -> bool:
    """Whether a listing has a row of every pair, and each row every column."""
    (header,) = (at for at, line in enumerate(lines) if "ID,SrcLSS," in line)
    rows = [line.split(",") for line in lines[header + 2 :] if line != "dscli> "]
    columns = lines[header].count(",") + 1
    return {len(row) for row in rows} == {columns} and [row[0] for row in rows] == list(pairs)


def test_fifty_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each resyncs its own pair and lists them all."""
    crowded = Crowded.make(tmp_path, CLIENTS)
    array, pairs = crowded.array, crowded.pairs
    before = crowded.target_writes()
    for pair in pairs:
        array.write(pair[:4])
    with crowded.clients(CLIENTS) as clients:
        told(clients, [f"{QUIETLY}{RESYNC} {pair}\n{LIST}\n" for pair in pairs])
        for client, pair in zip(clients, pairs, strict=True):
            lines = heard(client)
            assert sum("CMUC00168I" in line and pair in line for line in lines) == 1
            assert whole(lines, pairs)
    assert [login.outcome for login in array.logins()] == ["ok"] * CLIENTS
    entries = array.journal("resyncflash")
    assert sorted(entry.acted for entry in entries) == [(pair,) for pair in pairs]
    assert {entry.phase for entry in entries} == {"acted"}
    assert len({entry.pid for entry in entries}) == CLIENTS
    assert all(entry.answer for entry in (*entries, *array.journal("lsflash")))
    assert all(
        array.content(pair[5:]) == array.content(pair[:4]) == f"{pair[:4]}@1" for pair in pairs
    )
    assert crowded.target_writes() == {pair: count + 1 for pair, count in before.items()}
    for entry in entries:
        synced_at = array.relation(entry.acted[0]).synced_at or 0.0
        assert entry.at <= synced_at <= (entry.answered_at or 0.0)


def test_who_resyncs_and_who_writes_the_same_volumes_lose_nothing(tmp_path: Path) -> None:
    clients, rounds, writers, times = 12, 8, 4, 40
    crowded = Crowded.make(tmp_path, 3)
    array, pairs = crowded.array, crowded.pairs
    sources = [pair[:4] for pair in pairs]
    before = crowded.target_writes()
    command = f"{RESYNC} {' '.join(pairs)}\n"
    with (
        crowded.clients(clients) as resyncing,
        crowded.writers(writers, times, sources) as writing,
    ):
        told(resyncing, [command * rounds] * clients)
        written = [
            line for writer in writing for line in writer.communicate(timeout=ENOUGH)[0].split()
        ]
        said = [line for client in resyncing for line in heard(client)]
    assert sum("CMUC00168I" in line for line in said) == 3 * clients * rounds
    numbers = range(1, writers * times + 1)
    assert sorted(written) == sorted(
        f"{source}@{number}" for source in sources for number in numbers
    )
    assert {array.content(source) for source in sources} == {f"{s}@{numbers[-1]}" for s in sources}
    assert crowded.acted() == dict.fromkeys(pairs, clients * rounds)
    assert crowded.target_writes() == {p: n + clients * rounds for p, n in before.items()}
    assert all(array.content(pair[5:]).startswith(f"{pair[:4]}@") for pair in pairs)
    crowded.run(*command.split())
    assert all(array.content(pair[5:]) == array.content(pair[:4]) for pair in pairs)


@pytest.mark.parametrize("number", range(2))
def test_clients_that_are_killed_leave_whole_commands_or_none(tmp_path: Path, number: int) -> None:
    """Each has three pairs of its own; those that are not killed are not disturbed."""
    print(f"FLASHD_TEST_SEED={seed()}")  # noqa: T201 - shown where it fails
    chance, rounds, count = dice(f"kills {number}"), 12, 24
    crowded = Crowded.make(tmp_path, 3 * count)
    threes = [crowded.pairs[at : at + 3] for at in range(0, 3 * count, 3)]
    before = crowded.target_writes()
    with crowded.clients(count) as clients:
        told(clients, [f"{RESYNC} {' '.join(three)}\n" * rounds for three in threes])
        victims = chance.sample(clients, count // 2)
        for victim in victims:
            assert victim.stdout is not None
            for _ in range(chance.randrange(3 * rounds)):
                victim.stdout.readline()
            victim.kill()
        survivors = [client for client in clients if client not in victims]
        assert all(
            sum("CMUC00168I" in line for line in heard(one)) == 3 * rounds for one in survivors
        )
        killed = [victim.wait(ENOUGH) for victim in victims]
    assert set(killed) <= {-signal.SIGKILL, 0}
    assert -signal.SIGKILL in killed
    acted = crowded.acted()
    assert all(len({acted[pair] for pair in three}) == 1 for three in threes)
    assert crowded.target_writes() == {pair: n + acted[pair] for pair, n in before.items()}
    phases = {entry.phase for entry in crowded.array.journal()}
    assert phases <= {"acted", "received"}
    with crowded.array.file.look() as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert whole(crowded.run(*LIST.split(), "-fmt", "delim").splitlines(), crowded.pairs)
