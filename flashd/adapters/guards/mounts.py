"""Whether a host sees the volumes, and nothing on it uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import claims
from flashd.adapters.guards.disks import read_seen
from flashd.adapters.guards.findings import cause, unknown, witnessed
from flashd.adapters.guards.here import Look
from flashd.adapters.guards.probe import SYSFS, Failed, ask, sections
from flashd.adapters.guards.volumes import find
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.adapters.guards.claims import Claims
    from flashd.adapters.guards.here import Here, There
    from flashd.adapters.guards.volumes import Volume
    from flashd.config.guards import MountsOptions
    from flashd.ports.remote import Remote


@dataclass(frozen=True, slots=True)
class MountsGuard:
    """Proves that a host has the volumes and does not use them: it can open them exclusively."""

    options: MountsOptions
    remote: Remote | None = None
    sysfs: Path = SYSFS

    async def look(self) -> Finding:
        """Find the volumes, then take hold of them for a moment."""
        options = self.options
        late = "the block devices of this host were not looked at"
        try:
            return await Look(options.host, options.timeout, late, self.remote).take(self._look)
        except OSError as error:
            return unknown(f"the block devices of this host cannot be read: {cause(error)}")

    async def _look(self, asked: Here | There) -> Finding:
        told = await ask(asked, ("storage",), self.sysfs)
        if isinstance(told, Finding):
            return told
        found = read_volumes(told, self.options.sought())
        if isinstance(found, Finding):
            return witnessed(found, {"storage": told})
        question = claims.question(found)
        answer = await ask(asked, question, self.sysfs)
        if isinstance(answer, Finding):
            return answer
        return witnessed(judge_text(found, answer), {"storage": told, " ".join(question): answer})


def read_volumes(
    told: str, sought: tuple[str, ...], *, used: bool = False
) -> tuple[Volume, ...] | Finding:
    """Find each volume; a finding where there is no need to take hold of anything.

    With `used` a volume that something stands on is a volume all the same.
    """
    try:
        seen = read_seen(sections(told))
    except (Failed, ValueError, LookupError) as error:
        return unknown(f"what this host told of its block devices is no use: {error}")
    volumes = tuple(find(seen, wwid) for wwid in sought)
    return judge_found(volumes, used=used) or volumes


def judge_found(volumes: tuple[Volume, ...], *, used: bool = False) -> Finding | None:
    """Say what already speaks against it: a holder, or a volume that is not there."""
    told = {"volumes": {one.wwid: one.told for one in volumes}}
    user = next((user for one in volumes for user in one.users), "")
    if user and not used:
        return Finding(Verdict.UP, user, told)
    if doubt := next((doubt for one in volumes for doubt in one.doubts), ""):
        return unknown(doubt, told)
    return None


def judge_text(volumes: tuple[Volume, ...], answer: str) -> Finding:
    """Read what became of taking hold of them, and judge."""
    try:
        read = claims.read_claims(answer)
    except (Failed, ValueError, LookupError, OSError) as error:
        return unknown(f"what this host told of the devices' users is no use: {error}")
    return judge(volumes, read)


def judge(volumes: tuple[Volume, ...], read: Claims) -> Finding:
    """Take any user for up, and only what was held by its own name, unseen by others, for down."""
    told = {
        "volumes": {one.wwid: one.told for one in volumes},
        "opened": {name: identity for name, (_, identity) in read.opened.items()},
        "processes": read.looked,
    }
    if used := next((user for one in volumes for user in claims.users(one, read)), ""):
        return Finding(Verdict.UP, used, told)
    if doubt := next((doubt for one in volumes for doubt in claims.doubts(one, read)), ""):
        return unknown(doubt, told)
    names = ", ".join(top.name for one in volumes for top in one.tops)
    return Finding(
        Verdict.DOWN, f"nothing here uses the volumes: {names} could be had exclusively", told
    )
