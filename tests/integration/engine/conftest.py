"""A lab of the test's own, with a store of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.engine.house import Lab

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Empty

    Labs = Callable[[], Lab]


@pytest.fixture
def lab(tmp_path: Path, state: str) -> Lab:
    return Lab(tmp_path, state)


@pytest.fixture
def labs(tmp_path_factory: pytest.TempPathFactory, empty: Empty) -> Labs:
    """Make as many labs as are asked for."""
    return lambda: Lab(tmp_path_factory.mktemp("lab"), empty())
