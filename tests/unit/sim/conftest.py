"""An array in a file, and nothing running."""

from pathlib import Path

import pytest

from flashd.sim.array import Array


@pytest.fixture
def array(tmp_path: Path) -> Array:
    array = Array.create(tmp_path / "a.array")
    array.add_volumes(*(f"{number:04X}" for number in range(1, 20)))
    array.add_volumes("0100", blocks=100 * 128)
    array.add_volumes("0101", blocks=200 * 128)
    return array
