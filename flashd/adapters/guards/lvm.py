"""Whether a host sees the volumes, and no logical volume on them is active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import groups
from flashd.adapters.guards.disks import read_seen
from flashd.adapters.guards.findings import cause, unknown, witnessed
from flashd.adapters.guards.here import Look
from flashd.adapters.guards.probe import SYSFS, Failed, ask, sections
from flashd.adapters.guards.volumes import find
from flashd.model.verdict import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.adapters.guards.here import Here, There
    from flashd.config.guards import LvmOptions
    from flashd.ports.remote import Remote


@dataclass(frozen=True, slots=True)
class LvmGuard:
    """Proves that the volume groups on the volumes are not active on a host."""

    options: LvmOptions
    remote: Remote | None = None
    sysfs: Path = SYSFS

    async def look(self) -> Finding:
        """Read LVM's reports, and the kernel's own list of maps."""
        options = self.options
        look = Look(
            options.host,
            options.timeout,
            "the volume groups of this host were not told",
            self.remote,
        )
        try:
            return await look.take(self._look)
        except OSError as error:
            return unknown(f"LVM of this host cannot be asked: {cause(error)}")

    async def _look(self, asked: Here | There) -> Finding:
        told = await ask(asked, ("lvm",), self.sysfs)
        if isinstance(told, Finding):
            return told
        return witnessed(judge_text(told, self.options.sought()), {"lvm": told})


def judge_text(told: str, sought: tuple[str, ...]) -> Finding:
    """Read what a host told, and judge."""
    try:
        parts = sections(told)
        seen, report = read_seen(parts), groups.read_report(parts)
    except (Failed, ValueError, LookupError) as error:
        return unknown(f"what this host told of its volume groups is no use: {error}")
    return groups.judge(tuple(find(seen, wwid) for wwid in sought), seen, report)
