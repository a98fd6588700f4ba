"""The profile of a dscli user: `name:<tab>value` lines, chosen by -cfg."""

from collections.abc import Mapping
from pathlib import Path

from flashd.sim.grammar import UsageError
from flashd.sim.layout import Layout

_OF_LAYOUT = frozenset(
    (
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
    try:
        return Layout().changed({f"-{name}": profile[name] for name in profile.keys() & _OF_LAYOUT})
    except ValueError as error:
        raise UsageError(f"profile: {str(error).removeprefix('-')}") from error


def unknown(profile: Mapping[str, str]) -> list[str]:
    """Return the keys that mean nothing."""
    return sorted(profile.keys() - _OF_LAYOUT - {*OF_LOGIN})
