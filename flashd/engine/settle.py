"""Close runs by what the array shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.verify import all_done, judge
from flashd.engine.events import Event
from flashd.engine.telling import tell_store_failed
from flashd.errors import StoreError
from flashd.model.run import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.core.verify import Judgement
    from flashd.engine.world import World
    from flashd.model.run import Answer, Intent
    from flashd.model.volumes import Listing, Pair

_EVENTS = {
    Outcome.DONE: Event.RESYNC_COMPLETED,
    Outcome.PLANNED: Event.RESYNC_PLANNED,
    Outcome.REFUSED: Event.RESYNC_REFUSED,
    Outcome.FAILED: Event.RESYNC_FAILED,
    Outcome.UNKNOWN: Event.RESYNC_UNKNOWN,
}
_WORST_FIRST = (Outcome.UNKNOWN, Outcome.FAILED, Outcome.REFUSED, Outcome.DONE)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, in words and with its proof."""

    outcome: Outcome
    reason: str
    evidence: tuple[Mapping[str, object], ...] = ()


def verdict_on(
    world: World,
    sent: Sequence[tuple[Intent, Answer | None]],
    listings: Mapping[str, Listing],
    cut: Ending | None = None,
    *,
    settled: bool = False,
    several: bool = False,
) -> Ending:
    """Judge the steps that were sent, resource by resource, by the listings read after them.

    Of a withdraw and an establish of the same pairs, the last one tells how they stand. `cut`
    says why not all was sent; then the run is not done, whatever became of the rest. `several`:
    there are more resources than something was sent for, so that each is told by its name.
    """
    last = {intent.step.resource: (intent, answer) for intent, answer in sent}
    judgements = [
        judge(
            intent.step,
            intent.before,
            listings.get(intent.step.array),
            answer,
            world.zones.get(intent.step.array),
            settled=settled,
        )
        for intent, answer in last.values()
    ]
    worst = min(judgements, key=lambda one: _WORST_FIRST.index(one.outcome))
    evidence = tuple(
        _proof(intent, judgement, listings.get(intent.step.array))
        for (intent, _), judgement in zip(last.values(), judgements, strict=True)
    )
    if worst.outcome is Outcome.DONE and cut is not None:
        return _cut_short(sent, cut, evidence)
    reason = _told([intent for intent, _ in last.values()], judgements, several=several)
    if cut is None:
        return Ending(worst.outcome, reason, evidence)
    return Ending(worst.outcome, f"{reason}; {cut.reason}", (*cut.evidence, *evidence))


def _told(
    intents: Sequence[Intent], judgements: Sequence[Judgement], *, several: bool = False
) -> str:
    """Tell of all resources at once: which are not done, and why, and which are.

    Who reads that no pair is done must not take those of another resource for untouched, and pairs
    of two arrays may have the same name.
    """
    if len(judgements) == 1 and not several:
        return judgements[0].reason
    both = [*zip(intents, judgements, strict=True)]
    undone = [(intent, one) for intent, one in both if one.outcome is not Outcome.DONE]
    if not undone:
        arrays = {intent.step.array for intent in intents}
        return all_done(sum(len(one.pairs) for one in judgements), len(arrays))
    undone.sort(key=lambda one: _WORST_FIRST.index(one[1].outcome))
    words = [f"{i.step.resource} on {i.step.array}: {one.reason}" for i, one in undone]
    done = ", ".join(i.step.resource for i, one in both if one.outcome is Outcome.DONE)
    return "; ".join([*words, *([f"done: {done}"] if done else [])])


def _cut_short(
    sent: Sequence[tuple[Intent, Answer | None]],
    cut: Ending,
    evidence: tuple[Mapping[str, object], ...],
) -> Ending:
    """Put in words what is left where some steps are done and the others were not sent."""
    found = (*cut.evidence, *evidence)
    if all(intent.step.kind is StepKind.WITHDRAW for intent, _ in sent):
        pairs = ", ".join(str(pair) for intent, _ in sent for pair in intent.step.pairs)
        left = f"{pairs} withdrawn, to be established by the next run"
        return Ending(cut.outcome, f"{cut.reason}; {left}", found)
    return Ending(Outcome.FAILED, f"partly done: {cut.reason}", found)


def _proof(intent: Intent, judgement: Judgement, after: Listing | None) -> dict[str, object]:
    """Show each pair's dates before and after, as the array printed them."""
    return {
        "proof": "dates before and after, as the array tells them",
        "resource": intent.step.resource,
        "array": intent.step.array,
        "step": str(intent.step.kind),
        "pairs": [
            {
                "id": str(pair),
                "shown": str(shown),
                "before": intent.before[pair].synced or intent.before[pair].created,
                "after": _date(after, pair),
            }
            for pair, shown in judgement.pairs.items()
        ],
    }


def _date(after: Listing | None, pair: Pair) -> str | None:
    relation = after.relations.get(pair) if after else None
    return relation.copied.text if relation and relation.copied else None


async def close(
    world: World, run: str, service: str, ending: Ending, facts: Mapping[str, object] | None = None
) -> bool:
    """Write the end of a run and tell it; an unknown outcome stays open for recovery.

    Where the end cannot be written it is told all the same: the run stays open and recovery
    reads the array. Returns whether the run is closed now.
    """
    tell_ending(world, run, service, ending, facts)  # first: a kill in between would silence it
    closed = False
    if ending.outcome is not Outcome.UNKNOWN:
        try:
            await world.store.close_run(
                run, world.clock.now(), ending.outcome, ending.reason, ending.evidence
            )
            closed = True
        except StoreError as error:
            tell_store_failed(world, error, f"the end of run {run} could not be written")
    return closed


def tell_ending(
    world: World,
    run: str | None,
    service: str,
    ending: Ending,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Tell how a run ended, or that there was none."""
    world.events.tell(
        _EVENTS[ending.outcome],
        f"resync of {service} {ending.outcome}: {ending.reason}",
        {
            "flashd.service.name": service,
            "event.reason": ending.reason,
            "flashd.evidence": list(ending.evidence),
            **({"flashd.run.id": run} if run else {}),
            **(facts or {}),
        },
    )
