"""Many processes on one simulated array: clients that are logged in and wait, hosts that write.

`python -m tests.load.clients FILE TIMES VOLUME…` is a host that writes to volumes in turn and says
what each write made of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.sim.array import Array

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
DSCLI = Path(sys.executable).with_name("flashd-dscli")
CONSOLE = "10.10.10.10"
QUIETLY = "setenv -banner off -header on -format delim\n"
ENOUGH = 120.0
"""Seconds that nothing here takes, unless it hangs."""

Client = subprocess.Popen[str]


@dataclass(frozen=True)
class Crowded:
    """An array with so many pairs, each of volumes of its own, and the way to log in to it."""

    array: Array
    pairs: tuple[str, ...]

    @classmethod
    def make(cls, where: Path, pairs: int) -> Crowded:
        array = Array.create(where / "a.array", consoles=(CONSOLE,))
        array.write_pwfile(where / "a.pwfile")
        ids = [f"{number:04X}" for number in range(2 * pairs)]
        made = tuple(f"{source}:{target}" for source, target in zip(ids[::2], ids[1::2]))  # noqa: B905 - as many
        array.add_volumes(*ids)
        array.establish(*made, synced_at=array.now() - 90_000)
        return cls(array, made)

    @property
    def argv(self) -> list[str]:
        pwfile = str(self.array.path.with_suffix(".pwfile"))
        return [str(DSCLI), "-hmc1", CONSOLE, "-user", "opensvc", "-pwfile", pwfile]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "FLASHD_SIM": str(self.array.path), "TZ": "UTC"}

    def run(self, *words: str) -> str:
        """Run one command to its end; return what it says."""
        return subprocess.run(
            [*self.argv, *words],
            check=True,
            env=self.environment,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=ENOUGH,
        ).stdout

    @contextmanager
    def clients(self, count: int) -> Iterator[list[Client]]:
        """Start clients that read commands; what is left of them is ended."""
        with ExitStack() as stack:
            yield [stack.enter_context(self._client()) for _ in range(count)]

    @contextmanager
    def _client(self) -> Iterator[Client]:
        pipe = subprocess.PIPE
        with subprocess.Popen(
            self.argv, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def writers(self, count: int, times: int, volumes: Sequence[str]) -> Iterator[list[Client]]:
        """Start hosts that write, all to the same volumes."""
        words = [str(self.array.path), str(times), *volumes]
        command = [sys.executable, "-m", "tests.load.clients", *words]
        with ExitStack() as stack:
            yield [
                stack.enter_context(
                    subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                )
                for _ in range(count)
            ]

    def target_writes(self) -> dict[str, int]:
        """Tell how often each target was written to, by pair."""
        writes = {volume.id: volume.writes for volume in self.array.volumes()}
        return {pair: writes[pair[5:]] for pair in self.pairs}

    def acted(self) -> dict[str, int]:
        """Tell how many commands of the journal acted on each pair."""
        found = dict.fromkeys(self.pairs, 0)
        for entry in self.array.journal("resyncflash"):
            for pair in entry.acted:
                found[pair] += 1
        return found


def told(clients: Sequence[Client], commands: Sequence[str]) -> None:
    """Give each client its commands, and an end to them, all at the same time."""
    for client, text in zip(clients, commands, strict=True):
        assert client.stdin is not None
        client.stdin.write(text)
    for client in clients:
        assert client.stdin is not None
        client.stdin.close()
        client.stdin = None  # else `communicate` would flush it


def main() -> None:
    path, times, *volumes = sys.argv[1:]
    array = Array.open(path)
    for _ in range(int(times)):
        for volume in volumes:
            print(array.write(volume))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
