"""How an answer looks: tables, dates, and the settings of a session."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

FORMATS = ("default", "delim", "stanza", "xml")


_ON_OFF = ("on", "off")
_TEXT = ("text",)
_SECONDS = ("seconds",)
_COUNT = ("a whole number above 0",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The settings of a session: from the profile, by setenv and setoutput, or for one command.

    `timeout` and `connection_timeout` are seconds that the client waits for an answer and for a
    connection. `locale` is the language of dates, and empty where the environment tells it.
    """

    banner: bool = True
    header: bool = True
    format: str = "default"
    delim: str = ","
    fullid: bool = False
    device: str = ""
    remote_device: str = ""
    verbose: bool = False
    paging: bool = False
    rows: int = 24
    echo: bool = False
    echo_prefix: str = ""
    banner_date: str = "locale"
    locale: str = ""
    timeout: float = 900.0
    connection_timeout: float = 20.0
    most_reports: int = 256

    def changed(self, options: Mapping[str, str]) -> "Layout":
        """Return this layout with the options set that are about it."""
        values = {
            name: _read(option, accepts, options[option])
            for option, (name, accepts) in _OPTIONS.items()
            if option in options
        }
        return replace(self, **values)  # type: ignore[arg-type]


def _read(option: str, accepts: tuple[str, ...], value: str) -> object:
    if accepts is _TEXT:
        return value
    if accepts is _COUNT and value.isdecimal() and int(value) > 0:
        return int(value)
    if accepts is _SECONDS and value.isdecimal():
        return float(value)
    if value in accepts and accepts not in (_COUNT, _SECONDS):
        return value == "on" if accepts == _ON_OFF else value
    raise ValueError(f"{option} takes {', '.join(accepts)}, not {value!r}")


_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "-banner": ("banner", _ON_OFF),
    "-bnr": ("banner", _ON_OFF),
    "-header": ("header", _ON_OFF),
    "-hdr": ("header", _ON_OFF),
    "-format": ("format", FORMATS),
    "-fmt": ("format", FORMATS),
    "-delim": ("delim", _TEXT),
    "-fullid": ("fullid", _ON_OFF),
    "-dev": ("device", _TEXT),
    "-devid": ("device", _TEXT),
    "-remotedev": ("remote_device", _TEXT),
    "-remotedevid": ("remote_device", _TEXT),
    "-v": ("verbose", _ON_OFF),
    "-verbose": ("verbose", _ON_OFF),
    "-p": ("paging", _ON_OFF),
    "-paging": ("paging", _ON_OFF),
    "-r": ("rows", _COUNT),
    "-rows": ("rows", _COUNT),
    "-echo": ("echo", _ON_OFF),
    "-echoprefix": ("echo_prefix", _TEXT),
    "-banner_date": ("banner_date", ("locale", "iso8601")),
    "-locale": ("locale", _TEXT),
    "-timeout": ("timeout", _SECONDS),
    "-timeout.connection": ("connection_timeout", _SECONDS),
    "-maxNumReports": ("most_reports", _COUNT),
}


@dataclass(frozen=True, slots=True)
class Report:
    """A table that a command lists; of one object, in the default format, a line each value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    single: bool = False


_JAVA = "%a %b %d %H:%M:%S %Z %Y"
_METRICS = "%m/%d/%Y %H:%M:%S %Z"


@lru_cache(maxsize=4096)
def _in_zone(second: int, zone: str, form: str) -> str:
    from datetime import datetime  # noqa: PLC0415 - rarely needed, and starting fast matters
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    return datetime.fromtimestamp(second, ZoneInfo(zone)).strftime(form)


def java_date(at: float | None, zone: str) -> str:
    """Render an instant as Java's Date.toString does, in the client's zone or a named one."""
    if at is None:
        return "-"
    return _dated(at, zone, _JAVA)


def metrics_date(at: float, zone: str) -> str:
    """Render an instant as `showfbvol -metrics` does."""
    return _dated(at, zone, _METRICS)


def _dated(at: float, zone: str, form: str) -> str:
    if zone == "client":
        return time.strftime(form, time.localtime(at))
    return _in_zone(int(at), zone, form)


def render(report: Report, layout: Layout) -> list[str]:
    """Return the lines of a table."""
    if layout.format == "delim":
        return _delimited(report, layout)
    if layout.format == "stanza":
        return _stanzas(report)
    if layout.format == "xml":
        return _xml(report)
    return _values(report) if report.single else _columns(report, layout)


def _values(report: Report) -> list[str]:
    """Return the lines of one object: the names of the values padded to a column."""
    width = max(map(len, report.columns))
    pairs = (zip(report.columns, row, strict=True) for row in report.rows)
    return [f"{name.ljust(width)} {value}" for row in pairs for name, value in row]


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
