"""The journal: the intent is durable and nobody's run stays open (invariants 4 and 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.codec import OUTPUT_LIMIT
from flashd.errors import StoreError
from flashd.model.run import Outcome, StepRecord, Trigger
from tests.contract.stores.samples import ANSWER, NOW, FakeHost, intent, minute, run

if TYPE_CHECKING:
    from flashd.ports.store import Store

ME = FakeHost().holder("me")
OTHER = FakeHost().holder("other")


async def closed(store: Store, name: str, service: str, outcome: Outcome) -> None:
    await store.open_run(run(name, service))
    await store.close_run(name, minute(1), outcome, "", [])


async def test_a_run_comes_back_whole(store: Store) -> None:
    begun = replace(run(), trigger=Trigger.PERSON, by="root \udcff", reason="asked")
    await store.open_run(begun)
    await store.intend(intent(seq=1), [], ME)
    await store.intend(intent(seq=2), [], ME)
    await store.intend(intent(seq=3), [], ME)
    await store.answered("RUN1", 1, ANSWER)
    await store.unsent("RUN1", 2, "guard tcp says up")
    at = [step.intent.at for step in (await store.open_runs())[0].steps]  # by the store's clock
    steps = (
        StepRecord(intent=replace(intent(seq=1), at=at[0]), answer=ANSWER),
        StepRecord(intent=replace(intent(seq=2), at=at[1]), unsent="guard tcp says up"),
        StepRecord(intent=replace(intent(seq=3), at=at[2])),
    )
    whole = replace(begun, by="root \\udcff", steps=steps)
    assert await store.open_runs() == [whole]
    assert await store.history(None, 10) == [whole]


async def test_the_end_adds_its_evidence(store: Store) -> None:
    await store.open_run(run())
    await store.close_run("RUN1", minute(1), Outcome.DONE, "proved", [{"proof": "dates"}])
    ended = replace(
        run(),
        ended_at=minute(1),
        outcome=Outcome.DONE,
        reason="proved",
        evidence=(*run().evidence, {"proof": "dates"}),
    )
    assert await store.history(None, 1) == [ended]
    assert await store.open_runs() == []


async def test_a_run_that_ended_as_it_began_is_written_with_its_end(store: Store) -> None:
    begun = replace(run(), ended_at=minute(0), outcome=Outcome.REFUSED, reason="guard says up")
    await store.write_ended(begun)
    await store.write_ended(replace(begun, id="RUN2", outcome=Outcome.FAILED))
    assert await store.open_runs() == []
    assert await store.history(None, 9) == [
        replace(begun, id="RUN2", outcome=Outcome.FAILED),
        begun,
    ]
    with pytest.raises(StoreError, match="not open any more"):
        await store.intend(intent(seq=1), [], ME)
    await store.close_run("RUN1", minute(9), Outcome.DONE, "never", [])
    assert (await store.history(None, 9))[1] == begun


async def test_a_run_whose_name_is_taken_is_not_written(store: Store) -> None:
    await store.open_run(run())
    with pytest.raises(StoreError):
        await store.write_ended(replace(run(), ended_at=NOW, outcome=Outcome.REFUSED))
    assert await store.open_runs() == [run()]


async def test_a_closed_run_stays_as_it_is(store: Store) -> None:
    await store.open_run(run())
    await store.close_run("RUN1", minute(1), Outcome.FAILED, "recovered", [{"n": 1}])
    before = await store.history(None, 1)
    await store.close_run("RUN1", minute(2), Outcome.DONE, "late", [{"n": 2}])
    assert await store.history(None, 1) == before


async def test_no_intent_on_a_closed_run(store: Store) -> None:
    await store.open_run(run())
    await store.close_run("RUN1", minute(1), Outcome.FAILED, "recovered", [])
    with pytest.raises(StoreError, match="run RUN1 is not open"):
        await store.intend(intent(), [], ME)
    assert (await store.history(None, 1))[0].steps == ()


async def test_no_intent_on_a_run_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="run RUN1 is not open"):
        await store.intend(intent(), [], ME)


async def test_no_intent_without_every_lease(store: Store) -> None:
    await store.open_run(run())
    await store.acquire(["volume A", "volume B"], ME, NOW)
    await store.intend(intent(seq=1), ["volume A", "volume B"], ME)
    await store.release(["volume B"], ME)
    with pytest.raises(StoreError, match="lease of volume B was lost: nobody has it"):
        await store.intend(intent(seq=2), ["volume A", "volume B"], ME)
    await store.acquire(["volume B"], OTHER, NOW)
    with pytest.raises(StoreError, match="lease of volume B was lost: process 100 on here has it"):
        await store.intend(intent(seq=2), ["volume A", "volume B"], ME)
    assert [step.intent.seq for step in (await store.open_runs())[0].steps] == [1]


async def test_an_intent_is_written_once(store: Store) -> None:
    await store.open_run(run())
    await store.intend(intent(), [], ME)
    with pytest.raises(StoreError):
        await store.intend(intent(), [], ME)
    with pytest.raises(StoreError):
        await store.open_run(run())


async def test_what_was_never_intended_has_no_answer_and_no_end(store: Store) -> None:
    with pytest.raises(StoreError, match="no run RUN1"):
        await store.close_run("RUN1", NOW, Outcome.DONE, "", [])
    await store.open_run(run())
    with pytest.raises(StoreError, match="run RUN1 has no step 1"):
        await store.answered("RUN1", 1, ANSWER)
    with pytest.raises(StoreError, match="run RUN1 has no step 1"):
        await store.unsent("RUN1", 1, "")


async def test_an_answer_after_the_end_is_kept(store: Store) -> None:
    await store.open_run(run())
    await store.intend(intent(), [], ME)
    await store.close_run("RUN1", minute(1), Outcome.FAILED, "", [])
    await store.answered("RUN1", 1, ANSWER)
    assert (await store.history(None, 1))[0].steps[0].answer == ANSWER


async def test_a_long_output_keeps_both_ends(store: Store) -> None:
    await store.open_run(run())
    await store.intend(intent(), [], ME)
    output = "begin" + "é" * OUTPUT_LIMIT + "end"
    await store.answered("RUN1", 1, replace(ANSWER, output=output))
    answer = (await store.open_runs())[0].steps[0].answer
    assert answer is not None
    assert answer.output.startswith("begin")
    assert answer.output.endswith("end")
    assert "[... 8 characters left out ...]" in answer.output


async def test_an_output_of_the_limit_is_kept_whole(store: Store) -> None:
    await store.open_run(run())
    await store.intend(intent(), [], ME)
    whole = replace(ANSWER, output="x" * OUTPUT_LIMIT)
    await store.answered("RUN1", 1, whole)
    assert (await store.open_runs())[0].steps[0].answer == whole


async def test_history_is_newest_first_whatever_the_clock_said(store: Store) -> None:
    await store.open_run(run("B", "one", at=minute(3)))
    await store.open_run(run("C", "two", at=minute(2)))
    await store.open_run(run("A", "one", at=minute(1)))
    assert [one.id for one in await store.history(None, 10)] == ["A", "C", "B"]
    assert [one.id for one in await store.history(None, 2)] == ["A", "C"]
    assert [one.id for one in await store.history(["one"], 10)] == ["A", "B"]
    assert [one.id for one in await store.history(["one"], 1)] == ["A"]
    assert await store.history([], 10) == []
    assert [one.id for one in await store.open_runs()] == ["B", "C", "A"]


async def test_history_counts_runs_not_steps(store: Store) -> None:
    for name in ("A", "B", "C"):
        await store.open_run(run(name))
        for seq in (2, 1, 3):
            await store.intend(intent(name, seq), [], ME)
    found = await store.history(None, 2)
    assert [[step.intent.seq for step in one.steps] for one in found] == [[1, 2, 3], [1, 2, 3]]


async def test_evidence_that_json_does_not_know_is_put_in_words(store: Store) -> None:
    odd = {"at": NOW, "who": {"b", "a"}, "what": run().trigger, "how": ANSWER.accounts.keys()}
    await store.open_run(replace(run(), evidence=(odd,)))
    (found,) = await store.open_runs()
    assert found.evidence[0]["at"] == NOW.isoformat()
    assert found.evidence[0]["who"] == ["a", "b"]
    assert found.evidence[0]["what"] == "schedule"
