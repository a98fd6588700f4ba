"""One installation: what it would do, and doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.errors import ConfigError
from flashd.install.host import run, unreachable
from flashd.install.layout import items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import PurePosixPath

    from flashd.install.host import Host
    from flashd.install.steps import Step


@dataclass(frozen=True, slots=True)
class Installation:
    """What is to be done on a host.

    `obstacle` is why the unit could not start the program; empty where it can, or where that
    cannot be told because another host is meant.
    """

    host: Host
    steps: tuple[Step, ...]
    commands: tuple[tuple[str, ...], ...]
    obstacle: str

    def lines(self) -> list[tuple[str, str]]:
        """Say each step in two words: what is done, and to what."""
        return [
            *((step.action.value, self._about(step)) for step in self.steps),
            *(("run", " ".join(command)) for command in self.commands),
        ]

    def carry_out(self, tell: Callable[[str, str], None]) -> None:
        """Do it, and tell each step when it is done; raises `FlashdError` at the first failure."""
        for step in self.steps:
            if step.changes:
                self.host.write(step)
            tell(step.action.value, self._about(step))
        for command in self.commands:
            run(command)
            tell("run", " ".join(command))

    def _about(self, step: Step) -> str:
        return f"{self.host.place(step.path)} ({step.mode:04o}; {step.reason})"


def prepare(
    host: Host, prefix: PurePosixPath, program: str, completions: Mapping[str, str]
) -> Installation:
    """Look at a host and say what is to be done.

    Raises `ConfigError` for a program that cannot be named in a unit.
    """
    try:
        steps = host.steps(items(prefix, program, completions))
    except ValueError as error:
        raise ConfigError(str(error), "Name another one with --program.") from error
    obstacle = unreachable(program) if host.live else ""
    return Installation(host, tuple(steps), tuple(host.commands()), obstacle)
