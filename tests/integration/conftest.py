"""The time that a client has is over when it hangs, however long the others take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.leaping import Leaping

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests in a loop whose time leaps."""
    return {"leaping": Leaping}
