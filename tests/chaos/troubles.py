"""What goes wrong while a clone is refreshed: faults of the array, of its client, of a terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Trouble:
    """A fault of the array: at which of the changing verbs, or listings, it strikes; "": none.

    `heals`: whether flashd mends all by itself. `hangs`: whether a dscli has to run out of time.
    `switches`: how the simulated client is, besides. `terminal`: it is nothing without one.
    `second`: there is a second console. `meanwhile`: what is done of the session in a guard's
    look: it is `closed` as one that is idle, or `asked`.
    """

    fault: str = ""
    at: str = "flash"
    options: Mapping[str, object] = field(default_factory=dict)
    position: str = ""
    nth: int = 1
    heals: bool = True
    hangs: bool = False
    switches: Mapping[str, str] = field(default_factory=dict)
    terminal: bool = False
    second: bool = False
    meanwhile: str = ""


def _late(**options: object) -> Trouble:
    return Trouble("acts-late", options={"seconds": 6, **options})


def _prompt(fault: str, at: str = "flash", position: str = "", **options: object) -> Trouble:
    """Have the prompt not be where it belongs: at a change, or at the listing after it."""
    nth = 1 if at == "flash" else 2
    return Trouble(fault, at, options, position, nth, terminal=True)


def _with(*, meanwhile: str = "", **switches: str) -> Trouble:
    """Have no fault, but another client than usual, or a session that is used meanwhile."""
    return Trouble(switches=switches, terminal=True, meanwhile=meanwhile)


ANYWHERE: Mapping[str, Trouble | None] = {
    "nothing": None,
    "dies before": Trouble("die-before"),
    "dies after": Trouble("die-after"),
    "dies answering": Trouble("die-answering", options={"bytes": 30}),
    "answer lost": Trouble("lost-answer"),
    "connection lost before": Trouble("connection-lost", position="before"),
    "connection lost after": Trouble("connection-lost", position="after"),
    "long busy": Trouble("client-timeout", options={"seconds": 0.1}),
    "acts late, killed": _late(),
    "acts late, ends": _late(exit=3),
    "acts late on the rest": _late(pairs=1),
    "partial": Trouble("partial", options={"pairs": 1}),
    "partial, silent": Trouble("partial", options={"pairs": 1, "silent": "yes"}),
    "refused": Trouble("refused"),
    "lies": Trouble("lie"),
    "garbage": Trouble("garbage"),
    "the answer before": Trouble("previous-answer"),
    "hangs before": Trouble("hang", position="before", hangs=True),
    "hangs after": Trouble("hang", position="after", hangs=True),
    "withdraw dies before": Trouble("die-before", "rmflash"),
    "withdraw dies after": Trouble("die-after", "rmflash"),
    "withdraw partial": Trouble("partial", "rmflash", {"pairs": 1}),
    "withdraw acts late": Trouble("acts-late", "rmflash", {"seconds": 6}),
    "withdraw lies": Trouble("lie", "rmflash"),
    "listing cut short": Trouble("cut-short", "lsflash", {"rows": 1}, nth=2),
    "listing lost": Trouble("lost-answer", "lsflash", nth=2),
    "listing of before": Trouble("previous-answer", "lsflash", nth=2),
    "others resync": Trouble("others-resync", "lsflash", nth=2),
    "others withdraw": Trouble("others-withdraw", "lsflash", nth=2, heals=False),
    "others reverse": Trouble(
        "others-reverse", "lsflash", {"pair": "0001:0002"}, nth=1, heals=False
    ),
    "no login": Trouble("unreachable", "10.10.10.10", nth=2),
}
"""What can happen whichever way dscli is spoken to."""

ON_A_TERMINAL: Mapping[str, Trouble | None] = {
    "prompt early": _prompt("early-prompt", position="after"),
    "prompt early, the answer soon": _prompt("early-prompt", position="after", seconds=0.2),
    "prompt early, nothing done": _prompt("early-prompt", position="before"),
    "prompt early, done soon": _prompt("early-prompt", position="before", seconds=0.2),
    "prompt twice": _prompt("extra-prompt"),
    "prompt twice, soon": _prompt("extra-prompt", seconds=0.1),
    "no prompt": _prompt("no-prompt"),
    "late words": _prompt("late-words"),
    "late words, soon": _prompt("late-words", seconds=0.1),
    "listing's prompt early": _prompt("early-prompt", "lsflash", position="after"),
    "listing's prompt twice": _prompt("extra-prompt", "lsflash"),
    "listing without a prompt": _prompt("no-prompt", "lsflash"),
    "late words to the listing": _prompt("late-words", "lsflash"),
    "volumes' answer is that before": Trouble("previous-answer", "lsfbvol", nth=1, terminal=True),
    "console gone before": Trouble("console-gone", position="before", terminal=True, second=True),
    "console gone after": Trouble("console-gone", position="after", terminal=True, second=True),
    "console gone, and goes on": Trouble(
        "console-gone",
        position="after",
        terminal=True,
        second=True,
        switches={"after_loss": "prompts"},
    ),
    "echoes itself": _with(terminal_echo="client", terminal_prompt="redrawn"),
    "closed meanwhile": _with(meanwhile="closed"),
    "asked meanwhile": _with(meanwhile="asked"),
}
"""What can happen besides where dscli is spoken to on a terminal that is kept."""

TROUBLES: Mapping[str, Trouble | None] = {**ANYWHERE, **ON_A_TERMINAL}
