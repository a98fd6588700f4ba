"""Whether a resource of Pacemaker's is stopped on every node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import crm
from flashd.adapters.guards.asking import Interview, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.config.guards import PacemakerOptions
    from flashd.model.verdict import Finding
    from flashd.ports.remote import Remote

# Each has Pacemaker's programs read a file or another cluster instead of the one they run in.
_DIVERTED = ("CIB_file", "CIB_shadow", "CIB_port", "CIB_server")

QUESTIONS = (
    Question(("crm_mon", "--output-as=xml", "-1"), ("pacemaker", "state"), diverted_by=_DIVERTED),
    Question(
        ("cibadmin", "--query", "--scope", "status"),
        ("pacemaker", "history"),
        diverted_by=_DIVERTED,
    ),
)
"""What the cluster takes for the state, and what its nodes did; the second proves they looked.

`crm_mon` leaves a probe out that found nothing, so a node that was never looked at looks the
same there.
"""


@dataclass(frozen=True, slots=True)
class PacemakerGuard:
    """Proves that a resource is stopped: on each node, with each member, and looked at."""

    options: PacemakerOptions
    remote: Remote | None = None

    async def look(self) -> Finding:
        """Ask for the state of the cluster and for what its nodes did, and judge them."""
        options = self.options
        return await Interview(
            options.host, options.timeout, QUESTIONS, self._judge, self.remote
        ).hold()

    def _judge(self, answers: Sequence[str]) -> Finding:
        options = self.options
        cluster = crm.read(*answers)
        return crm.judge(
            options.resource, cluster, options.nodes, offline_is_down=options.offline_is_down
        )
