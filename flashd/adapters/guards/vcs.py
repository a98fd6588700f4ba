"""Whether a service group of Veritas Cluster Server's is offline on every system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import servicegroups
from flashd.adapters.guards.asking import Interview, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.config.guards import VcsOptions
    from flashd.model.verdict import Finding
    from flashd.ports.remote import Remote

_PROGRAMS = "/opt/VRTS/bin"
_DIVERTED = ("VCS_HOST",)  # has the programs ask the cluster of another host


def questions(group: str) -> tuple[Question, ...]:
    """Tell what is asked: the systems, what is known of the group, and at last its states."""
    display = ("hagrp", "-display", group, "-attribute", *servicegroups.ATTRIBUTES)
    return (
        Question(("hasys", "-state"), ("vcs", "systems"), _PROGRAMS, _DIVERTED),
        Question(display, ("vcs", "attributes", group), _PROGRAMS, _DIVERTED),
        Question(("hagrp", "-state", group), ("vcs", "state", group), _PROGRAMS, _DIVERTED),
    )


@dataclass(frozen=True, slots=True)
class VcsGuard:
    """Proves that a service group is offline: on each of its systems, each of them running."""

    options: VcsOptions
    remote: Remote | None = None

    async def look(self) -> Finding:
        """Ask for the systems, the group's attributes and its states, and judge them."""
        options = self.options
        return await Interview(
            options.host, options.timeout, questions(options.group), self._judge, self.remote
        ).hold()

    def _judge(self, answers: Sequence[str]) -> Finding:
        return servicegroups.judge(
            self.options.group,
            servicegroups.read(*answers, group=self.options.group),
            self.options.systems,
        )
