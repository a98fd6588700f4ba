"""Check a block of YAML against a model, and put what is wrong in words with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from flashd.config.document import Block, Items

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from pydantic_core import ErrorDetails

    from flashd.config.document import Spot, Value
    from flashd.config.mistakes import Mistake, Source

Path = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)

_COLLECTIONS = {
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
}
_NO_VALUE = "has no value; write one, or remove the line"


@dataclass(frozen=True, slots=True)
class Part:
    """A block of a file, and how its keys are called in messages.

    `name` says in words what stands at a path below the block, `advice` what to do about a key
    that is not known there.
    """

    source: Source
    block: Block
    at: Spot
    name: Callable[[Path], str]
    advice: Callable[[Path], str]
    may_be_empty: Collection[Path] = ()

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """Say what is wrong with the value at `path`, or with its key."""
        return self.source.mistake(self.spot(path, key=key), message, hint)

    def spot(self, path: Path, *, key: bool = False) -> Spot:
        """Find the place of a value below this part; an index into a text counts its words."""
        if not path or path[0] not in self.block:
            return self.at
        spot = self.block.spot(path, key=key)
        text = self.block.value(path[:-1])
        if isinstance(text, str) and isinstance(path[-1], int):
            starts = [word.start() for word in re.finditer(r"\S+", text)]
            return self.source.inside(spot, text, starts[path[-1]])
        return spot


def validate(
    model: type[Model], part: Part, context: Mapping[str, object] | None = None
) -> Model | list[Mistake]:
    """Read a part as `model`, or tell everything that is wrong with it.

    A key without a value is a mistake even where the option may be left out: `host:` would
    otherwise mean this host, and `schedule:` always.
    """
    empty = {path for path in _empty(part.block) if path not in part.may_be_empty}
    mistakes = [part.mistake(path, f"{_named(part, path)}: {_NO_VALUE}") for path in empty]
    try:
        found = model.model_validate(part.block, context=context)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=True)
        return mistakes + [_mistake(each, part) for each in details if each["loc"] not in empty]
    return mistakes or found


def _empty(value: Value, path: Path = ()) -> Iterator[Path]:
    if value is None:
        yield path
    elif isinstance(value, Block):
        for key, below in value.items():
            yield from _empty(below, (*path, key))
    elif isinstance(value, Items):
        for index, below in enumerate(value):
            yield from _empty(below, (*path, index))


def _mistake(detail: ErrorDetails, part: Part) -> Mistake:
    # pydantic marks the key of a mapping with a step of its own.
    on_key = bool(detail["loc"]) and detail["loc"][-1] == "[key]"
    path = detail["loc"][:-1] if on_key else detail["loc"]
    match detail["type"]:
        case "missing":
            needed = str(path[-1])
            return part.mistake(path[:-1], f"{part.name(path[:-1])} needs '{needed}'")
        case "extra_forbidden":
            return part.mistake(path, _unknown(str(path[-1])), part.advice(path), key=True)
        case _:
            return _about_value(detail, path, part, on_key=on_key)


def _about_value(detail: ErrorDetails, path: Path, part: Part, *, on_key: bool) -> Mistake:
    about = part.name(path)
    message = f"{about}: {_complaint(detail)}" if about else _complaint(detail)
    spot = part.spot(path, key=on_key)
    if offset := detail.get("ctx", {}).get("offset"):
        spot = part.source.inside(spot, detail["input"], int(offset))
    return part.source.mistake(spot, message)


def _complaint(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"must be {str(context['expected']).replace(chr(39), '')}"
    if wanted := _COLLECTIONS.get(kind):
        return f"must be {wanted}"
    return detail["msg"][:1].lower() + detail["msg"][1:]


_PLAIN = re.compile(r"[\w#./-]+")


def _unknown(key: str) -> str:
    """Name a key that nobody knows, unless it can hold a value: its colon may be misplaced."""
    return f"unknown key '{key}'" if _PLAIN.fullmatch(key) else "unknown key"


def _named(part: Part, path: Path) -> str:
    """Name a key without a value, unless that can be in the key, as in `password:x`."""
    return part.name(path) if _PLAIN.fullmatch(str(path[-1])) else "a key"
