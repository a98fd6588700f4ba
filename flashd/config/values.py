"""The kinds of values that options take: how each is read, and how a schema describes it.

Every one also takes what it gives, so that options can be built in Python as well.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from flashd.config.durations import PATTERN, parse_duration
from flashd.model.volumes import Pair, VolumeId


@dataclass(frozen=True, slots=True, eq=False)  # hashable, as typing wants
class Reads:
    """How a kind of value is read, and how a schema describes it.

    Stands for pydantic's PlainValidator, which would look into the type as well: nouns of the
    model are no business of pydantic's.
    """

    read: Callable[..., Any]
    schema: Mapping[str, Any]
    with_info: bool = False

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Have pydantic call `read` and nothing else."""
        if self.with_info:
            return core_schema.with_info_plain_validator_function(self.read)
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the value to editors."""
        return dict(self.schema)


class Section(BaseModel):
    """A part of the configuration: closed, and not to be changed once read."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )


def shaped(pattern: str, what: str) -> Callable[[object], str]:
    """Make a reader of text that has a shape; `what` says which, in a refusal."""
    shape = re.compile(pattern)

    def read(value: object) -> str:
        text = written(value)
        if not shape.fullmatch(text):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return read


def written(value: object) -> str:
    """Take one scalar as the text it was written as."""
    if value is None:
        raise ValueError("has no value")
    if not isinstance(value, str):
        raise ValueError("takes one value, not a list or a mapping")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _duration(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(written(value))


def _span(value: object) -> timedelta:
    if not (span := _duration(value)):
        raise ValueError("must be more than 0")
    return span


_DURATION_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "description": "minutes"},
        {"type": "string", "pattern": PATTERN},
    ]
}

Delay = Annotated[timedelta, Reads(_duration, _DURATION_SCHEMA)]
"""A duration that may be zero."""

Span = Annotated[timedelta, Reads(_span, _DURATION_SCHEMA)]
"""A duration."""


_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = written(value)
    if (flag := _FLAGS.get(text.lower())) is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return flag


def _any_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


_FLAG_SCHEMA = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "string",
            "pattern": f"^({'|'.join(map(_any_case, _FLAGS))})$",
        },
    ]
}

Flag = Annotated[bool, Reads(_flag, _FLAG_SCHEMA)]


def whole_number(value: object, low: int, high: int) -> int:
    """Read an integer between two bounds."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif re.fullmatch(r"[0-9]{1,9}", text := written(value)):
        number = int(text)
    else:
        raise ValueError(f"{text!r} is not a whole number")
    if not low <= number <= high:
        raise ValueError(f"{number} is not between {low} and {high}")
    return number


def _line(value: object) -> str:
    text = " ".join(written(value).split())
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


# An editor's parser has made numbers and booleans of what flashd reads as text.
_ANY_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
TEXT = {"type": "string"}

Line = Annotated[str, Reads(_line, _ANY_SCALAR)]
"""Text for people, on one line."""


def _word(value: object) -> str:
    text = written(value)
    if not text or "\0" in text:
        raise ValueError("is empty" if not text else "holds a null character")
    return text


Word = Annotated[str, Reads(_word, _ANY_SCALAR)]
"""Text for a program: not empty, taken to the letter."""


def _absolute(value: object) -> Path:
    path = value if isinstance(value, Path) else Path(_word(value))
    if not path.is_absolute():
        raise ValueError(f"'{path}' is a relative path; write it from / on")
    return path


AbsolutePath = Annotated[Path, Reads(_absolute, {"type": "string", "pattern": "^/"})]

SERVICE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
RESOURCE_ID = r"[A-Za-z0-9][A-Za-z0-9._#-]{0,63}"
_ARRAY = r"IBM\.[0-9A-Z]{4}-[0-9A-Z]{5,16}"
_HOST = r"[A-Za-z0-9:][A-Za-z0-9._:%-]{0,252}"

_service_name = shaped(
    SERVICE_NAME, "a name; write letters, digits, '.', '_' and '-', a letter or digit first"
)
_resource_id = shaped(
    RESOURCE_ID, "a resource id; write letters, digits, '.', '_', '#' and '-', such as sync#1"
)


def array_id(value: object) -> str:
    """Read a storage image id in any case; files are named after it, so it holds no slash."""
    text = written(value)
    upper = text.strip().upper()
    if not re.fullmatch(_ARRAY, upper):
        raise ValueError(
            f"{text!r} is not a storage image id; lssi shows it, such as IBM.2107-75ABC01"
        )
    return upper


ServiceName = Annotated[
    str,
    Reads(_service_name, {"type": "string", "pattern": f"^{SERVICE_NAME}$"}),
]
ResourceId = Annotated[
    str,
    Reads(_resource_id, {"type": "string", "pattern": f"^{RESOURCE_ID}$"}),
]
ArrayId = Annotated[
    str,
    Reads(
        array_id, {"type": "string", "pattern": r"^[Ii][Bb][Mm]\.[0-9A-Za-z]{4}-[0-9A-Za-z]{5,16}$"}
    ),
]
Host = Annotated[
    str,
    Reads(shaped(_HOST, "a host name or address"), {"type": "string", "pattern": f"^{_HOST}$"}),
]


def volume_id(value: object) -> VolumeId:
    """Read a volume id in any case."""
    return VolumeId(written(value))


_VOLUME_SCHEMA = "[0-9A-Fa-f]{4}"
_PAIR_SCHEMA = f"{_VOLUME_SCHEMA}:{_VOLUME_SCHEMA}"


def _pair(value: object) -> Pair:
    return value if isinstance(value, Pair) else Pair.parse(written(value))


PAIR = rf"^\s*{_PAIR_SCHEMA}\s*$"
PAIRS = rf"^\s*{_PAIR_SCHEMA}(\s+{_PAIR_SCHEMA})*\s*$"

PairField = Annotated[Pair, Reads(_pair, {"type": "string", "pattern": PAIR})]


_ANY_NAME = re.compile(r"[*?]*")
_OF_AN_EXPRESSION = re.compile(r"^\^|\$$|[|\\]|\.[*+]|\][+{]|\(\?")
"""Of a regular expression, and hardly of a name: as a pattern it would fit nothing."""


def _pattern(value: object) -> str:
    text = written(value)
    if _ANY_NAME.fullmatch(text):
        raise ValueError(f"{text!r} fits every name" if text else "is empty")
    if text != text.strip():
        raise ValueError(f"{text!r} has a blank at an end")
    if "," in text:
        raise ValueError(f"{text!r} has a comma; write a list, or blanks between the names")
    if text.count("[") != text.count("]"):
        raise ValueError(f"{text!r} has a bracket that is not closed")
    if _OF_AN_EXPRESSION.search(text):
        raise ValueError(
            f"{text!r} looks like a regular expression; a pattern has '*', '?' and '[ab]', and fits"
            " whole names"
        )
    return text


Pattern = Annotated[str, Reads(_pattern, TEXT)]
"""A name, or a pattern of names with `*`, `?` and `[…]`."""


def split_words(value: object) -> object:
    """Take a whitespace-separated text for the list it stands for."""
    return value.split() if isinstance(value, str) else value


def filled(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse an empty list."""
    if not value:
        raise ValueError("is empty")
    return value


def empty_if_absent(value: object) -> object:
    """Take a key whose content is commented out for an empty mapping."""
    return {} if value is None else value


def bounded(low: int, high: int) -> Reads:
    """Read a whole number between two others, which it may be."""
    return Reads(
        lambda value: whole_number(value, low, high),
        {"type": "integer", "minimum": low, "maximum": high},
    )
