"""How an answer looks: banners, tables, and their settings."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

VERSION = "7.8.57.2"
FORMATS = ("default", "delim", "stanza", "xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The settings of a session, changed by setenv and setoutput or for one command."""

    banner: bool = True
    header: bool = True
    format: str = "default"
    delim: str = ","
    fullid: bool = False
    device: str = ""

    def changed(self, option: str, value: str) -> "Layout":
        """Return this layout with one option set."""
        name, values = _OPTIONS[option]
        if values is None:
            return replace(self, **{name: value})  # type: ignore[arg-type]
        if value not in values:
            raise ValueError(f"{option} takes {', '.join(values)}, not {value!r}")
        on_off = values == _ON_OFF
        return replace(self, **{name: value == "on" if on_off else value})  # type: ignore[arg-type]


_ON_OFF = ("on", "off")
_OPTIONS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "-banner": ("banner", _ON_OFF),
    "-bnr": ("banner", _ON_OFF),
    "-header": ("header", _ON_OFF),
    "-hdr": ("header", _ON_OFF),
    "-format": ("format", FORMATS),
    "-fmt": ("format", FORMATS),
    "-delim": ("delim", None),
    "-fullid": ("fullid", _ON_OFF),
    "-dev": ("device", None),
}
OPTIONS = frozenset(_OPTIONS)


@dataclass(frozen=True, slots=True)
class Report:
    """A table that a command lists."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def banner(at: float, device: str) -> str:
    """Return the line that introduces a session or a command, in the client's zone."""
    local = time.localtime(at)
    hour = local.tm_hour % 12 or 12
    date = time.strftime("%B {day}, %Y {hour}:%M:%S %p %Z", local)
    date = date.format(day=local.tm_mday, hour=hour)
    return f"Date/Time: {date} IBM DSCLI Version: {VERSION} DS: {device or '-'}"


def java_date(at: float | None, zone: str) -> str:
    """Render an instant as Java's Date.toString does, in the client's zone or a named one."""
    if at is None:
        return "-"
    form = "%a %b %d %H:%M:%S %Z %Y"
    if zone == "client":
        return time.strftime(form, time.localtime(at))
    from datetime import datetime  # noqa: PLC0415 - rarely needed, and starting fast matters
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    return datetime.fromtimestamp(int(at), ZoneInfo(zone)).strftime(form)


def render(report: Report, layout: Layout) -> list[str]:
    """Return the lines of a table."""
    if layout.format == "delim":
        return _delimited(report, layout)
    if layout.format == "stanza":
        return _stanzas(report)
    if layout.format == "xml":
        return _xml(report)
    return _columns(report, layout)


def _delimited(report: Report, layout: Layout) -> list[str]:
    head = layout.delim.join(report.columns)
    return _head(head, len(head), layout) + [layout.delim.join(row) for row in report.rows]


def _columns(report: Report, layout: Layout) -> list[str]:
    lines = (report.columns, *report.rows) if layout.header else report.rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head = _padded(report.columns, widths) if layout.header else ""
    rule = sum(widths) + len(widths) - 1
    return _head(head, rule, layout) + [_padded(row, widths) for row in report.rows]


def _head(head: str, width: int, layout: Layout) -> list[str]:
    return [head, "=" * width] if layout.header else []


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return " ".join(padded).rstrip()


def _stanzas(report: Report) -> list[str]:
    width = max(map(len, report.columns))
    lines: list[str] = []
    for row in report.rows:
        pairs = zip(report.columns, row, strict=True)
        lines += [f"{name.ljust(width)} {value}" for name, value in pairs] + [""]
    return lines


def _xml(report: Report) -> list[str]:
    lines = ["<IRETURNVALUE>"]
    for row in report.rows:
        pairs = zip(report.columns, row, strict=True)
        values = "".join(
            f'<PROPERTY NAME="{n}"><VALUE>{_safe(v)}</VALUE></PROPERTY>' for n, v in pairs
        )
        lines.append(f"<INSTANCE>{values}</INSTANCE>")
    return [*lines, "</IRETURNVALUE>"]


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
