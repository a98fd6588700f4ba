"""Where services stand, logins that are stopped, and what configuration was accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flashd.adapters.stores.standings import AT_ONCE
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.observation import ArrayRecord, Breaker, Standing
from tests.contract.stores.samples import ARRAY, NOW, minute, run

if TYPE_CHECKING:
    from flashd.ports.store import Store

STANDING = Standing(
    service="a",
    decision="refused",
    reason="guard tcp says up",
    since=minute(1),
    look_at=minute(2),
    failures=3,
    retry_at=minute(4),
)
BREAKER = Breaker(
    array="A", username="opensvc", pwfile="sha256:00", opened_at=NOW, reason="CMUC00018E é"
)


async def test_enlists_exactly_these_services(store: Store) -> None:
    await store.enlist(["b", "a", "a"], NOW)
    await store.stand([STANDING])
    await store.enlist(["c", "a"], minute(9))
    assert await store.standings() == {
        "a": STANDING,
        "c": Standing(service="c", look_at=minute(9)),
    }
    await store.enlist([], minute(9))
    assert await store.standings() == {}


async def test_stands_whole(store: Store) -> None:
    await store.stand([STANDING, replace(STANDING, service="b")])
    await store.stand([Standing(service="b")])
    await store.stand([])
    assert await store.standings() == {"a": STANDING, "b": Standing(service="b")}


async def test_due_are_those_to_look_at_the_longest_overdue_first(store: Store) -> None:
    looks = {"a": 3, "b": 1, "c": 2, "d": 4, "z": 1}
    await store.stand([Standing(service=name, look_at=minute(at)) for name, at in looks.items()])
    await store.stand([Standing(service="never")])
    assert await store.due(minute(3)) == ["b", "z", "c", "a"]
    assert await store.due(minute(0)) == []


async def test_looks_again_at_everything_and_keeps_whose_turn_it_was(store: Store) -> None:
    await store.stand(
        [
            replace(STANDING, service="overdue", look_at=minute(1)),
            replace(STANDING, service="later", look_at=minute(60)),
            replace(STANDING, service="never", look_at=None),
        ]
    )
    await store.look_again(minute(2))
    assert await store.due(minute(2)) == ["overdue", "later", "never"]
    after = await store.standings()
    assert after["later"] == replace(STANDING, service="later", look_at=minute(2))
    assert after["overdue"] == replace(STANDING, service="overdue", look_at=minute(1))


async def test_standings_are_told_of_whom_they_are_asked(store: Store) -> None:
    names = ["a", "b", "c"]
    await store.stand([replace(STANDING, service=name) for name in names])
    assert set(await store.standings()) == set(names)
    assert await store.standings(["c", "a", "c", "unheard-of"]) == {
        name: replace(STANDING, service=name) for name in ("a", "c")
    }
    assert await store.standings([]) == {}


async def test_standings_are_told_of_as_many_as_there_are(store: Store) -> None:
    """A database takes so many values in one question and no more."""
    names = [f"s{number:04}" for number in range(2 * AT_ONCE + 1)]
    await store.stand([replace(STANDING, service=name) for name in [*names, "other"]])
    assert list(await store.standings(names)) == names


async def test_a_breaker_is_one_arrays(store: Store) -> None:
    await store.open_breaker(BREAKER)
    assert await store.breaker("A") == BREAKER
    assert await store.breaker("B") is None
    await store.close_breaker("B")
    assert await store.breaker("A") == BREAKER
    await store.open_breaker(replace(BREAKER, pwfile="sha256:01", opened_at=minute(1)))
    assert await store.breaker("A") == replace(BREAKER, pwfile="sha256:01", opened_at=minute(1))
    await store.close_breaker("A")
    assert await store.breaker("A") is None


async def test_the_last_accepted_files_come_back(store: Store) -> None:
    assert await store.accepted() is None
    await store.accept({"services.d/a.yaml": "services: {}\n"}, NOW)
    files = {"flashd.yaml": "é\0\udcff", "services.d/b.yaml": ""}
    await store.accept(files, minute(1))
    assert await store.accepted() == (files, minute(1))


async def test_the_agenda_is_all_that_a_tick_asks_for(store: Store) -> None:
    looks = {"a": 3, "b": 1, "c": 2}
    await store.stand([Standing(service=name, look_at=minute(at)) for name, at in looks.items()])
    await store.open_run(run())
    await store.record_failure(ArrayRecord(array=ARRAY, failed_at=NOW, failure="no", failures=1))
    ended = Hold(scope=Scope(Kind.ALL), reason="works", by="ann", since=NOW, until=minute(2))
    await store.hold([ended], [], NOW)
    early, late = await store.agenda(minute(1)), await store.agenda(minute(2))
    assert early.due == await store.due(minute(1)) == ["b"]
    assert late.due == ["b", "c"]
    assert (early.ripe, late.ripe) == ([], [ended])
    assert late.open_runs == early.open_runs == await store.open_runs() == [run()]
    assert late.arrays == await store.arrays()
    assert late.arrays[ARRAY].failures == 1
