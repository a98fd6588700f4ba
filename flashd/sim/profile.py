"""The profile of a dscli user: `name:<tab>value` lines, chosen by -cfg."""

from collections.abc import Mapping
from pathlib import Path

from flashd.sim.errors import SimError
from flashd.sim.layout import Layout

_LAYOUT = {
    "banner": "-banner",
    "header": "-header",
    "format": "-format",
    "delim": "-delim",
    "fullid": "-fullid",
    "devid": "-dev",
}


def read(path: Path | None) -> Mapping[str, str]:
    """Return the values that are set in a profile."""
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SimError(f"cannot read profile {path}: {error.strerror}") from error
    pairs = [line.partition(":") for line in lines if not line.lstrip().startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def layout(profile: Mapping[str, str]) -> Layout:
    """Return the layout with which a session starts."""
    start = Layout()
    for name in _LAYOUT.keys() & profile.keys():
        try:
            start = start.changed(_LAYOUT[name], profile[name])
        except ValueError as error:
            raise SimError(f"profile: {error}") from error
    return start
