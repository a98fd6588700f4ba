"""Reading a configuration leaves the garbage collector as it was."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from flashd.config.configuration import load
from flashd.config.mistakes import Mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("runs", [True, False])
def test_it_runs_again_or_still_does_not(tmp_path: Path, *, runs: bool) -> None:
    (gc.enable if runs else gc.disable)()
    load(tmp_path)
    assert gc.isenabled() is runs


def test_it_runs_again_where_the_configuration_is_bad(tmp_path: Path) -> None:
    (tmp_path / "flashd.yaml").write_text("nonsense: 1\n")
    with pytest.raises(Mistakes):
        load(tmp_path)
    assert gc.isenabled()
