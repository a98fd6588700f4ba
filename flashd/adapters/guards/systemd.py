"""Whether a systemd unit is down, on this host or another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import unit
from flashd.adapters.guards.findings import account, cause, excerpt, unknown
from flashd.adapters.guards.here import Look
from flashd.adapters.processes import Completed, Ending
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from flashd.adapters.guards.here import Asked
    from flashd.config.guards import SystemdOptions
    from flashd.ports.remote import Remote

_OUTPUT_CAP = 1 << 16


@dataclass(frozen=True, slots=True)
class SystemdGuard:
    """Proves that a unit is down: inactive, nothing of it left, and nothing that can start it."""

    options: SystemdOptions
    remote: Remote | None = None

    async def look(self) -> Finding:
        """Ask systemd about the unit, then about what can start it."""
        options = self.options
        look = Look(options.host, options.timeout, "systemctl did not answer", self.remote)
        try:
            return await look.take(self._look)
        except OSError as error:
            return unknown(f"systemctl cannot be run: {cause(error)}")

    async def _look(self, asked: Asked) -> Finding:
        options = self.options
        facts = await _ask(asked, options.unit)
        if isinstance(facts, Finding):
            return facts
        finding = unit.judge(options.unit, facts, failed_is_down=options.failed_is_down)
        if finding.verdict is not Verdict.DOWN:
            return finding
        for trigger in unit.triggers(facts):
            if refusal := await _may_start(asked, trigger, options.unit):
                return refusal
        return finding


async def _may_start(asked: Asked, trigger: str, started: str) -> Finding | None:
    """Say that a socket, a timer or a path can start the unit at any time."""
    facts = await _ask(asked, trigger)
    found = facts if isinstance(facts, Finding) else unit.judge_trigger(trigger, facts)
    if found.verdict is Verdict.DOWN:
        return None
    return unknown(
        f"{trigger} can start {started}: {found.reason}; stop it, or mask it", found.evidence
    )


async def _ask(asked: Asked, name: str) -> unit.Facts | Finding:
    words = ("systemd", ",".join(unit.ASKED), name)
    done = await asked.run(unit.question(name), words, cap=_OUTPUT_CAP)
    if isinstance(done, Finding):
        return done
    if done.ending is not Ending.EXITED or done.exit_status != 0:
        return unknown(_failure(done), account(done))
    try:
        return unit.read(done.output.decode("utf-8"))
    except ValueError as error:  # UnicodeDecodeError is one
        return unknown(str(error), account(done))


def _failure(done: Completed) -> str:
    said = next(iter(excerpt(done.errors)), "nothing")
    if done.ending is Ending.FLOODED:
        return "systemctl wrote too much and was killed"
    return (
        f"systemctl ended with {done.exit_status} and said: {said};"
        " flashd needs the system bus of a host that runs systemd"
    )
