"""Whoever started the daemon and watches over it."""

from __future__ import annotations

from typing import Protocol


class Supervisor(Protocol):
    """Is told how the daemon gets on; telling never raises, and waits half a second at most."""

    @property
    def listens(self) -> bool:
        """Whether there is anybody to be told."""

    @property
    def patience(self) -> float | None:
        """How many seconds may pass between two signs of life; None: nobody waits for any."""

    def ready(self, status: str) -> None:
        """Tell that the daemon is up, or that a reload has ended."""

    def reloading(self) -> None:
        """Tell that a reload begins."""

    def stopping(self, status: str) -> None:
        """Tell that the daemon is about to end."""

    def status(self, status: str) -> None:
        """Tell in one line how things stand."""

    def alive(self) -> None:
        """Give a sign of life."""
