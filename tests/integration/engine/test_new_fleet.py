"""A fleet that is new: nobody knows yet who is due, and not all guards are asked to find out."""

from __future__ import annotations

from datetime import timedelta

from flashd.engine.batch import FEW_NEW
from tests.integration.engine.house import HOUR, Lab, outcomes, resource, ticks


def pair(number: int) -> str:
    return f"{number:02X}01:{number:02X}02"


async def test_only_who_is_due_has_guards_asked(lab: Lab) -> None:
    for number in range(FEW_NEW + 1):
        lab.clones(pair(number), age=40 * HOUR if number == 0 else timedelta(minutes=5))
        lab.define(f"s{number}", resource(pair(number)))
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done"]
    taken = {name: look.taken for name, look in lab.guards.items() if look.taken}
    assert list(taken) == ["s0 is down"]
