"""What is fuzzed: a reader of foreign text, and what must be true of whatever it made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SEAM = b"\n-- and --\n"
"""Stands between the texts of one case where a reader takes several."""


class Shape(Enum):
    """How the text of a target is built, which tells how to change it so that it still looks so."""

    LINES = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reader.

    `read` takes what came from outside and may raise nothing: a refusal that is documented is a
    value, None. `check` raises where what was read is not what stands there, by means of its own.
    """

    name: str
    read: Callable[[bytes], Any]
    check: Callable[[bytes, Any], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()
    shape: Shape = Shape.LINES
    largest: int = 4096
    flood: int = 1 << 16
    """To how many bytes a case is blown up now and then, to see that time grows with it only."""


def parts(data: bytes, count: int) -> list[bytes]:
    """Take a case apart; what is missing is empty."""
    found = data.split(SEAM, count - 1)
    return found + [b""] * (count - len(found))


def joined(*texts: bytes | str) -> bytes:
    """Make a case of several texts."""
    return SEAM.join(text.encode() if isinstance(text, str) else text for text in texts)


def text_of(data: bytes) -> str:
    """Decode as a client's output is."""
    return data.decode("utf-8", "replace")


def cuts(size: int, seed: int, most: int = 6) -> list[int]:
    """Choose some places at which a text of that size is cut short; the last bytes always."""
    near = [size - 1, size - 2]
    far = [seed * (2 * number + 1) % size for number in range(most)] if size else []
    return sorted({place for place in near + far if 0 <= place < size})
