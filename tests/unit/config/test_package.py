from __future__ import annotations

import subprocess
import sys

import pytest

from flashd import config

HEAVY = {"pydantic", "yaml", "zoneinfo", "configparser"}


def imported_by(statement: str) -> set[str]:
    program = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import flashd.config",
        "from flashd.config import Mistake, Mistakes, Place",
        "from flashd.config import Files, read_files",
        "from flashd.config.durations import parse_duration",
    ],
)
def test_light_parts_import_nothing_heavy(statement: str) -> None:
    assert not imported_by(statement) & HEAVY


@pytest.mark.parametrize("name", config.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert name.isupper() or getattr(config, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        config.nothing  # noqa: B018 - asked for its refusal
