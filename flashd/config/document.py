"""YAML, read so that nothing is resolved and every place is known.

Scalars stay the text that was written (`0010`, `22:00` and `1001:12` are no numbers here), and
each key and value remembers its line and column. Events are read instead of composed nodes:
that needs no recursion, so that neither depth nor aliases can exhaust the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import yaml

from flashd.config.syntax import Broken, complaint, unprintable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from flashd.config.mistakes import Mistake, Source

Spot: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

Value: TypeAlias = "str | Items | Block | None"

MAX_DEPTH = 32
MAX_EXPANDED = 1_000_000
"""How many values the aliases of one file may stand for."""

# libyaml where it is there: it reads a thousand services in 30 ms, the Python parser in 1.5 s.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_HARMLESS_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class Block(dict[str, "Value"]):
    """A mapping that knows where it, its keys and its values stand."""

    __slots__ = ("at", "keys_at", "values_at")

    def __init__(self, at: Spot) -> None:
        super().__init__()
        self.at = at
        self.keys_at: dict[str, Spot] = {}
        self.values_at: dict[str, Spot] = {}

    def put(self, key: str, key_at: Spot, value: Value, value_at: Spot) -> None:
        """Set a key, with its places."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at

    def fill(self, other: Block) -> None:
        """Take over what `other` has and this one lacks."""
        for key, value in other.items():
            if key not in self:
                self.put(key, other.keys_at[key], value, other.values_at[key])

    def without(self, keys: Collection[str]) -> Block:
        """Copy all but `keys`; a block may be shared by aliases and is not changed."""
        copy = Block(self.at)
        for key in self.keys() - set(keys):
            copy.put(key, self.keys_at[key], self[key], self.values_at[key])
        return copy

    def spot(self, path: tuple[int | str, ...], *, key: bool = False) -> Spot:
        """Find where the value at `path` stands, or its key; else the nearest above it.

        A mapping is found at its key: its first line is about something else already.
        """
        node: Value = self
        at = self.at
        for step in path:
            if isinstance(node, Block) and isinstance(step, str) and step in node:
                child = node[step]
                in_front = isinstance(child, Block) or (key and step == path[-1])
                at = node.keys_at[step] if in_front else node.values_at[step]
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node):
                child, at = node[step], node.values_at[step]
            else:
                break
            node = child
        return at

    def value(self, path: tuple[int | str, ...]) -> Value:
        """Find the value at `path`, if there is one."""
        node: Value = self
        for step in path:
            if isinstance(node, Block) and isinstance(step, str):
                node = node.get(step)
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node):
                node = node[step]
            else:
                return None
        return node


class Items(list["Value"]):
    """A list that knows where its values stand."""

    __slots__ = ("values_at",)

    def __init__(self) -> None:
        super().__init__()
        self.values_at: list[Spot] = []


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says; `readable` is False where a mistake kept the rest from being read."""

    root: Value
    mistakes: tuple[Mistake, ...] = ()
    readable: bool = True


def read(source: Source) -> Document:
    """Read one YAML or JSON document."""
    if broken := unprintable(source.text):
        return _unreadable(source, broken)
    builder = _Builder(source)
    try:
        for event in _events(source.text):
            builder.take(event)
    except Broken as broken:
        return _unreadable(source, broken)
    except yaml.MarkedYAMLError as error:
        return _unreadable(source, complaint(error, source.text))
    return Document(builder.root, tuple(builder.mistakes))


def _events(text: str) -> Iterator[yaml.Event]:
    """Tell the parser's events; `yaml.parse` asks it twice for each."""
    loader = _Loader(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


def _unreadable(source: Source, broken: Broken) -> Document:
    mistake = source.mistake(broken.spot, broken.message, broken.hint)
    return Document(None, (mistake,), readable=False)


@dataclass(slots=True)
class _Frame:
    """A collection that is being read."""

    collection: Block | Items
    at: Spot
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None
    key_at: Spot = (1, 1)
    merges: list[tuple[Value, Spot]] = field(default_factory=list)


class _Anchored(NamedTuple):
    """What an alias stands for: how many values, and how deep they are nested."""

    value: Value
    size: int = 1
    height: int = 0


_OPEN = object()
_MERGE = "<<"


class _Builder:
    """Puts events together; the stack is explicit, so depth costs no recursion."""

    def __init__(self, source: Source) -> None:
        self.root: Value = None
        self.mistakes: list[Mistake] = []
        self._source = source
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored | object] = {}
        self._expanded = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the parser."""
        if (taken := self._TAKEN.get(type(event))) is not None:
            taken(self, event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise Broken(_spot(event), "a second document begins here", "a file holds one")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        _refuse_tag(event)
        text, at = event.value, _spot(event)
        value = None if event.implicit[0] and text in _NULLS else text
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is None and isinstance(frame.collection, Block):
            self._key(frame, text, at)
        else:
            self._add(value, at)

    def _key(self, frame: _Frame, key: object, at: Spot) -> None:
        if not isinstance(key, str) or not key:
            raise Broken(at, "a key must be plain text that is not empty")
        frame.key = key
        frame.key_at = at

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        _refuse_tag(event)
        at = _spot(event)
        self._not_deeper(1, at)
        if self._stack and self._stack[-1].key is None and self._in_block():
            raise Broken(at, "a key must be plain text", "quote a value that begins with [ or {")
        if event.anchor:
            self._anchors[event.anchor] = _OPEN
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Frame(Block(at) if mapping else Items(), at, event.anchor))

    def _in_block(self) -> bool:
        return isinstance(self._stack[-1].collection, Block)

    def _end(self, _: yaml.CollectionEndEvent) -> None:
        frame = self._stack.pop()
        if isinstance(frame.collection, Block):
            for value, at in frame.merges:
                _merge(frame.collection, value, at)
        if frame.anchor:
            whole = _Anchored(frame.collection, frame.size, frame.height)
            self._anchors[frame.anchor] = whole
        self._add(frame.collection, frame.at, frame.size, frame.height)

    def _alias(self, event: yaml.AliasEvent) -> None:
        at = _spot(event)
        anchor = event.anchor or ""
        found = self._anchors.get(anchor)
        if not isinstance(found, _Anchored):
            raise Broken(at, *_unusable(anchor, found, self._anchors))
        self._expanded += found.size
        if self._expanded > MAX_EXPANDED:
            raise Broken(at, f"the aliases stand for more than {MAX_EXPANDED} values")
        self._not_deeper(found.height, at)
        frame = self._stack[-1]
        if frame.key is None and self._in_block():
            self._key(frame, found.value, at)
        else:
            self._add(found.value, at, found.size, found.height)

    def _not_deeper(self, height: int, at: Spot) -> None:
        if len(self._stack) + height > MAX_DEPTH:
            raise Broken(at, f"nested more than {MAX_DEPTH} deep")

    def _add(self, value: Value, at: Spot, size: int = 1, height: int = 0) -> None:
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        frame.size += size
        if frame.height <= height:
            frame.height = height + 1
        if isinstance(frame.collection, Items):
            frame.collection.append(value)
            frame.collection.values_at.append(at)
        else:
            self._pair(frame, frame.collection, value, at)

    def _pair(self, frame: _Frame, block: Block, value: Value, at: Spot) -> None:
        key, frame.key = frame.key, None
        if key is None:
            raise AssertionError("the parser gave a value without a key")
        if key == _MERGE:
            frame.merges.append((value, at))
        elif key in block:
            first = self._source.place(block.keys_at[key])
            self.mistakes.append(
                self._source.mistake(
                    frame.key_at, f"'{key}' is given twice", f"the first one is at {first}"
                )
            )
        else:
            block.put(key, frame.key_at, value, at)

    _TAKEN: ClassVar[Mapping[type[yaml.Event], Callable[[_Builder, Any], None]]] = {
        yaml.ScalarEvent: _scalar,
        yaml.MappingStartEvent: _begin,
        yaml.SequenceStartEvent: _begin,
        yaml.MappingEndEvent: _end,
        yaml.SequenceEndEvent: _end,
        yaml.AliasEvent: _alias,
        yaml.DocumentStartEvent: _document,
    }


def _merge(block: Block, value: Value, at: Spot) -> None:
    for source in value if isinstance(value, Items) else [value]:
        if not isinstance(source, Block):
            raise Broken(at, "'<<' takes a mapping or a list of mappings")
        block.fill(source)


def _spot(event: yaml.Event) -> Spot:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _refuse_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    """Refuse tags; `schedule: ! 03:00` would otherwise lose its `!` and mean the opposite."""
    if event.tag is not None and event.tag not in _HARMLESS_TAGS:
        hint = "quote a value that begins with '!'"
        raise Broken(_spot(event), "a word that begins with '!' is a YAML tag", hint)


def _unusable(anchor: str, found: object, known: Collection[str]) -> tuple[str, str]:
    if found is _OPEN:
        return f"'*{anchor}' stands inside what it names", ""
    if not known:  # a password can begin so
        return (
            "a word that begins with '*' names an anchor, and there is none here",
            "quote a value that begins with '*'",
        )
    return (
        f"'*{anchor}' names no anchor",
        f"write '&{anchor}' first, or quote a value that begins with '*'",
    )
