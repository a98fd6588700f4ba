"""Do the guards that look at volumes on a host look at the targets, at all and at nothing else.

Whoever finds other volumes idle has proved nothing of those that are overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flashd.model.inventory import Image, Inventory
    from flashd.model.service import GuardSpec, Service


def misaimed(service: Service, inventories: Iterable[Inventory]) -> tuple[str, ...]:
    """Tell in words which volumes guards name that are no targets, and which targets none names.

    Guards that name no volumes are not concerned, and neither is an array that was not seen. One
    that was seen, and not asked how hosts know it, may have other volumes than those they name.
    """
    aimed = [one for one in service.guards if one.wwids]
    if not aimed:
        return ()
    seen = {one.array: one.image for one in inventories if one.array in service.arrays}
    images = {array: image for array, image in seen.items() if image is not None}
    targets = {
        images[array].wwid(pair.target): f"{pair.target} of {array}"
        for array, pair in service.clones
        if array in images
    }
    known, whole = tuple(images.values()), images.keys() >= set(service.arrays)
    return (
        *_unasked(aimed[0], sorted(seen.keys() - images.keys())),
        *(words for one in aimed for words in _elsewhere(one, targets, known, whole=whole)),
        *_left_out([one for one in aimed if one.proves], targets),
    )


def _unasked(guard: GuardSpec, arrays: Iterable[str]) -> Iterator[str]:
    for array in arrays:
        yield (
            f"{array} was not asked by which names hosts know its volumes (lssi), as guard"
            f" {guard.name} demands"
        )


def _elsewhere(
    guard: GuardSpec, targets: Mapping[str, str], images: Sequence[Image], *, whole: bool
) -> Iterator[str]:
    """Tell what is no target; one of an array not seen yet may still be, unless all are seen."""
    for wwid in guard.wwids:
        known = images if whole else [one for one in images if one.owns(wwid)]
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
