"""What the tests of real processes share: a home for one command, a site for a whole daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.home import Home, make_home
from tests.e2e.site import Site

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)
