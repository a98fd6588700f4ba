"""Whether a resource group of PowerHA's is offline on every node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import resourcegroups
from flashd.adapters.guards.asking import ROOT, Interview, Question, is_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.config.guards import PowerhaOptions
    from flashd.model.verdict import Finding
    from flashd.ports.remote import Remote

_UTILITIES = "/usr/es/sbin/cluster/utilities"


def questions(group: str) -> tuple[Question, ...]:
    """Tell what is asked: the states of the group, and then whether the cluster is at rest.

    In this order, since an event that has begun by then shows in the second answer.
    """
    return (
        Question(("id", "-u"), ("powerha", "user")),
        Question(
            ("clRGinfo", "-s", group),
            ("powerha", "group", group),
            _UTILITIES,
        ),
        Question(("lssrc", "-ls", "clstrmgrES"), ("powerha", "manager")),
    )


@dataclass(frozen=True, slots=True)
class PowerhaGuard:
    """Proves that a resource group is offline: on each of its nodes, in a cluster at rest."""

    options: PowerhaOptions
    remote: Remote | None = None

    async def look(self) -> Finding:
        """Ask for the states of the group and of the cluster manager, and judge them."""
        options = self.options
        return await Interview(
            options.host, options.timeout, questions(options.group), self._judge, self.remote
        ).hold()

    def _judge(self, answers: Sequence[str]) -> Finding:
        user, group, manager = answers
        if not is_root(user):
            return ROOT
        return resourcegroups.judge(
            self.options.group,
            resourcegroups.read_states(group, self.options.group),
            resourcegroups.read_manager(manager),
            self.options.nodes,
        )
