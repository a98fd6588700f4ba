"""Whether persistent reservations are registered for the volumes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards.disks import read_seen
from flashd.adapters.guards.findings import cause, excerpt, unknown, witnessed
from flashd.adapters.guards.here import Look
from flashd.adapters.guards.mounts import read_volumes
from flashd.adapters.guards.probe import SYSFS, Failed, Sections, ask, sections
from flashd.adapters.guards.volumes import find
from flashd.core.counting import counted
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flashd.adapters.guards.here import Here, There
    from flashd.adapters.guards.volumes import Volume
    from flashd.config.guards import ScsiReservationOptions
    from flashd.ports.remote import Remote

_CONFLICT = "24"
"""SG_LIB_CAT_RES_CONFLICT of sg3_utils: somebody has the older kind of reservation."""

_KEYS = re.compile(
    r"\s*PR generation=(0x[0-9a-f]+), (?:there are (NO) registered reservation keys"
    r"|([0-9]+) registered reservation keys? follows?:((?:\s+0x[0-9a-f]+)+))\s*"
)
_HOLDER = re.compile(
    r"\s*PR generation=(0x[0-9a-f]+), (?:there is (NO) reservation held"
    r"|Reservation follows:\s+Key=(0x[0-9a-f]+)\s+scope: (\S+),\s+type: ([A-Za-z ,]*[A-Za-z]))\s*"
)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a volume told: who is registered, and who holds it; None where nobody does."""

    keys: tuple[str, ...]
    holder: str | None


@dataclass(frozen=True, slots=True)
class ScsiReservationGuard:
    """Vetoes where a reservation is held; where none is it has nothing against.

    Most file systems never reserve anything.
    """

    options: ScsiReservationOptions
    remote: Remote | None = None
    sysfs: Path = SYSFS

    async def look(self) -> Finding:
        """Find the volumes, and ask each of them."""
        options = self.options
        look = Look(options.host, options.timeout, "the volumes did not answer", self.remote)
        try:
            return await look.take(self._look)
        except OSError as error:
            return unknown(f"the volumes cannot be asked: {cause(error)}")

    async def _look(self, asked: Here | There) -> Finding:
        told = await ask(asked, ("storage",), self.sysfs)
        if isinstance(told, Finding):
            return told
        found = read_volumes(told, self.options.sought(), used=True)
        if isinstance(found, Finding):
            return witnessed(found, {"storage": told})
        question = ("reservations", *(device for one in found for device in spoken_to(one)))
        answer = await ask(asked, question, self.sysfs)
        if isinstance(answer, Finding):
            return answer
        return witnessed(judge_text(found, answer), {"storage": told, " ".join(question): answer})


def spoken_to(volume: Volume) -> tuple[str, ...]:
    """Tell by which devices a volume is asked: its map, or every path where there is none.

    What is reserved is a matter of the volume, not of a path; one that is dead says so.
    """
    maps = [one.name for one in volume.family if one.uuid.startswith("mpath-")]
    return tuple(maps or [one.name for one in volume.family if not one.of and not one.uuid])


def judge_text(volumes: tuple[Volume, ...], answer: str) -> Finding:
    """Read what the volumes told, see that they are still the same, and judge."""
    try:
        parts = sections(answer)
        seen = read_seen(parts)
    except (Failed, ValueError, LookupError) as error:
        return unknown(f"what this host told of reservations is no use: {error}")
    names = {one.wwid: spoken_to(one) for one in volumes}
    told: dict[str, object] = {"volumes": {wwid: list(found) for wwid, found in names.items()}}
    after = [find(seen, one) for one in names]
    if [spoken_to(one) for one in after] != list(names.values()):
        return unknown("the devices of the volumes changed while they were asked", told)
    if doubt := next((doubt for one in after for doubt in one.doubts), ""):
        return unknown(f"{doubt} (after they were asked)", told)
    answers = [(name, _read(parts, name)) for found in names.values() for name in found]
    told["reserved"] = {name: _shown(one) for name, one in answers}
    if used := next(_held(answers), ""):
        return Finding(Verdict.UP, used, told)
    if doubt := next(_doubtful(answers), ""):
        return unknown(doubt, told)
    return Finding(Verdict.CLEAR, "no reservation is registered for the volumes", told)


def _read(parts: Sections, name: str) -> Reserved | str:
    """Read both answers of a device; words where they are not understood."""
    both = [(f"keys/{name}", _KEYS), (f"reservation/{name}", _HOLDER)]
    found = []
    for part, pattern in both:
        status, said = parts.get(f"status/{part}", "").strip(), parts.get(part, "")
        if status == _CONFLICT:
            return _CONFLICT
        match = pattern.fullmatch(said)
        if status != "0" or match is None:
            words = next(iter(excerpt(said.strip().encode())), "nothing")
            return f"sg_persist ended with {status or 'nothing'} and said: {words}"
        found.append(match)
    keys, holder = found
    if keys[1] != holder[1]:
        return "its registrations changed while they were read"
    listed = tuple((keys[4] or "").split())
    if len(listed) != int(keys[3] or 0):
        return "it told another number of keys than it listed"
    return Reserved(listed, holder[3] and f"{holder[3]} ({holder[5]})")


def _shown(answer: Reserved | str) -> object:
    if isinstance(answer, str):
        return answer
    return {"keys": list(answer.keys), "holder": answer.holder}


def _held(answers: list[tuple[str, Reserved | str]]) -> Iterator[str]:
    for name, one in answers:
        if one == _CONFLICT:
            yield f"{name} is reserved by somebody else (reservation conflict)"
        elif isinstance(one, Reserved) and one.holder and one.keys:
            yield f"{name} is reserved: {one.holder} holds it, {_registered(one)}"


def _registered(answer: Reserved) -> str:
    return f"{counted(len(answer.keys), 'key is', 'keys are')} registered"


def _doubtful(answers: list[tuple[str, Reserved | str]]) -> Iterator[str]:
    if not answers:
        yield "no device of the volumes could be asked"
    for name, one in answers:
        if isinstance(one, str):
            yield f"{name}: {one}"
        elif one.keys:
            yield (
                f"{name}: {_registered(one)} and nobody holds a reservation:"
                " in use, or left over; if nobody uses it, remove them"
            )
        elif one.holder:
            yield f"{name}: {one.holder} holds it, and no key is registered"
