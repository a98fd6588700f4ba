"""setenv, setoutput and showenv: how the answers of this session look."""

from collections.abc import Mapping

from flashd.sim.grammar import Grammar, Request, UsageError
from flashd.sim.layout import Layout, Report

_SHOWN = (
    ("banner", "banner"),
    ("header", "header"),
    ("format", "format"),
    ("delim", "delim"),
    ("paging", "paging"),
    ("rows", "rows"),
    ("verbose", "verbose"),
    ("fullid", "fullid"),
    ("devid", "device"),
    ("remotedevid", "remote_device"),
    ("echo", "echo"),
    ("echoprefix", "echo_prefix"),
    ("banner_date", "banner_date"),
    ("timeout", "timeout"),
    ("timeout.connection", "connection_timeout"),
    ("maxNumReports", "most_reports"),
)
"""Names as in the profile, and the settings they stand for."""

ENVIRONMENT: Mapping[str, Grammar] = {
    "setenv": Grammar(options=frozenset(f"-{name}" for name, _ in _SHOWN)),
    "setoutput": Grammar(options=frozenset(("-bnr", "-hdr", "-fmt", "-delim", "-v", "-p", "-r"))),
    "showenv": Grammar(),
}


def change_layout(layout: Layout, request: Request) -> Layout:
    """Return the layout as a command's options make it, from now on or for itself."""
    try:
        return layout.changed(request.options)
    except ValueError as error:
        raise UsageError(str(error)) from error


def shown(layout: Layout) -> Report:
    """Return what showenv lists."""
    names, fields = zip(*_SHOWN, strict=True)
    return Report(names, (tuple(_word(getattr(layout, name)) for name in fields),), single=True)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value) or "-"
