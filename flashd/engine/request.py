"""What is asked of the engine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.observation import REFUSED, WOULD_REFUSE
from flashd.model.run import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.model.run import Outcome


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants a resync, and how.

    `force` bypasses `sync_min_delay` and nothing else; `dry_run` does everything but the
    changing commands.
    """

    trigger: Trigger = Trigger.SCHEDULE
    by: str = "flashd"
    force: bool = False
    dry_run: bool = False
    patience: float = 0.0

    @property
    def asked(self) -> bool:
        """Whether a person wants it."""
        return self.trigger is Trigger.PERSON

    def decision_on(self, outcome: Outcome) -> str:
        """Name the decision that an outcome stands for.

        What is only observed is told apart: the first refusal that counts is news, and written
        to the history, whatever an observer said before.
        """
        return WOULD_REFUSE if self.dry_run and str(outcome) == REFUSED else str(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How it ended for one service; `run` is None where no run was written.

    `tried` tells of a turn without a run that is a failure of the service's own all the same.
    """

    service: str
    outcome: Outcome
    reason: str
    hint: str = ""
    run: str | None = None
    tried: bool = False
    exit_code: int
    commands: tuple[str, ...] = ()
    evidence: tuple[Mapping[str, object], ...] = ()
