"""What every command is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from flashd.sim.array import Identity
from flashd.sim.grammar import Grammar, Request
from flashd.sim.inventory import Inventory
from flashd.sim.layout import Report
from flashd.sim.nouns import NOBODY, User
from flashd.sim.roles import Task

SUCCESS, SYNTAX, CONNECTION, SERVER, AUTHENTICATION, APPLICATION = 0, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Call:
    """A command that the array has received; `user` asks, `at` is the time at the console."""

    request: Request
    held: Inventory
    identity: Identity
    fullid: bool = False
    user: User = NOBODY
    at: float = 0.0


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

    `task`: what its user's role has to cover. `changes`: a role for copy services, unless `task`
    says another. `own_password`: it works while the user's password is expired. `question` is
    asked for each operand, unless the command says -quiet. `bound`: its banner names the image.
    """

    name: str
    grammar: Grammar
    run: Callable[[Call], Answer]
    changes: bool = False
    task: Task | None = None
    own_password: bool = False
    question: Callable[[str], str] | None = None
    bound: bool = True

    @property
    def needs(self) -> Task:
        """Which task the role of its user has to cover."""
        return self.task or (Task.COPY if self.changes else Task.LOOK)
