"""The time that a client has is over when it hangs, however long the others take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.leaping import Leaping

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    import pytest

    Factories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]

LEAPING = ("test_kept_sessions.py",)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Factories | None:
    """Run some tests in a loop whose time leaps."""
    return {"leaping": Leaping} if item.path.name in LEAPING else None
