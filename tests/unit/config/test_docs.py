from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.config.auth import Login
from flashd.config.durations import format_duration, parse_duration
from flashd.config.guards import BUILT_IN_GUARDS
from flashd.config.history import HistorySettings
from flashd.config.options import ResourceOptions, ServiceOptions
from flashd.config.settings import DscliSettings, Settings
from flashd.config.ssh import HostPin, SshSettings

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

DOCS = Path(__file__).parents[3] / "docs/configuration.md"
TEXT = DOCS.read_text(encoding="utf-8")


def options(
    part: str, model: type[BaseModel], prefix: str = ""
) -> list[tuple[str, str, FieldInfo]]:
    return [(part, f"{prefix}{name}", field) for name, field in model.model_fields.items()]


EVERY = [
    *[
        option
        for option in options("## flashd.yaml", Settings)
        if option[1] not in {"dscli", "history", "ssh"}
    ],
    *options("## flashd.yaml", DscliSettings, "dscli."),
    *options("## flashd.yaml", HistorySettings, "history."),
    *[o for o in options("### Other hosts", SshSettings, "ssh.") if o[1] != "ssh.hosts"],
    *options("### What is known of single hosts", HostPin),
    *options("## Services", ServiceOptions),
    *options("### Resources", ResourceOptions),
    *[
        option
        for kind, model in BUILT_IN_GUARDS.items()
        for option in options(f"**`{kind}`**", model)
    ],
]


def row(part: str, name: str) -> str:
    """Find the line of a key in the table that follows `part`."""
    _, _, rest = TEXT.partition(f"\n{part}")
    table = re.search(r"\n\|.*?\n(?!\|)", rest, re.DOTALL)
    assert table, part
    lines = [line for line in table[0].splitlines() if line.startswith(f"| `{name}` |")]
    assert len(lines) == 1, f"{part}: {name}"
    return lines[0]


@pytest.mark.parametrize(("part", "name", "field"), EVERY, ids=lambda value: str(value)[:40])
def test_every_key_is_there_with_its_default(part: str, name: str, field: FieldInfo) -> None:
    default = row(part, name).split("|")[2].strip()
    if field.is_required():
        assert default == "required"
    elif isinstance(field.default, timedelta):
        written = default.strip("`")
        assert parse_duration(written) == field.default, format_duration(field.default)
    elif isinstance(field.default, bool):
        assert default == f"`{str(field.default).lower()}`"
    elif name == "history.at_most" or (
        isinstance(field.default, str | Path)
        and field.default
        and name not in {"auth", "ssh.known_hosts"}
    ):
        assert default == f"`{field.default}`"


@pytest.mark.parametrize("key", ["type", *sorted(set(Login.__dataclass_fields__) - {"array"})])
def test_every_key_of_auth_conf_is_there(key: str) -> None:
    assert row("## auth.conf", key)
