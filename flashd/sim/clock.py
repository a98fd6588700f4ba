"""The one place where the simulator asks the host for the time, or lets time pass.

A simulated array has a clock of its own and takes real time for its work: that is part of what
its users have to be right about. Everything else in the simulator is handed an instant, or the
clock; who runs an array in virtual time hands it another one.
"""

import signal
import time
from typing import Protocol


class Clock(Protocol):
    """What time it is around the array, and how it passes."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass, as a login or a command costs."""

    def hang(self) -> None:
        """Never come back, until something from outside ends it."""


class HostClock:
    """The host's own time."""

    def now(self) -> float:
        """Return the host's time in seconds since the epoch."""
        return time.time()  # noqa: TID251 - the array's clock has to come from somewhere

    def wait(self, seconds: float) -> None:
        """Let `seconds` of real time pass."""
        if seconds > 0:
            time.sleep(seconds)  # noqa: TID251 - the cost is the feature: callers must bear it

    def hang(self) -> None:
        """Never come back, until a signal ends the process."""
        while True:
            signal.pause()


HOST = HostClock()
