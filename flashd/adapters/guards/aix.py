"""Whether a volume group of an AIX is varied off, and nothing of it is mounted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import volumegroups
from flashd.adapters.guards.asking import ROOT, Interview, Question, is_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.config.guards import AixOptions
    from flashd.model.verdict import Finding
    from flashd.ports.remote import Remote

_SYSTEM = "/usr/sbin"

QUESTIONS = (
    Question(("id", "-u"), ("aix", "user")),
    Question(("odmget", "-q", "attribute=unique_id", "CuAt"), ("aix", "ids"), "/usr/bin"),
    Question(("lsdev", "-C", "-c", "disk", "-F", "name:status"), ("aix", "states"), _SYSTEM),
    Question(("mount",), ("aix", "mounts"), _SYSTEM),
    Question(("lspv",), ("aix", "disks"), _SYSTEM),
    Question(("lsvg", "-o"), ("aix", "active"), _SYSTEM),
)
"""Who is asked; which disk is which, and there; what is mounted, which disks belong where, what is
active."""


@dataclass(frozen=True, slots=True)
class AixGuard:
    """Proves that a volume group is varied off, on the host that sees its disks."""

    options: AixOptions
    remote: Remote | None = None

    async def look(self) -> Finding:
        """Ask the volume manager, and judge."""
        options = self.options
        return await Interview(
            options.host, options.timeout, QUESTIONS, self._judge, self.remote
        ).hold()

    def _judge(self, answers: Sequence[str]) -> Finding:
        user, *told = answers
        if not is_root(user):
            return ROOT
        options = self.options
        sought = volumegroups.Sought(
            options.volume_group,
            options.disks,
            options.mount_points,
            exported_is_down=options.exported_is_down,
        )
        return volumegroups.judge(sought, volumegroups.read(*told))
