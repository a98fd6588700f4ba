"""`protected.yaml`: what no command may ever have as a target."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from flashd.config.document import Block, read
from flashd.config.mistakes import Mistake, Source, nearest
from flashd.config.validation import Part, Path, validate
from flashd.config.values import TEXT, ArrayId, Pattern, Reads, Section, split_words, written
from flashd.model.protection import NOTHING, Protection
from flashd.model.volumes import VolumeId

_SUBSYSTEM = re.compile(r"[0-9A-Fa-f]{2}")
_BY_ARRAY = ("volumes", "subsystems", "volume_groups")


def _volumes(value: object) -> tuple[VolumeId, ...]:
    """Read a volume id, or a range of them as dscli writes it."""
    first, dash, last = written(value).partition("-")
    low, high = VolumeId(first), VolumeId(last if dash else first)
    if low > high:
        raise ValueError(f"{value} runs backwards")
    return tuple(VolumeId(f"{number:04X}") for number in range(int(low, 16), int(high, 16) + 1))


def _subsystems(value: object) -> tuple[VolumeId, ...]:
    """Read a logical subsystem, or a range of them, as the volumes that it can hold."""
    text = written(value)
    first, dash, last = text.partition("-")
    ends = (first.strip(), (last if dash else first).strip())
    if not all(_SUBSYSTEM.fullmatch(one) for one in ends):
        raise ValueError(f"{text!r} is not a logical subsystem; write two hex digits, such as 0A")
    if int(ends[0], 16) > int(ends[1], 16):
        raise ValueError(f"{text} runs backwards")
    return _volumes(f"{ends[0]}00-{ends[1]}FF")


_Volumes = Annotated[tuple[VolumeId, ...], Reads(_volumes, TEXT)]
_Subsystems = Annotated[tuple[VolumeId, ...], Reads(_subsystems, TEXT)]


class Protected(Section):
    """What must never be overwritten, whatever a service says."""

    volumes: dict[ArrayId, Annotated[tuple[_Volumes, ...], BeforeValidator(split_words)]] = Field(
        default_factory=dict,
        description="By array: volume ids, or ranges of them such as 0A00-0AFF.",
    )
    subsystems: dict[ArrayId, Annotated[tuple[_Subsystems, ...], BeforeValidator(split_words)]] = (
        Field(
            default_factory=dict,
            description="By array: logical subsystems, or ranges of them such as 0A-0F.",
        )
    )
    volume_groups: dict[ArrayId, Annotated[tuple[Pattern, ...], BeforeValidator(split_words)]] = (
        Field(
            default_factory=dict,
            description="By array: volume groups by id or name, or patterns; every volume in them.",
        )
    )
    hosts: Annotated[tuple[Pattern, ...], BeforeValidator(split_words)] = Field(
        default=(),
        description="Names of host connections, or patterns such as prd*; every volume mapped"
        " to them, on any array.",
    )
    volume_names: Annotated[tuple[Pattern, ...], BeforeValidator(split_words)] = Field(
        default=(),
        description="Names of volumes, or patterns such as PRD_*, on any array.",
    )

    def protection(self) -> Protection:
        """Make the noun that the last gate works with."""
        ids = (self.volumes, self.subsystems)
        return Protection(
            volumes=frozenset(
                (array, str(volume))
                for by_array in ids
                for array, ranges in by_array.items()
                for volumes in ranges
                for volume in volumes
            ),
            groups=frozenset(
                (array, group) for array, groups in self.volume_groups.items() for group in groups
            ),
            hosts=frozenset(self.hosts),
            names=frozenset(self.volume_names),
        )


def read_protected(source: Source) -> tuple[Protection, list[Mistake]]:
    """Read `protected.yaml`; what cannot be enforced is refused, not left out."""
    document = read(source)
    mistakes = list(document.mistakes)
    if document.root is None:
        return NOTHING, mistakes
    if not isinstance(document.root, Block):
        return NOTHING, [*mistakes, source.mistake((1, 1), "must be a mapping")]
    part = Part(source, document.root, (1, 1), _name, _advice)
    found = validate(Protected, part)
    mistakes += _named_twice(source, document.root)
    if isinstance(found, list):
        return NOTHING, mistakes + found
    return (NOTHING if mistakes else found.protection()), mistakes


def _named_twice(source: Source, root: Block) -> Iterator[Mistake]:
    """Tell where one array stands under two spellings: of two keys only the last would count."""
    for key in _BY_ARRAY:
        section = root.get(key)
        if not isinstance(section, Block):
            continue
        first: dict[str, str] = {}
        for name in section:
            other = first.setdefault(name.strip().upper(), name)
            if other != name:
                place = source.place(section.keys_at[other])
                yield source.mistake(
                    section.keys_at[name],
                    f"{key}: {name} is the same array as {other}",
                    f"write all of it in one place, which is {place}",
                )


def _name(path: Path) -> str:
    last = path[-1] if path else ""
    return "" if isinstance(last, int) else str(last)


def _advice(path: Path) -> str:
    return nearest(str(path[-1]), Protected.model_fields)
