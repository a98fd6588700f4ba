"""Which steps bring a service's clones to a new point in time, or why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.core.command import first_establish
from flashd.model.run import Step, StepKind
from flashd.model.volumes import Pair

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from flashd.model.observation import Withdrawal
    from flashd.model.service import Resource, Service
    from flashd.model.volumes import Relation


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against a resync of one pair; `hint` is what an administrator can do.

    `where` names its resource and array, where a service has several: two may have pairs that are
    called the same.
    """

    pair: Pair
    reason: str
    hint: str = ""
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}pair {self.pair} {self.reason}"


@dataclass(frozen=True, slots=True)
class Planned:
    """Do this, in this order."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Do nothing."""

    objections: tuple[Objection, ...]

    @property
    def reason(self) -> str:
        """All objections in words."""
        return "; ".join(str(one) for one in self.objections)


def plan(
    service: Service,
    relations: Mapping[tuple[str, Pair], Relation | None],
    withdrawals: Collection[Withdrawal],
) -> Planned | Refused:
    """Decide on the steps of a run from what the arrays showed last.

    `relations` is what was last seen of the configured pairs, and of any other pair of the
    same volumes. Pairs that flashd itself withdrew are established again, for this service only.
    """
    objections: list[Objection] = []
    steps: list[Step] = []
    for resource in service.resources:
        seen, mine = _of_resource(service, resource, relations, withdrawals)
        found = unexpected(resource, relations, mine) + _still_copying(seen)
        where = "" if len(service.resources) == 1 else f"{resource.id} on {resource.array}: "
        objections += [replace(one, where=where) for one in found]
        steps += _steps(resource, seen, mine)
    return Refused(tuple(objections)) if objections else Planned(tuple(steps))


def outline(
    service: Service,
    relations: Mapping[tuple[str, Pair], Relation | None],
    withdrawals: Collection[Withdrawal],
) -> tuple[Step, ...]:
    """Tell the steps of a run as far as they are known without asking an array.

    A pair that was never seen is taken to be there.
    """
    return tuple(
        step
        for resource in service.resources
        for step in _steps(resource, *_of_resource(service, resource, relations, withdrawals))
    )


def _of_resource(
    service: Service,
    resource: Resource,
    relations: Mapping[tuple[str, Pair], Relation | None],
    withdrawals: Collection[Withdrawal],
) -> tuple[dict[Pair, Relation | None], dict[Pair, Withdrawal]]:
    """Pick what was seen of a resource's pairs, and which of them this service withdrew."""
    seen = {pair: relations.get((resource.array, pair)) for pair in resource.pairs}
    mine = {
        one.pair: one
        for one in withdrawals
        if (one.service, one.array) == (service.name, resource.array) and one.pair in seen
    }
    return seen, mine


def unexpected(
    resource: Resource,
    relations: Mapping[tuple[str, Pair], Relation | None],
    withdrawn: Mapping[Pair, Withdrawal],
) -> list[Objection]:
    """Tell what is not as configured on the array, pair by pair."""
    found: list[Objection] = []
    for pair in resource.pairs:
        relation = relations.get((resource.array, pair))
        if relation is not None:
            found += [Objection(pair, reason) for reason in _deviations(resource, relation)]
        elif relations.get((resource.array, Pair(pair.target, pair.source))) is not None:
            found.append(
                Objection(pair, "is reversed on the array", "Find out who ran reverseflash.")
            )
        elif others := _others_on_target(resource.array, pair, relations):
            found.append(_displaced(resource, pair, others))
        elif pair not in withdrawn or resource.recording:
            found.append(_missing(resource, pair))
    return found


def _steps(
    resource: Resource,
    seen: Mapping[Pair, Relation | None],
    withdrawn: Mapping[Pair, Withdrawal],
) -> list[Step]:
    """Put a resource's refresh in steps: one command for all pairs, in configured order.

    `-tgtse` is passed for all pairs as soon as one of them has a space-efficient target. Whether an
    array then takes the standard ones too is not known: if not, it refuses these alone, and the run
    ends as partly done. Who has both kinds better puts them in resources of their own.
    """
    permitted = any(
        relation is not None and relation.space_efficient_target for relation in seen.values()
    ) or any(withdrawal.space_efficient for withdrawal in withdrawn.values())

    def step(kind: StepKind, pairs: Sequence[Pair]) -> Step:
        return Step(
            kind=kind,
            resource=resource.id,
            array=resource.array,
            pairs=tuple(pairs),
            bgcopy=resource.bgcopy,
            space_efficient=permitted,
        )

    if resource.recording:
        return [step(StepKind.RESYNC, resource.pairs)]
    there = [pair for pair in resource.pairs if seen[pair] is not None or pair not in withdrawn]
    withdraw = [step(StepKind.WITHDRAW, there)] if there else []
    return [*withdraw, step(StepKind.ESTABLISH, resource.pairs)]


def _others_on_target(
    array: str, pair: Pair, relations: Mapping[tuple[str, Pair], Relation | None]
) -> list[Pair]:
    """Tell the live relations in which a pair's target volume is bound to some other volume."""
    return [
        other
        for (where, other), relation in relations.items()
        if where == array and relation is not None and pair.target in other.volumes
    ]


def _displaced(resource: Resource, pair: Pair, others: Sequence[Pair]) -> Objection:
    return Objection(
        pair,
        f"is not on the array {resource.array}, where its target is in the relation "
        f"{', '.join(map(str, others))}",
        "Find out who made that relation; with it gone, establish the pair by hand: "
        f"{first_establish(resource, pair)}",
    )


def _missing(resource: Resource, pair: Pair) -> Objection:
    return Objection(
        pair,
        f"is not on the array {resource.array}",
        f"Establish it once by hand: {first_establish(resource, pair)}",
    )


def _deviations(resource: Resource, relation: Relation) -> list[str]:
    wanted = "Enabled" if resource.recording else "Disabled"
    checks = (
        (relation.valid, f"is in state {relation.state}, not Valid"),
        (relation.persistent is True, "is not persistent"),
        (relation.recording is resource.recording, f"has not Recording {wanted} as configured"),
        (relation.target_write_enabled is True, "has target writes disabled"),
        (relation.revertible is False, "is revertible"),
        (not relation.unread, f"was reported as {', '.join(relation.unread)}, which is not known"),
    )
    return [reason for good, reason in checks if not good]


def _still_copying(seen: Mapping[Pair, Relation | None]) -> list[Objection]:
    return [
        Objection(
            pair,
            "is still being copied",
            f"Wait for the background copy: {_tracks(relation)} tracks are left.",
        )
        for pair, relation in seen.items()
        if relation is not None and relation.copying
    ]


def _tracks(relation: Relation) -> str:
    left = relation.out_of_sync_tracks
    return "an unknown number of" if left is None else str(left)
