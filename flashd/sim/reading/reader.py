"""From a paste to its tables: which lines are headers, rules, rows, messages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flashd.sim.reading.paste import Line, Section, sections
from flashd.sim.reading.shapes import SHAPES, canonical, squeezed
from flashd.sim.reading.tables import (
    Block,
    Parsed,
    Table,
    Trouble,
    delimiter,
    is_stanza,
    split_header,
    stanzas,
    under_header,
    without_header,
    xml,
)

_RULE = re.compile(r"^\s*==[=\s]*$")
_MESSAGE = re.compile(r"^\s*(CMU[A-Z]\d{5}[IWE]|CMMCI\d{4}[IWE])\b\s*(?:(\w+):)?")
_NONE_FOUND = re.compile(r"^\s*CMUC00234I (\w+):")
_FIRST_COLUMNS = tuple({shape.long[0] for shape in SHAPES.values()})
_SECOND_COLUMNS = frozenset(
    squeezed(columns[1]) for shape in SHAPES.values() for columns in (shape.long, shape.short)
)
_LONGEST_HEADER = 4_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a paste holds; `nothing` are the commands that found nothing to list."""

    tables: tuple[Table, ...] = ()
    nothing: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def of(self, verb: str) -> tuple[Table, ...]:
        """Return the tables of one listing."""
        return tuple(table for table in self.tables if table.verb == verb)

    def __add__(self, other: "Reading") -> "Reading":
        """Put two pastes together."""
        return Reading(
            self.tables + other.tables,
            self.nothing + other.nothing,
            self.troubles + other.troubles,
        )


def read(text: str, command: str = "", first_line: int = 1) -> Reading:
    """Read a paste; `command` is the one whose answer it begins with, if that is known.

    `first_line` is the number of its first line, where it is one of several.
    """
    tables: list[Table] = []
    nothing: list[str] = []
    troubles: list[Trouble] = []
    for section in sections(text, command, first_line):
        rest, told = _messages(section.lines)
        troubles += told
        nothing += [m[1] for line in section.lines if (m := _NONE_FOUND.match(line.text))]
        for table, problems in _read_section(section, rest):
            verb = table.verb if table else section.verb
            troubles += [replace(problem, verb=verb) for problem in problems]
            if table:
                tables.append(replace(table, device=section.device, banner=section.banner))
    return Reading(tuple(tables), tuple(nothing), tuple(sorted(troubles, key=lambda t: t.line)))


def _messages(lines: Sequence[Line]) -> tuple[list[Line], list[Trouble]]:
    """Take the messages out; those of class E mean that a listing is missing."""
    rest = [line for line in lines if not _MESSAGE.match(line.text)]
    said = [(line, m) for line in lines if (m := _MESSAGE.match(line.text))]
    hint = "Run that command again until it lists, and paste that."
    errors = [(line, m[2] or "") for line, m in said if m[1].endswith("E")]
    return rest, [
        Trouble(line.number, f"dscli refused: {line.text.strip()}", hint, verb)
        for line, verb in errors
    ]


def _read_section(section: Section, lines: Sequence[Line]) -> Iterator[Parsed]:
    verb = section.verb
    if any(line.text.lstrip().startswith("<") for line in lines):
        yield xml([line for line in lines if line.text.strip()], verb)
        return
    for block in _blocks(lines, verb):
        if block.header:
            yield under_header(block, verb)
        elif is_stanza(block, verb):
            yield stanzas(block.body, verb)
        else:
            bare = tuple(line for line in block.body if line.text.strip())
            yield without_header(Block(None, rule=False, body=bare), verb)


def _blocks(lines: Sequence[Line], verb: str) -> Iterator[Block]:
    """Cut at headers; one that comes again, as paging repeats it, cuts nothing."""
    header: Line | None = None
    rule = False
    body: list[Line] = []
    for at, line in enumerate(lines):
        ruled = at + 1 < len(lines) and bool(_RULE.match(lines[at + 1].text))
        if _RULE.match(line.text):
            continue
        if _may_be_header(line.text) and (ruled or is_header(line.text, verb)):
            if header and header.text.split() == line.text.split():
                continue
            yield from _block(header, body, rule=rule)
            header, rule, body = line, ruled, []
        elif header is None or line.text.strip():
            body.append(line)
    yield from _block(header, body, rule=rule)


def _may_be_header(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_HEADER and not text.isspace()


def _block(header: Line | None, body: Sequence[Line], *, rule: bool) -> Iterator[Block]:
    if header or any(line.text.strip() for line in body):
        yield Block(header, rule, tuple(body))


def is_header(text: str, verb: str = "") -> bool:
    """Say whether a line is the header of a listing that is known here."""
    if not text.lstrip().startswith(_FIRST_COLUMNS):
        return False
    bare = squeezed(text)
    if not any(name in bare for name in _SECOND_COLUMNS):  # which is told faster than the rest
        return False
    names = split_header(text.strip(), delimiter(text, verb))
    columns = tuple(map(canonical, names))
    return any(shape.fits(columns) for shape in SHAPES.values())
