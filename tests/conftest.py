"""What several kinds of tests share: the two databases that a store may be in."""

from __future__ import annotations

import os
import sys
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests import sampling
from tests.servers import postgresql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Empty = Callable[[], str]

KINDS = ("sqlite", "postgresql")

# Tests start thousands of processes; told to keep nothing compiled, each would compile flashd anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_report_header() -> str:
    """Say by which seed the sample is drawn."""
    return "all cases" if sampling.ALL else f"a sample of the long tables, seed {sampling.SEED}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a sample leaves out, where several tests were asked for."""
    if sampling.ALL or any("::" in one for one in config.args):
        return
    out = sampling.left_out([item.nodeid for item in items])
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in out])
    items[:] = [item for item in items if item.nodeid not in out]


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """Run one PostgreSQL server for all tests of this process; a test takes a schema."""
    postgresql.required()
    with postgresql.running() as started:
        yield started


@pytest.fixture
def schema(server: postgresql.Server) -> str:
    return server.schema()


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    """Name an empty database, as `state` does, as often as it is asked; of each kind."""
    return databases(request, tmp_path)


def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    """Name empty databases of the kind that is asked for."""
    if request.param == "sqlite":
        numbers = count(1)
        return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
    started: postgresql.Server = request.getfixturevalue("server")
    return lambda: started.url(started.schema())


@pytest.fixture
def state(empty: Empty) -> str:
    """Name one empty database, of each kind."""
    return empty()
