"""Which combinations of instant, blow and fault are played: all that can differ, or a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.case import Case
from tests.chaos.scenes import KEPT, MODES, ONESHOT, RECORDING, STAYS
from tests.chaos.watch import Blow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

    from tests.chaos.scenes import Scene
    from tests.chaos.watch import Seen

ALL = 1 << 20
MOST = {
    (ONESHOT, "one resource"): (ALL, 16),
    (ONESHOT, "two resources"): (120, 4),
    (ONESHOT, "two arrays"): (120, 4),
    (ONESHOT, "two services"): (120, 0),
    (KEPT, "one resource"): (ALL, 12),
    (KEPT, "two services"): (240, 4),
    (KEPT, "two resources"): (60, 0),
    (KEPT, "two arrays"): (60, 0),
    (STAYS, "one resource"): (300, 6),
    (STAYS, "two services"): (120, 0),
}
"""So many kills in each scene at most: with the array well, and under each fault."""

IN_RECOVERY = 600
_TURNING_POINTS = frozenset({"dscli command: to be done", "dscli command: done"})
_BYTES = "bytes of a change"


def sampled(scenes: Sequence[Scene], number: int, dice: Random) -> list[Scene]:
    """Choose scenes for so many combinations: always the plain ones of a single resource.

    Those are played whole, so that every instant is come to; of a client that outlives its terminal
    one of them, since it comes to the same ones. None in which a dscli has to run out of time: that
    is waited for, and nothing else is done.
    """
    plain = [one for one in scenes if one.layout == "one resource" and one.trouble == "nothing"]
    always = [one for one in plain if one.mode != STAYS or one.way == RECORDING]
    quick = [one for one in scenes if not (one.fault and one.fault.hangs)]
    others = [one for one in quick if one not in plain]
    return always + dice.sample(others, min(len(others), max(1, number // 8)))


def chosen(seen: Mapping[Scene, Sequence[Seen]], dice: Random, number: int = 0) -> list[Case]:
    """Choose cases for the scenes whose instants were seen; `number` of them, or all."""
    if number:
        left = max(0, number - len(seen))
        every = [case for scene, instants in seen.items() for case in _cases(scene, instants)]
        return dice.sample(every, min(left, len(every)))
    cases: list[Case] = []
    for scene, instants in seen.items():
        possible = list(_cases(scene, instants))
        cases += dice.sample(possible, min(_most(scene), len(possible)))
    return cases


def preludes(seen: Mapping[Scene, Sequence[Seen]]) -> list[Case]:
    """Choose kills after which the flashd that recovers is to be killed too, at all its instants.

    The dscli of the first has or has not had its command done, and stands still there, or has
    ended with its terminal.
    """
    return [
        Case(scene, one.instant, Blow.DAEMON if scene.mode == KEPT else Blow.STUCK)
        for scene, instants in seen.items()
        if scene.layout == "one resource" and scene.trouble in {"nothing", "partial"}
        for one in instants
        if one.intended and one.stoppable and one.instant.name in _TURNING_POINTS
    ]


def some(cases: Sequence[Case], dice: Random) -> list[Case]:
    """Choose one of each mode."""
    by_mode = [[case for case in cases if case.scene.mode == mode] for mode in MODES]
    return [dice.choice(ones) for ones in by_mode if ones]


def recovering(seen: Mapping[Case, Sequence[Seen]], dice: Random, number: int = 0) -> list[Case]:
    """Choose cases in which a flashd is killed that recovers."""
    every = [
        Case(one.scene, one.at, one.blow, prelude.before)
        for prelude, instants in seen.items()
        for one in _cases(prelude.scene, instants, begun=True)
        if not (one.blow is Blow.FROZEN and _stands_still(prelude))
    ]
    return dice.sample(every, min(number or IN_RECOVERY, len(every)))


def _stands_still(prelude: Case) -> bool:
    """Whether a dscli is left standing still, which another host cannot end: it is waited out."""
    return prelude.before is not None and prelude.before[1] is Blow.STUCK


def _most(scene: Scene) -> int:
    """Tell how many of a scene's cases are played."""
    well, under_a_fault = MOST[scene.mode, scene.layout]
    return well if scene.trouble == "nothing" else under_a_fault


def _cases(scene: Scene, seen: Sequence[Seen], *, begun: bool = False) -> Iterator[Case]:
    """Yield each instant with each blow that makes a difference there.

    Where no dscli is alive it is the daemon alone that is killed. Of the bytes of one command
    each has one of the blows, by turns; so has each instant of a dscli that only lists. Under a
    fault what comes before any intent is left out.
    """
    begun = begun or scene.trouble == "nothing"
    for number, one in enumerate(seen):
        begun = begun or one.instant.name == "before store.intend"
        if not begun:
            continue
        blows = list(_blows(scene, one))
        if one.instant.name.endswith(_BYTES) or not one.intended:
            blows = [blows[number % len(blows)]]
        for blow in blows:
            yield Case(scene, one.instant, blow)


def _blows(scene: Scene, one: Seen) -> Iterator[Blow]:
    """A dscli whose terminal hangs up does not stand still, unless it is one that stays."""
    yield Blow.ALL
    if not one.instant.name.startswith("dscli "):
        yield Blow.FROZEN
        yield Blow.STOPPED
    if one.dscli:
        yield Blow.DAEMON
        yield Blow.DSCLI
    if one.stoppable and scene.mode != KEPT:
        yield Blow.STUCK
