from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from flashd.config.document import read
from flashd.config.mistakes import Source
from flashd.config.schema import NAME, services_schema, text

CONFIG = Path(__file__).parents[3] / "config"
SAMPLES = Path(__file__).parent / "samples/services"
SCHEMA = Draft202012Validator(services_schema())

# What editors see once YAML has made numbers of times of day.
RESOLVED_OTHERWISE = {"scalars-as-written"}

CAUGHT = [
    "arrays",
    "defaults",
    "durations",
    "empty-lists",
    "flags",
    "guards",
    "missing-keys",
    "names",
    "pairs",
    "services-is-a-list",
    "unknown-keys",
    "wrong-kinds",
]


def as_written(file: Path) -> object:
    return read(Source(str(file), file.read_text(encoding="utf-8"))).root


def valid() -> list[Path]:
    return sorted([*SAMPLES.glob("valid/*.yaml"), *CONFIG.glob("services.d/*.yaml")])


def test_is_a_schema() -> None:
    Draft202012Validator.check_schema(services_schema())


def test_the_file_is_fresh() -> None:
    assert (CONFIG / NAME).read_text(encoding="utf-8") == text(), (
        "run: python -m flashd.config.schema --write"
    )


def test_prints_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flashd.config.schema"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == services_schema()


@pytest.mark.parametrize("file", valid(), ids=lambda file: file.stem)
def test_takes_what_is_right(file: Path) -> None:
    root = as_written(file)
    if root is not None:
        assert list(map(str, SCHEMA.iter_errors(root))) == []


@pytest.mark.parametrize("file", valid(), ids=lambda file: file.stem)
def test_takes_what_an_editor_makes_of_it(file: Path) -> None:
    root = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    if root is not None and file.stem not in RESOLVED_OTHERWISE:
        assert list(map(str, SCHEMA.iter_errors(root))) == []


@pytest.mark.parametrize("name", CAUGHT)
def test_catches_what_an_editor_can_show(name: str) -> None:
    assert not SCHEMA.is_valid(as_written(SAMPLES / f"invalid/{name}.yaml"))


@pytest.mark.parametrize(
    "file", sorted(CONFIG.glob("services.d/*.yaml")), ids=lambda file: file.stem
)
def test_the_examples_name_it(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema=../{NAME}"


def guard(**options: object) -> dict[str, object]:
    sync = {"s": {"array": "IBM.2107-75ABC01", "pairs": "0001:0002"}}
    return {"services": {"db": {"guards": [options], "sync": sync}}}


GUARDS: list[tuple[dict[str, object], bool]] = [
    ({"type": "systemd", "unit": "x"}, True),
    ({"type": "systemd", "unit": "x", "timeout": "5s"}, True),
    ({"type": "systemd"}, False),
    ({"type": "systemd", "unit": "x", "port": 1}, False),
    ({"type": "http", "url": "x"}, False),
    ({"unit": "x"}, False),
    ({"type": "tcp", "host": "h", "port": 1}, False),  # can only veto
    ({"type": "command", "command": ["/x"], "down": 0, "up": [1, "2"]}, True),
    ({"type": "command", "command": ["/x"], "down": 0}, False),
    ({"type": "command", "command": ["/x"], "down": 256, "up": 1}, False),
]


@pytest.mark.parametrize(("options", "right"), GUARDS)
def test_tells_the_types_of_guards_apart(options: dict[str, object], *, right: bool) -> None:
    assert SCHEMA.is_valid(guard(**options)) is right


def test_defaults_are_written_as_users_write_them() -> None:
    service = services_schema()["$defs"]["ServiceOptions"]["properties"]
    assert service["sync_max_delay"]["default"] == "1d3h"
    assert service["sync_min_delay"]["default"] == "0s"
