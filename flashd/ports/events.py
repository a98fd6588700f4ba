"""Telling what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum


class Events(Protocol):
    """Takes each event once; never raises, never waits long."""

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """Tell one event in words, with its facts under the names of the log schema."""
