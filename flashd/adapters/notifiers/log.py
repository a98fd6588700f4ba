"""The log: structlog, JSON for machines or a line for people."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

import structlog

from flashd.adapters.notifiers import ecs
from flashd.model.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from datetime import datetime
    from enum import Enum

    from flashd.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class LogEvents:
    """The events port over a structlog logger."""

    logger: structlog.typing.FilteringBoundLogger
    clock: Clock

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """Log one event; where it cannot be written the work goes on."""
        kind = asdict(event.value)
        with suppress(OSError, ValueError):  # a full disk, a reader that went away
            self.logger.log(
                _LEVELS[kind["level"]], message, kind=kind, facts=facts, now=self.clock.now()
            )


_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def goes_to_journal(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether systemd has connected this stream to the journal, by the rule of systemd.exec(5)."""
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def log_events(clock: Clock, out: TextIO, *, console: bool, journal: bool = False) -> LogEvents:
    """Make a log that writes each event to `out`, flushed, a line each.

    For the journal each line begins with its priority, as in `<4>`, which systemd takes off: so
    `journalctl -p warning` finds what it should.
    """
    render = _for_people(out) if console else _as_json
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[_with_priority(render) if journal else render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return LogEvents(logger, clock)


def adopt_standard_logging(clock: Clock, out: TextIO, *, journal: bool = False) -> None:
    """Have libraries' own warnings written as events too, APScheduler's among them."""
    handler = _LibraryHandler(clock, out, journal=journal)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


class _LibraryHandler(logging.Handler):
    def __init__(self, clock: Clock, out: TextIO, *, journal: bool) -> None:
        super().__init__()
        self._clock = clock
        self._out = out
        self._priority = _priority if journal else _no_priority

    def emit(self, record: logging.LogRecord) -> None:
        kind = {
            "action": "library-message",
            "code": "FD-1090",
            "level": "error" if record.levelno >= logging.ERROR else "warning",
            "type": "info",
            "outcome": "unknown",
        }
        facts: dict[str, object] = {"log.logger": record.name}
        if record.exc_info:
            facts["error.message"] = str(record.exc_info[1])
        document = ecs.document(kind, record.getMessage(), facts, self._clock.now())
        with suppress(OSError, ValueError):  # as for our own: the work goes on
            self._out.write(f"{self._priority(kind)}{ecs.line(document)}\n")
            self._out.flush()


def _priority(kind: Mapping[str, str]) -> str:
    return f"<{ecs.SEVERITY[kind['level']]}>"


def _no_priority(_kind: Mapping[str, str]) -> str:
    return ""


def _with_priority(render: Callable[..., str]) -> Callable[..., str]:
    def rendered(logger: object, method: str, event: MutableMapping[str, object]) -> str:
        kind: Mapping[str, str] = event["kind"]  # type: ignore[assignment]
        return f"{_priority(kind)}{render(logger, method, event)}"

    return rendered


def _as_json(_logger: object, _method: str, event: MutableMapping[str, object]) -> str:
    return ecs.line(_document(event))


def _document(event: MutableMapping[str, object]) -> dict[str, object]:
    kind: Mapping[str, str] = event["kind"]  # type: ignore[assignment]
    facts: Mapping[str, object] = event["facts"]  # type: ignore[assignment]
    now: datetime = event["now"]  # type: ignore[assignment]
    return ecs.document(kind, str(event["event"]), facts, now)


def _for_people(out: TextIO) -> Callable[..., str]:
    colours = {"warning": "\x1b[33m", "error": "\x1b[31m"} if out.isatty() else {}

    def render(_logger: object, _method: str, event: MutableMapping[str, object]) -> str:
        kind: Mapping[str, str] = event["kind"]  # type: ignore[assignment]
        now: datetime = event["now"]  # type: ignore[assignment]
        text = without_secrets(str(event["event"])).replace("\n", "\n    ")
        colour = colours.get(kind["level"], "")
        end = "\x1b[0m" if colour else ""
        return f"{now:%H:%M:%S} {colour}{kind['level']:<7}{end} {kind['action']:<22} {text}"

    return render
