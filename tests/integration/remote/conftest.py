from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.remote.there import There

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    """Another host, which is up and answers."""
    host = There(tmp_path / "there")
    with host.sshd():
        yield host
