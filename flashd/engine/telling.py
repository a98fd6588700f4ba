"""Events in words, with their facts under the names of the log schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.engine.events import Event
from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flashd.engine.world import World
    from flashd.errors import StoreError
    from flashd.model.verdict import Reading
    from flashd.ports.events import Events


_MOST_SHOWN = 16384


def facts_of_reading(reading: Reading) -> dict[str, object]:
    """Put a guard's reading in a form that the log, the history and JSON share."""
    return {
        "guard": reading.guard,
        "type": reading.type,
        "verdict": str(reading.verdict),
        "reason": reading.finding.reason,
        "at": reading.at.isoformat(),
        **({"evidence": dict(reading.finding.evidence)} if reading.finding.evidence else {}),
    }


def tell_readings(world: World, service: str, run: str | None, readings: Iterable[Reading]) -> None:
    """Tell what each guard said; an Unknown alarms."""
    for reading in readings:
        unknown = reading.verdict is Verdict.UNKNOWN
        world.events.tell(
            Event.GUARD_UNKNOWN if unknown else Event.GUARD_READ,
            f"guard {reading.guard} says {reading.verdict}: {reading.finding.reason}",
            {
                "flashd.service.name": service,
                "flashd.guard.name": reading.guard,
                "flashd.guard.type": reading.type,
                "flashd.guard.state": str(reading.verdict),
                "flashd.guard.evidence": dict(reading.finding.evidence),
                "event.reason": reading.finding.reason,
                **({"flashd.run.id": run} if run else {}),
            },
        )


def tell_store_failed(world: World, error: StoreError, doing: str = "") -> None:
    """Tell that something could not be written down."""
    world.events.tell(
        Event.STORE_FAILED,
        f"{doing}: {error.message}" if doing else error.message,
        {"error.message": error.message, "error.code": error.code, "flashd.hint": error.hint},
    )


def tell_mode(events: Events, array: str, why: str | None) -> None:
    """Tell that an array goes by one login a command for now, or, without a reason, no more."""
    if why is None:
        events.tell(
            Event.SESSION_KEPT,
            f"a session is kept with array {array} again",
            {"flashd.storage.id": array},
        )
        return
    events.tell(
        Event.SESSION_MODE,
        f"no session is kept with array {array} for now, each command has a login: {why}",
        {"flashd.storage.id": array, "event.reason": why},
    )


def tell_console(events: Events, array: str, console: str, first: bool) -> None:  # noqa: FBT001 - one of two
    """Tell that an array is answered by another one of its two consoles than before."""
    facts = {"flashd.storage.id": array, "flashd.storage.hmc": console}
    if first:
        words = f"array {array} is answered by its first console {console} again"
        events.tell(Event.CONSOLE_FIRST, words, facts)
    else:
        words = f"array {array} is answered by its second console {console}"
        events.tell(Event.CONSOLE_SECOND, words, facts)


def tell_task_failed(world: World, what: str, error: Exception) -> None:
    """Tell an error that nobody foresaw."""
    world.events.tell(
        Event.TASK_FAILED,
        f"{what} failed: {error!r}",
        {"error.message": str(error), "error.type": type(error).__name__},
    )


@dataclass(frozen=True, slots=True)
class Conversation:
    """Tells every dscli command before it is sent and every answer after: a `Witness`."""

    world: World
    array: str
    run: str | None = None
    service: str | None = None

    def sent(self, command: str, client: str) -> None:
        """Tell the command with the dscli line that it is piped to."""
        self.world.events.tell(
            Event.COMMAND_SENT,
            f"{command} | {client}",
            {**self._facts(), "flashd.dscli.command": command, "flashd.dscli.client": client},
        )

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        """Tell the answer as it came."""
        self.world.events.tell(
            Event.COMMAND_ANSWERED,
            _clip(output.strip()) or "(no output)",
            {
                **self._facts(),
                "flashd.dscli.command": command,
                "flashd.dscli.exit_code": exit_status,
                "event.outcome": _outcome(exit_status, failed),
            },
        )

    def _facts(self) -> Mapping[str, object]:
        return {
            "flashd.storage.id": self.array,
            **({"flashd.run.id": self.run} if self.run else {}),
            **({"flashd.service.name": self.service} if self.service else {}),
        }


def _clip(text: str) -> str:
    """Keep the two ends of a long text: journald cuts a line at 48 KiB."""
    if len(text) <= _MOST_SHOWN:
        return text
    half = _MOST_SHOWN // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def _outcome(exit_status: int | None, failed: bool | None) -> str:  # noqa: FBT001 - as the port has it
    if exit_status is None and failed is None:
        return "unknown"
    return "failure" if failed or exit_status else "success"
