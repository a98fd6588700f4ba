"""What tests of the array port share: a witness, and ways to call dscli."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.arrays.oneshot import SPEAK_UTC, Dscli
from flashd.core.firewall import Cleared
from flashd.model.volumes import Pair

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.sim.array import Array

ARRAY = "IBM.2107-75ABC01"
SIMULATED = Path(sys.executable).with_name("flashd-dscli")
HMC1, HMC2 = "10.10.10.10", "10.10.10.11"
PLENTY = 30.0
"""Seconds that nothing here takes, unless it hangs."""


@dataclass
class Heard:
    """A witness that remembers."""

    sent_lines: list[str] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    answers: list[tuple[str, int | None, str]] = field(default_factory=list)

    def sent(self, command: str, client: str) -> None:
        self.sent_lines.append(command)
        self.clients.append(client)

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        assert exit_status is None or failed is None, "a session has no exit status"
        self.answers.append((command, exit_status, output))


def fake_dscli(
    where: Path, script: str, environment: Mapping[str, str], *, timeout: float = PLENTY
) -> Dscli:
    """Make a dscli of a script; it starts with `#!`."""
    program = where / "dscli"
    program.write_text(script)
    program.chmod(0o755)
    return Dscli(ARRAY, (str(program),), {**SPEAK_UTC, **environment}, timeout, "make it anew")


def struck(sim: Array) -> None:
    """Wait until a fault has struck."""
    while not any(one.fired for one in sim.faults()):
        time.sleep(0.01)  # noqa: TID251 - another process tells by a file


def pairs_of(command: str) -> tuple[Pair, ...]:
    return tuple(Pair.parse(word) for word in command.split() if ":" in word)


def cleared(command: str) -> tuple[Cleared, Sequence[Pair]]:
    """Make what a session takes of a command's text."""
    return Cleared(command), pairs_of(command)
