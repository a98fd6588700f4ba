"""Real stores in real files, and other processes that use them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from flashd.adapters.stores.store import SqlStore

CHILD = Path(__file__).with_name("child.py")


class Spawn(Protocol):
    """Start another process at a store."""

    def __call__(self, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]: ...


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "flashd.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def host() -> LinuxHost:
    return LinuxHost()


@pytest.fixture
async def store(url: str, host: LinuxHost) -> AsyncIterator[SqlStore]:
    opened = await open_store(url, host, patience=0.2)
    yield opened
    await opened.close()


@pytest.fixture
async def either(state: str, host: LinuxHost) -> AsyncIterator[SqlStore]:
    """Open a store of each kind."""
    opened = await open_store(state, host, patience=0.2)
    yield opened
    await opened.close()


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start `child.py` with these arguments; whatever is left of it ends with the test."""
    with ExitStack() as stack:

        def start(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
            child = subprocess.Popen(
                [*before, sys.executable, str(CHILD), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(child)
            stack.callback(child.kill)
            return child

        yield start
