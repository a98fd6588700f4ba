"""The one place where the simulator asks the host for the time, or lets time pass.

A simulated array has a clock of its own and takes real time for its work: that is part of what
its users have to be right about. Everything else in the simulator is handed an instant.
"""

import signal
import time


def now() -> float:
    """Return the host's time in seconds since the epoch."""
    return time.time()  # noqa: TID251 - the array's clock has to come from somewhere


def wait(seconds: float) -> None:
    """Let `seconds` of real time pass, as a login or a command costs."""
    if seconds > 0:
        time.sleep(seconds)  # noqa: TID251 - the cost is the feature: callers must bear it


def hang() -> None:
    """Never come back, until a signal ends the process."""
    while True:
        signal.pause()
