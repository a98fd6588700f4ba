"""`protected.yaml`: the volumes that no command may ever have as a target."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from flashd.config.document import Block, read
from flashd.config.mistakes import Mistake, Source, nearest
from flashd.config.validation import Part, Path, validate
from flashd.config.values import TEXT, ArrayId, Reads, Section, split_words, written
from flashd.model.volumes import VolumeId

Volume = tuple[str, VolumeId]


def _volumes(value: object) -> tuple[VolumeId, ...]:
    """Read a volume id, or a range of them as dscli writes it."""
    first, dash, last = written(value).partition("-")
    low, high = VolumeId(first), VolumeId(last if dash else first)
    if low > high:
        raise ValueError(f"{value} runs backwards")
    return tuple(VolumeId(f"{number:04X}") for number in range(int(low, 16), int(high, 16) + 1))


class Protected(Section):
    """What must never be overwritten, whatever a service says."""

    volumes: dict[
        ArrayId,
        Annotated[
            tuple[
                Annotated[
                    tuple[VolumeId, ...],
                    Reads(_volumes, TEXT),
                ],
                ...,
            ],
            BeforeValidator(split_words),
        ],
    ] = Field(
        default_factory=dict,
        description="By array: volume ids, or ranges of them such as 0A00-0AFF.",
    )

    def all_volumes(self) -> Iterator[Volume]:
        """Tell every protected volume with its array."""
        for array, ranges in self.volumes.items():
            yield from ((array, volume) for volumes in ranges for volume in volumes)


def read_protected(source: Source) -> tuple[frozenset[Volume], list[Mistake]]:
    """Read `protected.yaml`; what cannot be enforced is refused, not left out."""
    document = read(source)
    mistakes = list(document.mistakes)
    if document.root is None:
        return frozenset(), mistakes
    if not isinstance(document.root, Block):
        return frozenset(), [*mistakes, source.mistake((1, 1), "must be a mapping")]
    part = Part(source, document.root, (1, 1), _name, _advice)
    found = validate(Protected, part)
    if isinstance(found, list):
        return frozenset(), mistakes + found
    return frozenset(found.all_volumes()), mistakes


def _name(path: Path) -> str:
    return "" if path and isinstance(path[-1], int) else str(path[-1] if path else "")


def _advice(path: Path) -> str:
    if path == ("hosts",):
        return "flashd cannot tell yet which volumes a host has; name the volumes"
    return nearest(str(path[-1]), Protected.model_fields)
