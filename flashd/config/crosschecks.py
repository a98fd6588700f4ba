"""What no service can know by itself: whether the services fit together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

    from flashd.config.mistakes import Mistake
    from flashd.config.services import Definition
    from flashd.config.unchanged import Unchanged
    from flashd.model.volumes import Pair, VolumeId

MOST_TARGETS = 12
"""A source can be in that many FlashCopy relations, of which one can be incremental."""

Volume = tuple[str, "VolumeId"]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A pair, and who asks for it."""

    definition: Definition | Unchanged
    resource: str
    index: int
    array: str
    pair: Pair
    recording: bool

    @property
    def source(self) -> Volume:
        return (self.array, self.pair.source)

    @property
    def target(self) -> Volume:
        return (self.array, self.pair.target)

    @property
    def place(self) -> str:
        part = self.definition.part
        return f"{part.source.place(part.spot(self._path))}, service {self.definition.name}"

    @property
    def _path(self) -> tuple[int | str, ...]:
        return ("sync", self.resource, "pairs", self.index)

    def mistake(self, message: str, hint: str = "") -> Mistake:
        return self.definition.part.mistake(self._path, message, hint)


def cross_check(
    definitions: Collection[Definition | Unchanged], protected: Collection[tuple[str, str]]
) -> Iterator[Mistake]:
    """Tell where services claim the same name or the same volumes, or what is protected."""
    yield from _names(definitions)
    claims = list(_claims(definitions))
    by_source, by_target = _by(claims, _source), _by(claims, _target)
    for target, (first, *others) in by_target.items():
        yield from (_target_twice(claim, first) for claim in others)
        if target in by_source:
            yield _both_ways(first, by_source[target][0])
        if target in protected:
            yield first.mistake(f"volume {first.pair.target} of {first.array} is protected")
    for found in by_source.values():
        yield from _relations_of_one_source(found)


def _claims(definitions: Iterable[Definition | Unchanged]) -> Iterator[_Claim]:
    for definition in definitions:
        for name, options in definition.resources.items():
            for index, pair in enumerate(options.pairs):
                yield _Claim(definition, name, index, options.array, pair, options.recording)


def _source(claim: _Claim) -> Volume:
    return claim.source


def _target(claim: _Claim) -> Volume:
    return claim.target


def _by(claims: Iterable[_Claim], key: Callable[[_Claim], Volume]) -> dict[Volume, list[_Claim]]:
    found: dict[Volume, list[_Claim]] = defaultdict(list)
    for claim in claims:
        found[key(claim)].append(claim)
    return found


def _names(definitions: Iterable[Definition | Unchanged]) -> Iterator[Mistake]:
    first: dict[Hashable, Definition | Unchanged] = {}
    for definition in definitions:
        other = first.setdefault(definition.name, definition)
        if other is not definition:
            message = f"service {definition.name} is defined twice"
            yield definition.part.mistake((), message, f"the first one is at {other.place}")


def _target_twice(claim: _Claim, first: _Claim) -> Mistake:
    return claim.mistake(
        f"volume {claim.pair.target} of {claim.array} is a target twice",
        f"the first one is at {first.place}",
    )


def _both_ways(target: _Claim, source: _Claim) -> Mistake:
    return target.mistake(
        f"volume {target.pair.target} of {target.array} is a target here and a source elsewhere",
        f"it is a source at {source.place}",
    )


def _relations_of_one_source(claims: list[_Claim]) -> Iterator[Mistake]:
    recording = [claim for claim in claims if claim.recording]
    for claim in recording[1:]:
        if claim.target == recording[0].target:
            continue  # told already, as a target twice
        yield claim.mistake(
            f"volume {claim.pair.source} of {claim.array} is the source of two pairs that record:"
            f" of up to {MOST_TARGETS} relations of a source only one can be incremental",
            f"set 'recording: false' here or at {recording[0].place}",
        )
    for claim in claims[MOST_TARGETS:]:
        yield claim.mistake(
            f"volume {claim.pair.source} of {claim.array} has more than {MOST_TARGETS} targets",
            f"the first one is at {claims[0].place}",
        )
