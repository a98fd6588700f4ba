"""What must be asked of an array before a command of a service may be judged there.

Each command costs a batch its time, so what nobody demands is not asked. This only saves: the last
gate decides for itself what it has to know, and stops a command where that was not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.model.inventory import EVERYTHING, Part

if TYPE_CHECKING:
    from flashd.model.protection import Protection
    from flashd.model.service import Service


def demanded(
    service: Service, array: str, protected: Protection, *, enrolled: bool
) -> frozenset[Part]:
    """Tell what of an array's inventory a service demands beside what is asked always.

    An enrolment pins hosts and names. Guards that look at volumes are compared with the targets by
    the names under which hosts know these.
    """
    if enrolled:
        return EVERYTHING
    parts: set[Part] = set()
    declared = any(one.hosts is not None for one in service.resources if one.array == array)
    grouped = any(where == array for where, _ in protected.groups)
    if declared or grouped or protected.hosts:
        parts.add(Part.REACH)
    if any(guard.wwids for guard in service.guards):
        parts.add(Part.IMAGE)
    return frozenset(parts)
