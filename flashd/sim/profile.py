"""The profile of a dscli user: `name:<tab>value` lines, chosen by -cfg."""

from collections.abc import Mapping
from pathlib import Path

from flashd.sim.grammar import UsageError
from flashd.sim.layout import Layout

_OF_LAYOUT = (
    "banner",
    "header",
    "format",
    "delim",
    "fullid",
    "devid",
    "remotedevid",
    "locale",
    "banner_date",
    "timeout",
    "timeout.connection",
    "paging",
    "rows",
    "verbose",
    "echo",
    "echoprefix",
    "maxNumReports",
)
OF_LOGIN = ("hmc1", "hmc2", "port", "user", "username", "password", "pwfile")
"""The shipped profile names hmc1, hmc2 and port; the others are recalled."""


def read(path: Path | None) -> Mapping[str, str]:
    """Return the values that are set in a profile."""
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read profile {path}: {error.strerror}") from error
    pairs = [line.partition(":") for line in lines if not line.lstrip().startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def layout(profile: Mapping[str, str]) -> Layout:
    """Return the layout with which a session starts."""
    start = Layout()
    for name in profile:
        if name in _OF_LAYOUT:
            start = _changed(start, name, profile[name])
    return start


def unknown(profile: Mapping[str, str]) -> list[str]:
    """Return the keys that mean nothing."""
    return sorted(profile.keys() - {*_OF_LAYOUT, *OF_LOGIN})


def _changed(start: Layout, name: str, value: str) -> Layout:
    try:
        return start.changed(f"-{name}", value)
    except ValueError as error:
        raise UsageError(f"profile: {str(error).removeprefix('-')}") from error
