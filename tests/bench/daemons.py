"""A daemon whose events are read as they come, each with its instant."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.bench.bed import FLASHD
from tests.bench.parts import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.bed import Bed

ENOUGH = 60.0
"""Seconds after which what is waited for counts as not coming."""

Event = dict[str, Any]


class Daemon:
    """A running daemon and what it has told so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[Event] = []
        self._ended = False
        self._news = threading.Condition()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            event = json.loads(line)
            with self._news:
                self.events.append(event)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def of(self, action: str) -> list[Event]:
        """Tell the events of one kind so far."""
        return [event for event in list(self.events) if event["event"]["action"] == action]

    def until(self, action: str, count: int = 1, limit: float = ENOUGH) -> Event:
        """Wait for the `count`th event of a kind; raises `BenchError` where it does not come."""
        with self._news:
            self._news.wait_for(lambda: self._ended or len(self.of(action)) >= count, limit)
        found = self.of(action)
        if len(found) < count:
            last = self.events[-1]["message"] if self.events else "nothing"
            raise BenchError(f"{len(found)} of {count} {action}; the last event: {last}")
        return found[count - 1]

    def kill(self) -> None:
        """Kill it, as nobody could foresee."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(ENOUGH)


@contextmanager
def daemon(bed: Bed) -> Iterator[Daemon]:
    """Run the daemon; it is stopped with the block."""
    with subprocess.Popen(
        [FLASHD, "run"], stdout=subprocess.PIPE, text=True, env=bed.environment
    ) as process:
        one = Daemon(process)
        try:
            yield one
            process.terminate()
            process.wait(ENOUGH)
        finally:
            process.kill()
            one.reader.join()


def instant(event: Event) -> float:
    """Tell when something was told, in seconds since the epoch."""
    return datetime.fromisoformat(event["@timestamp"]).timestamp()


def batch_seconds(one: Daemon, services: int) -> float:
    """Wait until so many resyncs are completed; tell how long that took from the daemon's start."""
    last = one.until("resync-completed", services, ENOUGH + 2 * services)
    return instant(last) - instant(one.until("daemon-started"))
