"""A host that lives as a process: it keeps volumes mounted and writes to them."""

import signal
import time
from collections.abc import Callable, Sequence

from flashd.sim.array import Array
from flashd.sim.errors import SimError
from flashd.sim.flashcopy import QUEUED
from flashd.sim.hosts import use
from flashd.sim.hosts.nouns import Harm

_ENDINGS = (signal.SIGTERM, signal.SIGINT)


class HostProcess:
    """One host. It says what befalls it, one line each, through `say`."""

    def __init__(
        self, array: Array, name: str, volumes: Sequence[str], say: Callable[[str], object]
    ) -> None:
        self._array = array
        self._name = name
        self._mounted = list(volumes)
        self._say = say
        self._troubles: dict[str, str] = {}
        self._writes = 0
        self._harm: list[Harm] = []

    def live(self, every: float, lasting: float | None = None) -> int:
        """Mount, write `every` so many seconds, umount at the end; return how often harmed.

        The end is a signal, `lasting` seconds gone, or that somebody umounted all its volumes.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        self._mount()
        ends_at = None if lasting is None else time.monotonic() + lasting
        while self._mounted:
            for volume in tuple(self._mounted):
                self._write(volume)
            if signal.sigtimedwait(_ENDINGS, max(0.0, every)):
                break
            if ends_at is not None and time.monotonic() >= ends_at:
                break
        self._umount()
        self._say(f"{self._name}: {self._writes} writes, harmed {len(self._harm)} times")
        return len(self._harm)

    def _mount(self) -> None:
        with self._array.inventory() as held:
            mounts = [use.mount(held, self._name, volume) for volume in self._mounted]
        for mounted in mounts:
            self._say(f"{self._name} mounted {mounted.volume}, which holds {mounted.seen}")

    def _write(self, volume: str) -> None:
        """Write once; while a write waits in the array, the host waits for it."""
        try:
            with self._array.inventory() as held:
                if not use.is_mounted(held, self._name, volume):
                    self._mounted.remove(volume)
                    return
                if any(volume == waiting for _, waiting in held.queued_writes()):
                    return
                content, harm = use.write(held, self._name, volume, self._array.clock.now())
        except SimError as error:
            self._note(volume, f"REFUSED: {error}")
            return
        self._tell(harm)
        if content == QUEUED:
            self._note(volume, f"WAITS: {volume} is frozen")
        else:
            self._writes += 1
            self._note(volume, "")

    def _note(self, volume: str, trouble: str) -> None:
        """Say what is the matter when it begins, and when it is over."""
        before = self._troubles.get(volume, "")
        if trouble != before:
            self._say(trouble or f"GOES ON: {volume} can be written to again")
        self._troubles[volume] = trouble

    def _umount(self) -> None:
        for volume in self._mounted:
            with self._array.inventory() as held:
                harm = use.umount(held, self._name, volume, self._array.clock.now())
            self._tell(harm)

    def _tell(self, harm: Harm | None) -> None:
        if harm:
            self._harm.append(harm)
            self._say(str(harm))
