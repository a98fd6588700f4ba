"""A way to put a question to another host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer of just the host that was meant.

    `exit_status` is that of the program that was run there, negative for a signal. `machine`
    tells this host from any other, and `facts` how it was told.
    """

    exit_status: int
    output: bytes
    errors: bytes
    machine: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer that anything could be made of, and why."""

    reason: str
    evidence: Mapping[str, object] = field(default_factory=dict)


class Remote(Protocol):
    """Puts a question; what was not answered whole, by whom it was meant for, is silence."""

    async def ask(
        self, host: str, words: tuple[str, ...], *, deadline: float, cap: int
    ) -> Answer | Silence:
        """Ask once, by `deadline` of the loop's clock, and read at most `cap` bytes.

        The first of `words` is the question, the others are its arguments. Waiting for a turn
        counts. Cancelling it ends every process it started.
        """
