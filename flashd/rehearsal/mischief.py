"""Faults by chance: each login and each command may meet one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from flashd.sim.array import Array

AT_LOGIN = ("unreachable",)
AT_LISTINGS = ("hang", "refused", "lost-answer", "cut-short", "garbage")
AT_CHANGES = ("hang", "refused", "lost-answer", "partial", "garbage", "lie")
"""Not among them: what needs a person afterwards (a refused login stops all logins until the
password file is another one), and what ends the process that is the simulator, here this one."""

_OPTIONS = {"hang": {"seconds": "1800"}, "cut-short": {"rows": "1"}}


@dataclass(slots=True)
class Mischief:
    """Plants faults in an array, unless it sleeps; `struck` counts them by name."""

    probability: float
    chance: Random
    struck: dict[str, int]
    sleeps: bool = False

    def at_login(self, array: Array) -> bool:
        """Maybe let the login that comes meet a fault; tells whether so."""
        if self.sleeps or not self.probability or self.chance.random() >= self.probability:
            return False
        self._plant(array, self.chance.choice(AT_LOGIN), "*")
        return True

    def at_commands(self, array: Array, commands: str) -> bool:
        """Maybe let the last of these commands meet a fault; tells whether so."""
        if self.sleeps or not self.probability or self.chance.random() >= self.probability:
            return False
        lines = commands.split("\n")
        verb = next((line.split()[0] for line in reversed(lines) if line.strip()), "")
        names = AT_LISTINGS if verb.startswith("ls") else AT_CHANGES
        if verb:
            self._plant(array, self.chance.choice(names), verb)
        return bool(verb)

    def _plant(self, array: Array, name: str, pattern: str) -> None:
        array.clear_faults()
        array.add_fault(name, pattern, **dict[str, Any](_OPTIONS.get(name, {})))
        self.struck[name] = self.struck.get(name, 0) + 1
