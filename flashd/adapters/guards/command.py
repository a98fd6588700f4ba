"""What a program of the operator's says by its exit code."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import account, cause, late, unknown
from flashd.adapters.guards.here import Here, Look, look_at
from flashd.adapters.guards.program import distrust_of_program
from flashd.adapters.processes import Completed, Ending
from flashd.adapters.threads import beside
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from flashd.adapters.guards.here import Asked
    from flashd.config.guards import CommandOptions
    from flashd.ports.remote import Remote

_OUTPUT_CAP = 1 << 16


@dataclass(frozen=True, slots=True)
class CommandGuard:
    """Runs a program without a shell and knows only the exit codes it was told."""

    options: CommandOptions
    remote: Remote | None = None

    async def look(self) -> Finding:
        """Run the program once."""
        argv, limit = self.options.command, self.options.timeout
        what = f"{argv[0]} could not be looked at"
        look = Look(self.options.host, limit, what, self.remote)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                asked = await look.asked(limited=True)
                if isinstance(asked, Finding):
                    return asked
                if isinstance(asked, Here) and (refusal := await _distrusted(argv)):
                    return refusal
            return await look_at(asked, self._look)
        except TimeoutError:
            return late(what, limit)
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            return unknown(f"{argv[0]} cannot be run: {cause(error)}", {"command": list(argv)})

    async def _look(self, asked: Asked) -> Finding:
        argv = self.options.command
        done = await asked.run(argv, ("command", *argv), cap=_OUTPUT_CAP)
        return done if isinstance(done, Finding) else judge(self.options, done)


def judge(options: CommandOptions, done: Completed) -> Finding:
    """Take an exit code for what the operator said it means, and all else for unknown."""
    program, evidence = options.command[0], account(done)
    match done.ending:
        case Ending.TIMED_OUT:
            seconds = f"{options.timeout.total_seconds():g} s"
            return unknown(f"{program} did not end within {seconds} and was killed", evidence)
        case Ending.FLOODED:
            return unknown(f"{program} wrote too much and was killed", evidence)
        case Ending.EXITED:
            return _judge_status(options, done.exit_status, evidence)


def _judge_status(
    options: CommandOptions, status: int | None, evidence: dict[str, object]
) -> Finding:
    program = options.command[0]
    if status in options.down and status not in options.up:
        return Finding(Verdict.DOWN, f"{program} ended with {status}, which means down", evidence)
    if status in options.up and status not in options.down:
        return Finding(Verdict.UP, f"{program} ended with {status}, which means up", evidence)
    if status is not None and status < 0:
        return unknown(f"{program} was killed by signal {-status}", evidence)
    return unknown(f"{program} ended with {status}, which means neither up nor down", evidence)


async def _distrusted(argv: tuple[str, ...]) -> Finding | None:
    distrust = await beside(partial(distrust_of_program, Path(argv[0]), os.environ))
    return unknown(distrust, {"command": list(argv)}) if distrust else None
