"""Changing a case so that it still looks like one: by lines, words, tokens, nodes of JSON."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import TYPE_CHECKING, Any

from tests.fuzz.target import SEAM, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.target import Target

ODD = (
    *(b"", b"\0", b"\n", b"\r", b"\r\n", b"\t", b" ", b"\x0b", b"\x0c", b"\x1c", b"\x1b[2J"),
    *("\x85".encode(), "\u2028".encode(), "\u202e".encode(), "\u00a0".encode(), "\ufeff".encode()),
    *(chr(point).encode() for point in (0x663, 0xFF10, 0xB2, 0x17F, 0x212A, 0x130)),
    *(b"\xed\xa0\x80", b"\xff", b"\xc3", b"\xf4\x90\x80\x80", "\ufffd".encode(), b"%s", b"{}"),
    *(b"0", b"-1", b"1e400", b"NaN", b"256", b"4294967296", b"9" * 25, b"9" * 400, b"9" * 5000),
    *(b"[" * 40, b"{" * 40, b"(" * 40, b"a" * 300, b" " * 300, b"\n" * 300, b"../" * 9, b"--"),
)
"""What has broken readers of all kinds: ends of lines, digits that are none, numbers, depth."""

_TOKEN = re.compile(rb"[A-Za-z0-9_.]+|\s+|[^A-Za-z0-9_.\s]")
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 1e300, 10**400, "", "0", "up", "down", "n/a", "\ud800"),
    *("warn", "\x1b[2J", "frozen", [], {}, [[]], {"": ""}, ["up"], "undef", "0001-01-01T00:00:00Z"),
)


def mutate(
    target: Target,
    seeds: Sequence[bytes],
    by_bytes: Callable[[bytes, int], bytes],
    data: bytes,
    seed: int,
) -> bytes:
    """Change one case a little, or much; `by_bytes` is the fuzzer's own way."""
    rng = random.Random(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        texts = data.split(SEAM)
        place = rng.randrange(len(texts))
        texts[place] = _changed(target, seeds, by_bytes, texts[place], rng)
        data = SEAM.join(texts)
    return data[: target.largest]


def _changed(
    target: Target,
    seeds: Sequence[bytes],
    by_bytes: Callable[[bytes, int], bytes],
    text: bytes,
    rng: random.Random,
) -> bytes:
    way = rng.random()
    if target.shape is Shape.JSON and way < 0.6 and (changed := _node(text, rng)) is not None:
        return changed
    if way < 0.3:
        return by_bytes(text, target.largest)
    if way < 0.65:
        return _token(text, (*target.words, *ODD), rng)
    return _line(text, seeds, rng)


def _token(text: bytes, words: Sequence[bytes], rng: random.Random) -> bytes:
    """Put a word in the place of a token, or beside it."""
    tokens = list(_TOKEN.finditer(text))
    word = rng.choice(words)
    if not tokens:
        return word
    found = rng.choice(tokens)
    end = found.end() if rng.random() < 0.6 else found.start()
    return text[: found.start()] + word + text[end:]


def _line(text: bytes, seeds: Sequence[bytes], rng: random.Random) -> bytes:
    """Leave out, repeat, exchange or cut lines, or bring one from elsewhere."""
    lines = text.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(7):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            return text[: rng.randrange(len(text) + 1)]
        case 4:
            return text[rng.randrange(len(text) + 1) :]
        case 5:
            lines[one : one + 2] = [b"".join(lines[one : one + 2])]
        case _:
            lines.insert(one, rng.choice(rng.choice(seeds or [b""]).split(b"\n")))
    return b"\n".join(lines)


def _node(text: bytes, rng: random.Random) -> bytes | None:
    """Change one node of a JSON document, which a line may precede; None where there is none."""
    head, body = _headed(text)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    places = list(_places(document))
    if not places:
        return None
    holder, key = rng.choice(places)
    match rng.randrange(5):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 2:
            other, name = rng.choice(places)
            if name in other if isinstance(other, dict) else name < len(other):
                holder[key] = copy.deepcopy(other[name])
        case 3 if isinstance(holder, dict):
            holder[rng.choice(("", "status", "avail", "x", str(key) + "2"))] = holder[key]
        case _:
            holder[key] = rng.choice(_VALUES)
    return head + json.dumps(document).encode()


def _headed(text: bytes) -> tuple[bytes, bytes]:
    first, end, rest = text.partition(b"\n")
    return (b"", text) if first.lstrip()[:1] in {b"{", b"["} else (first + end, rest)


def _places(document: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON may be anything
    found: list[tuple[Any, Any]] = []
    left = [document]
    while left:
        node = left.pop()
        if not isinstance(node, dict | list):
            continue
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            found.append((node, key))
            left.append(node[key])
    return found


def flooded(data: bytes, size: int, seed: int) -> bytes:
    """Repeat a piece of a case, or a single byte of it, until it is large."""
    if not data:
        return b"\n" * size
    rng = random.Random(seed)
    begin = rng.randrange(len(data))
    piece = data[begin : begin + rng.choice((1, 1, 2, 7, 40, len(data)))]
    return data[:begin] + piece * (size // len(piece)) + data[begin:]
