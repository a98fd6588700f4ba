"""What all listings have in common: columns, -s and -l, qualified ids, and finding nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flashd.sim.commands.command import Answer, Call
from flashd.sim.grammar import LISTING_OPTIONS, Grammar
from flashd.sim.layout import Report

T = TypeVar("T")
Cells = Mapping[str, Callable[[Call, T], str]]
FLAGS = frozenset(("-s", "-l", "-fullid"))


@dataclass(frozen=True, kw_only=True)  # with slots a generic one cannot be made
class Listing(Generic[T]):
    """How objects of one kind are listed: a cell for each column, in the order of -l.

    `short` are the columns without -l; with -s the `key` stands alone. `nothing` is said where
    nothing is found.
    """

    cells: Cells[T]
    short: tuple[str, ...]
    nothing: str
    key: str = "ID"

    @property
    def long(self) -> tuple[str, ...]:
        """The columns with -l."""
        return tuple(self.cells)

    def answer(self, call: Call, found: Sequence[T]) -> Answer:
        """List what was found."""
        if not found:
            return Answer(messages=(self.nothing,))
        columns = self._columns(call.request.flags)
        cells = [self.cells[name] for name in columns]
        return Answer(report=Report(columns, tuple(_row(call, cells, thing) for thing in found)))

    def _columns(self, flags: frozenset[str]) -> tuple[str, ...]:
        if "-s" in flags:
            return (self.key,)
        return self.long if "-l" in flags else self.short


def _row(call: Call, cells: Iterable[Callable[[Call, T], str]], thing: T) -> tuple[str, ...]:
    return tuple(cell(call, thing) for cell in cells)


def grammar(*filters: str, needs_operand: bool = False, operands: bool = True) -> Grammar:
    """Return the grammar of a listing; `filters` take a value."""
    return Grammar(
        flags=FLAGS,
        options=LISTING_OPTIONS | {"-dev", *filters},
        operands=operands,
        needs_operand=needs_operand,
    )


def qualified(call: Call, name: str) -> str:
    """Return an id in full where the command asks for full ids; none stays none."""
    if not call.fullid or name == "-":
        return name
    return ",".join(f"{call.identity.serial}/{part}" for part in name.split(","))


def bare(call: Call, name: str) -> str:
    """Return an id without the image before it, in upper case, as operands and options give it."""
    head, slash, tail = name.rpartition("/")
    return tail.upper() if not slash or head == call.identity.serial else name


def wanted(call: Call, option: str, value: str) -> bool:
    """Say whether what an option filters by is `value`, or one of a comma list; if it is given."""
    asked = call.request.options.get(option)
    if asked is None:
        return True
    return bare(call, asked).casefold() in {part.casefold() for part in value.split(",")}
