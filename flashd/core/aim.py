"""Do the guards that look at volumes on a host look at the targets, at all and at nothing else.

Whoever finds other volumes idle has proved nothing of those that are overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flashd.model.inventory import Inventory
    from flashd.model.service import GuardSpec, Service


def misaimed(service: Service, inventories: Iterable[Inventory]) -> tuple[str, ...]:
    """Tell in words which volumes guards name that are no targets, and which targets none names.

    Guards that name no volumes are not concerned, and neither is an array that was not seen.
    """
    seen = {one.array: one for one in inventories if one.array in service.arrays}
    targets = {
        seen[array].wwid(pair.target): f"{pair.target} of {array}"
        for array, pair in service.clones
        if array in seen
    }
    unseen = set(service.arrays) - seen.keys()
    arrays = tuple(seen.values())
    aimed = [one for one in service.guards if one.wwids]
    return (
        *(words for one in aimed for words in _elsewhere(one, targets, arrays, whole=not unseen)),
        *_left_out([one for one in aimed if one.proves], targets),
    )


def _elsewhere(
    guard: GuardSpec, targets: Mapping[str, str], arrays: Sequence[Inventory], *, whole: bool
) -> Iterator[str]:
    """Tell what is no target; one of an array not seen yet may still be, unless all are seen."""
    for wwid in guard.wwids:
        known = arrays if whole else [one for one in arrays if one.owns(wwid)]
        if known and wwid not in targets:
            yield f"guard {guard.name} looks at {wwid}, which is no target of this service"


def _left_out(proving: Sequence[GuardSpec], targets: Mapping[str, str]) -> Iterator[str]:
    """Tell which targets nobody looks at of those who look at volumes to prove something."""
    looked_at = {wwid for guard in proving for wwid in guard.wwids}
    if not proving:
        return
    for wwid, target in targets.items():
        if wwid not in looked_at:
            names = ", ".join(guard.name for guard in proving)
            yield f"no guard looks at target {target}, {wwid}; those that look at volumes: {names}"
