"""What every command is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from flashd.sim.array import Identity
from flashd.sim.grammar import Grammar, Request
from flashd.sim.inventory import Inventory
from flashd.sim.layout import Report

SUCCESS, SYNTAX, CONNECTION, SERVER, AUTHENTICATION, APPLICATION = 0, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Call:
    """A command that the array has received."""

    request: Request
    held: Inventory
    identity: Identity
    fullid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command says and how it exits; `acted` and `refused` are pairs, for the journal."""

    report: Report | None = None
    messages: tuple[str, ...] = ()
    exit: int = SUCCESS
    acted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command that goes to the array.

    `changes`: it needs a role for copy services. `question` is asked for each operand, unless the
    command says -quiet. `bound`: its banner names the storage image.
    """

    name: str
    grammar: Grammar
    run: Callable[[Call], Answer]
    changes: bool = False
    question: Callable[[str], str] | None = None
    bound: bool = True
