"""Tables out of lines, one reader for each of dscli's formats."""

import html
import re
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from flashd.sim.reading.align import align
from flashd.sim.reading.paste import Line
from flashd.sim.reading.shapes import SHAPES, canonical, first_name, header_names, shape_of


def _inside(tag: str) -> str:
    """Return what matches up to the end of an element that does not nest, in one go."""
    return rf"([^<]*(?:<(?!/?{tag}\b)[^<]*)*)</{tag}\s*>"


_INSTANCE = re.compile(rf"<INSTANCE\b[^<>]*>{_inside('INSTANCE')}", re.IGNORECASE)
_PROPERTY = re.compile(
    r"<PROPERTY\b[^<>]*?\bNAME=[\"']([^\"']*)[\"'][^<>]*?"
    rf"(?:/>|>{_inside('PROPERTY')})",
    re.IGNORECASE,
)
_VALUE = re.compile(rf"<VALUE\b[^<>]*?(?:/>|>{_inside('VALUE')})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and the line of the paste where it stands."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell; one that the table lacks is `-`, as dscli shows none."""
        return self.cells.get(column, "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One listing as it was read; `verb` is empty where the columns are of no listing known here.

    `columns` are as printed; `header` and `rule` say what stood above the rows.
    """

    verb: str
    format: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int
    delim: str = ""
    header: bool = True
    rule: bool = False
    device: str = ""
    banner: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line that was not understood, and what to do about it; `verb` is whose answer it is in.

    `earlier` is a line that it contradicts.
    """

    line: int
    problem: str
    hint: str
    verb: str = ""
    earlier: int = 0

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}\n  {self.hint}"


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under one header, or without one."""

    header: Line | None
    rule: bool
    body: tuple[Line, ...]

    @property
    def line(self) -> int:
        """Where it begins."""
        return (self.header or self.body[0]).number


_ENOUGH = 9  # lines that show whether they are names and values
Parsed = tuple[Table | None, tuple[Trouble, ...]]
_AGAIN = (
    "Copy the line again as dscli printed it, list with -fmt delim -delim '|', or leave it out"
    " with --anyway."
)
_NAME_IT = (
    "Paste it with its header line, or with the command that printed it, or leave it out with"
    " --anyway."
)
_MARKS = 40  # that stand in one line; one of them may be the delimiter
_TOLD = 200  # characters of a line


def delimiter(header: str, verb: str = "") -> str:
    """Return what stands between the columns of a header; only blanks mean padded columns.

    A header of one column, or one that is not known, has the blank between words.
    """
    for shape in (SHAPES[verb],) if verb in SHAPES else SHAPES.values():
        for columns in (shape.long, shape.short):
            first, second, third = map(re.escape, columns[:3])
            match = re.match(rf"\s*{first}(.+?){second}(.+?){third}", header)
            if match and (match[1] == match[2] or not (match[1] + match[2]).strip(" ")):
                return match[1] if match[1].strip(" ") else " "
    marks = re.findall(r"(?<=\w)[|,;:\t](?=\w)", header)
    return max(set(marks), key=marks.count) if marks else " "


def split_header(header: str, delim: str) -> tuple[str, ...]:
    """Return the columns of a header; a delimiter may stand in the name of a column too."""
    if delim == " ":
        return tuple(name for _, name in header_names(header))
    parts = header.split(delim)
    for shape in SHAPES.values():
        for columns in (shape.long, shape.short):
            whole = delim.join(columns)
            if header == whole:
                return columns
            if header.startswith(whole + delim):
                return (*columns, *header[len(whole + delim) :].split(delim))
    return tuple(map(canonical, parts))


def under_header(block: Block, verb: str) -> Parsed:
    """Read rows under their header, delimited or padded."""
    header = block.header
    assert header is not None  # nosec B101 # noqa: S101 - a block without one is read elsewhere
    delim = delimiter(header.text, verb)
    columns = tuple(map(canonical, split_header(header.text.strip(), delim)))
    shape = shape_of(columns)
    known = shape.verb if shape else verb
    cut = _padded(header.text, columns, block.body) if delim == " " else None
    rows, troubles = _rows(block.body, columns, delim, known, cut)
    table = Table(
        verb=known,
        format="default" if delim == " " else "delim",
        delim=delim,
        columns=columns,
        rows=rows,
        line=block.line,
        rule=block.rule,
    )
    return table, troubles


def _padded(header: str, columns: Sequence[str], body: Sequence[Line]) -> tuple[int, ...] | None:
    """Return where the columns begin, if all rows keep to it; a paste may have lost its blanks."""
    starts = tuple(at for at, _ in header_names(header))
    if len(starts) != len(columns):
        return None
    kept = all(line.text[at - 1 : at].strip() == "" for line in body for at in starts[1:])
    full = all(len(line.text) > starts[-1] for line in body)
    return starts if kept and full else None


def _rows(
    body: Sequence[Line],
    columns: Sequence[str],
    delim: str,
    verb: str,
    starts: tuple[int, ...] | None,
) -> tuple[tuple[Row, ...], tuple[Trouble, ...]]:
    rows: list[Row] = []
    troubles: list[Trouble] = []
    for line in body:
        cells = _cut(line.text, starts) if starts else None
        read = cells or _cells(line, columns, delim, verb)
        if isinstance(read, Trouble):
            troubles.append(read)
        else:
            stripped = (cell.strip() for cell in read)
            rows.append(Row(line.number, dict(zip(columns, stripped, strict=True))))
    return tuple(rows), tuple(troubles)


def _cut(text: str, starts: tuple[int, ...]) -> tuple[str, ...]:
    ends = (*starts[1:], len(text))
    return tuple(text[a:b].strip() for a, b in zip((0, *starts[1:]), ends, strict=True))


def _cells(line: Line, columns: Sequence[str], delim: str, verb: str) -> Sequence[str] | Trouble:
    fields = line.text.split() if delim == " " else line.text.split(delim)
    if len(fields) == len(columns):
        return fields
    looks = SHAPES[verb].looks if verb in SHAPES else {}
    ways = align(columns, fields, delim, looks)
    if len(ways) == 1:
        return ways[0]
    if ways:
        return Trouble(line.number, f"{line.text[:_TOLD]!r} can be read in several ways", _AGAIN)
    counts = f"{len(fields)} fields for {len(columns)} columns"
    return Trouble(line.number, f"{line.text[:_TOLD]!r} does not fit its header: {counts}", _AGAIN)


# Without a header


def without_header(block: Block, verb: str) -> Parsed:
    """Read rows without a header by what their cells look like."""
    found = _guesses(block.body, verb)
    widest = max((len(table.columns) for table in found), default=0)
    best = [table for table in found if len(table.columns) == widest]
    if len({table.verb for table in best}) == 1:
        return best[0], ()
    first = block.body[0]
    problem = f"{first.text[:_TOLD]!r} is no part of a listing that is known here"
    return None, (Trouble(first.number, problem, _NAME_IT),)


def _guesses(body: Sequence[Line], verb: str) -> list[Table]:
    shapes = (SHAPES[verb],) if verb in SHAPES else tuple(SHAPES.values())
    found: list[Table] = []
    for delim in _delimiters(body[0].text):
        for shape in shapes:
            for columns in dict.fromkeys((shape.long, shape.short, shape.long[1:2])):
                rows = _all_rows(body, columns, delim, shape.verb)
                if rows and (len(columns) > 1 or verb):
                    found.append(_headless(shape.verb, columns, delim, rows))
    return found


def _headless(verb: str, columns: tuple[str, ...], delim: str, rows: tuple[Row, ...]) -> Table:
    return Table(
        verb=verb,
        format="default" if delim == " " else "delim",
        delim=delim,
        columns=columns,
        rows=rows,
        line=rows[0].line,
        header=False,
    )


def _delimiters(text: str) -> list[str]:
    """Return what may stand between fields: a mark, or the same mark twice; or blanks."""
    marks = [mark for mark in dict.fromkeys(text) if not (mark.isalnum() or mark == " ")][:_MARKS]
    doubled = [mark * 2 for mark in marks if mark * 2 in text]
    return [*doubled, *marks, " "]


def _all_rows(
    body: Sequence[Line], columns: tuple[str, ...], delim: str, verb: str
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for line in body:
        fields = line.text.split() if delim == " " else line.text.split(delim)
        ways = align(columns, fields, delim, SHAPES[verb].looks)
        if len(ways) != 1:
            return ()
        stripped = (cell.strip() for cell in ways[0])
        rows.append(Row(line.number, dict(zip(columns, stripped, strict=True))))
    return tuple(rows)


# Names and values: stanza, show commands, xml


def stanzas(body: Sequence[Line], verb: str) -> Parsed:
    """Read names and values, a blank line between one row and the next."""
    rows = tuple(Row(part[0].number, _names_and_values(part)) for part in _parts(body))
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    shape = shape_of(columns)
    known = verb or (shape.verb if shape else "")
    line = rows[0].line
    return Table(verb=known, format="stanza", columns=columns, rows=rows, line=line), ()


def _parts(body: Sequence[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    first = ""
    for line in body:
        name = line.text.split(maxsplit=1)[0] if line.text.strip() else ""
        if part and (not name or name == first):
            yield part
            part = []
        if name:
            first = first if part else name
            part.append(line)
    if part:
        yield part


def _names_and_values(part: Sequence[Line]) -> Mapping[str, str]:
    """Cut each line where the values begin, which names that are known or wide gaps show."""
    starts = [len(line.text) - len(_after_name(line.text)) for line in part]
    column = max(set(starts), key=lambda at: (starts.count(at), at))
    cells: dict[str, str] = {}
    for line, start in zip(part, starts, strict=True):
        aligned = line.text[column - 1 : column] == " " and line.text[column:].strip()
        at = column if aligned else start
        cells[canonical(line.text[:at])] = line.text[at:].strip()
    return cells


def _after_name(text: str) -> str:
    bare = text.lstrip()
    return bare[len(first_name(bare)) :].lstrip()


def is_stanza(block: Block, verb: str) -> bool:
    """Say whether lines are names and values: the first is a column's name, the second the next."""
    beginning = [line.text.strip() for line in block.body[:_ENOUGH] if line.text.strip()]
    names = [canonical(first_name(text)) for text in beginning]
    if verb.startswith("show"):
        return True
    shapes = (SHAPES[verb],) if verb in SHAPES else tuple(SHAPES.values())
    return any(
        tuple(names[:2]) in {shape.long[:2], shape.short[:2]} or bool(verb and set(names) == {"ID"})
        for shape in shapes
    )


def xml(body: Sequence[Line], verb: str) -> Parsed:
    """Read the instances of an xml answer; it need not be whole."""
    text = "\n".join(line.text for line in body)
    ends = list(accumulate(len(line.text) + 1 for line in body))
    rows = tuple(
        Row(body[bisect(ends, found.start())].number, _properties(found[1]))
        for found in _INSTANCE.finditer(text)
    )
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    shape = shape_of(columns)
    known = shape.verb if shape else verb
    table = Table(verb=known, format="xml", columns=columns, rows=rows, line=body[0].number)
    if len(re.findall(r"<INSTANCE\b", text, re.IGNORECASE)) == len(rows):
        return table, ()
    trouble = Trouble(body[-1].number, "the xml ends inside an <INSTANCE>", _AGAIN)
    return table, (trouble,)


def _properties(text: str) -> Mapping[str, str]:
    return {
        canonical(html.unescape(name)): html.unescape(_value(inner or "")).strip()
        for name, inner in _PROPERTY.findall(text)
    }


def _value(inner: str) -> str:
    found = _VALUE.search(inner)
    return (found[1] or "") if found else inner
