"""The shape of an answer: facts in words that hold for any array, to be compared and shown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

from flashd.sim.compare import masks
from flashd.sim.compare.client import Said
from flashd.sim.compare.lines import (
    BANNER,
    BLANK,
    DATA,
    DELIMITERS,
    END,
    HEADER,
    MESSAGE,
    RULE,
    XML,
    Line,
    cells,
    delimiter,
    read,
    reads_like_a_header,
)
from flashd.sim.compare.probes import READ_ONLY

Shape = Mapping[str, str]
"""Facts by aspect; an empty text is one that this answer says nothing about."""

NONE_FOUND = "CMUC00234I"
_JAVA = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S+) \d{4}")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d|)")
_LOCALE = re.compile(r"[A-Z][a-z]+ \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M (\S+)")


@dataclass(frozen=True, slots=True)
class Table:
    """A header and what stands under it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str

    def column(self, name: str) -> tuple[str, ...]:
        """Return the cells of a column, where rows are as long as the header."""
        if name not in self.columns:
            return ()
        at = self.columns.index(name)
        return tuple(row[at] for row in self.rows if len(row) == len(self.columns))


def of(said: Said) -> Shape:
    """Return the facts of an answer."""
    out, err = read(said.stdout), read(said.stderr)
    both = [line for line in (*out, *err) if line.kind == MESSAGE]
    facts = {
        "end": said.cut or _end(said.status),
        "streams": _streams(out, err),
        "answers": _answers(out),
        "banner": _banners(out) or "none",
        "prompt": _prompts(out, "stdout") + _prompts(err, "stderr") or "none",
        "blank lines": _blanks(out, said.stdout),
        "line ends": _line_ends(said.stdout + said.stderr),
        "message ids": ", ".join(sorted(line.identity for line in both)),
        "message texts": " / ".join(sorted(_message(line) for line in both)),
    }
    return facts | _of_tables(out) | _of_names(out)


def tables(stream: str) -> tuple[Table, ...]:
    """Return the tables that have a header."""
    return _tables(read(stream))


def _end(status: int) -> str:
    return f"exit {status}" if status >= 0 else f"killed by signal {-status}"


def _streams(out: tuple[Line, ...], err: tuple[Line, ...]) -> str:
    where = [(_class(line), "stdout") for line in out] + [(_class(line), "stderr") for line in err]
    return ", ".join(sorted({f"{what} on {stream}" for what, stream in where if what}))


def _class(line: Line) -> str:
    if line.kind == MESSAGE:
        return f"class {line.identity[-1]}"
    return "" if line.kind in {BLANK, END} else {BANNER: BANNER}.get(line.kind, "a listing")


def _answers(out: Iterable[Line]) -> str:
    """Tell in which order tables and the like come, however long each of them is."""
    kinds = [line.kind for line in out if line.kind in {HEADER, RULE, DATA, XML}]
    return " ".join(kind for kind, _ in groupby(kinds))


def _banners(out: Iterable[Line]) -> str:
    """Tell the forms in their order, and how often each comes in a row."""
    forms = [_banner(line.text) for line in out if line.kind == BANNER]
    return "; ".join(f"{len(list(same))} x {form}" for form, same in groupby(forms))


def _banner(text: str) -> str:
    date, _, rest = text.removeprefix("Date/Time: ").partition("IBM DSCLI Version: ")
    version, _, device = rest.partition("DS:")
    apart = " on a line of its own" if "\n" in device else ""
    image = masks.pattern(device.strip()) if device.strip(" -") else device.strip()
    number = re.sub(r"\d+", "N", version.strip())
    return f"{_date(date.strip())} {number} DS: {image or '(empty)'}{apart}"


def _date(text: str) -> str:
    if found := _JAVA.fullmatch(text):
        return f"Www Mmm dd hh:mm:ss {masks.zone(found[1])} yyyy"
    if found := _ISO.fullmatch(text):
        return f"yyyy-mm-ddThh:mm:ss{re.sub('[0-9]', '0', found[1])}"
    if found := _LOCALE.fullmatch(text):
        return f"Month d, yyyy h:mm:ss AM {masks.zone(found[1])}"
    return "another form"


def _prompts(lines: Iterable[Line], stream: str) -> str:
    told = ", ".join(
        f"{'twice ' if line.prompts > 1 else ''}before {_place(line)}"
        for line in lines
        if line.prompts
    )
    return f"on {stream} {told}" if told else ""


def _place(line: Line) -> str:
    return line.kind if line.kind in {BANNER, MESSAGE, END} else "a listing"


def _blanks(out: tuple[Line, ...], stream: str) -> str:
    runs = [(kind, len(list(lines))) for kind, lines in groupby(line.kind for line in out)]
    before = ["the start", *(kind for kind, _ in runs)]
    found = {
        f"{many if many > 1 else 'one'} after {was}"
        for was, (kind, many) in zip(before, runs, strict=False)
        if kind == BLANK
    }
    unended = out and not stream.endswith("\n") and out[-1].kind != END
    return ", ".join(sorted(found | ({"last line without an end"} if unended else set()))) or "none"


def _line_ends(text: str) -> str:
    crlf, all_ends = text.count("\r\n"), text.count("\n")
    if text.count("\r") > crlf:
        return "CR alone"
    return "LF" if not crlf else "CR LF" if crlf == all_ends else "CR LF and LF"


def _message(line: Line) -> str:
    return f"{line.identity} {masks.text(line.said, READ_ONLY)}"


def _tables(out: tuple[Line, ...]) -> tuple[Table, ...]:
    found: list[Table] = []
    before = ""
    for at, line in enumerate(out):
        if line.kind == HEADER or (before != DATA and reads_like_a_header(line)):
            found.append(_table(line.text, _under(out[at + 1 :])))
        before = line.kind
    return tuple(found)


def _table(header: str, rows: list[Line]) -> Table:
    mark = delimiter(header)
    below = tuple(tuple(cells(row.text, mark)) for row in rows)
    return Table(tuple(cells(header, mark)), below, mark)


def _under(lines: tuple[Line, ...]) -> list[Line]:
    """Return the rows that follow a header and its rule, if it has one."""
    below: list[Line] = []
    for line in lines[1:] if lines and lines[0].kind == RULE else lines:
        if line.kind != DATA or line.prompts:
            break
        below.append(line)
    return below


def _of_tables(out: tuple[Line, ...]) -> dict[str, str]:
    found = _tables(out)
    names = dict.fromkeys(_names(table) for table in found)
    dates = {
        _date(cell)
        for table in found
        for name in table.columns
        for cell in table.column(name)
        if name.startswith("Date") and table.delimiter and cell != "-"
    }
    ids = {masks.pattern(cell) for table in found for cell in table.column("ID") if table.delimiter}
    return {
        "columns": " / ".join(names),
        "rule": ", ".join(dict.fromkeys(_rule(out))),
        "delimiter": ", ".join(
            dict.fromkeys(DELIMITERS.get(table.delimiter, "blanks") for table in found)
        ),
        "dates": ", ".join(sorted(dates)),
        "decimal": _decimal(found),
        "ids": ", ".join(sorted(ids)) or ", ".join(_bare_ids(out)),
    }


def _decimal(found: Iterable[Table]) -> str:
    """Say whether capacities in powers of ten have a number."""
    told = {cell for table in found for cell in table.column("cap (10^9B)") if table.delimiter}
    return " and ".join(sorted({"-" if cell == "-" else "a number" for cell in told}))


def _names(table: Table) -> str:
    return ",".join(masks.columns(table.columns))


def _rule(out: tuple[Line, ...]) -> list[str]:
    """Tell each rule's width, which in a table of blanks hangs on its values."""
    told = []
    for header, rule in pairwise(out):
        if header.kind == HEADER and rule.kind == RULE:
            delimited = any(mark in header.text for mark in DELIMITERS)
            same = len(header.text) == len(rule.text)
            told.append("as wide as the header" if same or not delimited else "of another width")
    return told


def _bare_ids(out: tuple[Line, ...]) -> list[str]:
    """Return the forms of ids in rows that have no header over them."""
    first = {re.split(r"[,|;\s]", line.text)[0] for line in out if line.kind == DATA}
    forms = {masks.pattern(cell) for cell in first}
    return sorted(forms - {masks.HIDDEN})


def _of_names(out: tuple[Line, ...]) -> dict[str, str]:
    """Tell the names of an answer that has a name and a value on each line, or of XML."""
    if any(line.kind == HEADER for line in out):
        return {}
    quoted = re.findall(
        r'NAME="([^"<>]*)"', "\n".join(line.text for line in out if line.kind == XML)
    )
    names = quoted or [_first_words(line.text) for line in out if line.kind == DATA]
    known = [name for name in dict.fromkeys(names) if name and set(name.split()) <= masks.COLUMNS]
    return {"names": ", ".join(known)}


def _first_words(text: str) -> str:
    """Return the words at the begin of a line that are a name of a column."""
    words: list[str] = []
    for word in text.split():
        if word not in masks.COLUMNS:
            break
        words.append(word)
    return " ".join(words)
