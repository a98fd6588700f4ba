"""One case: a scene, an instant of it, and a blow; and what came of it."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tests.chaos.flashd_process import be_flashd
from tests.chaos.nursery import born
from tests.chaos.restart import VERDICT, be_judge, be_restarted
from tests.chaos.scenes import STAYS, Scene, furnished, prepare, scene_named
from tests.chaos.watch import (
    LIMIT,
    ORPHANS_TIME,
    Blow,
    Instant,
    Seen,
    Watch,
    end_orphans,
    until_orphans_end,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


SPARING = frozenset({Blow.NONE, Blow.DSCLI, Blow.STOPPED})
"""After these the daemon ends by itself."""


@dataclass(frozen=True, order=True)
class Case:
    """A scene, and where in it who is killed; `before` it, where the first of two flashds was."""

    scene: Scene
    at: Instant | None = None
    blow: Blow = Blow.NONE
    before: tuple[Instant, Blow] | None = None

    def __str__(self) -> str:
        first = "".join(f" @ {one}" for one in self.before or ())
        return f"{self.scene}{first} @ {self.at or '-'} @ {self.blow}"

    def then(self, at: Instant | None = None, blow: Blow = Blow.NONE) -> Case:
        """Have the flashd that recovers from this one be killed as well."""
        if self.at is None:
            raise ValueError(f"nobody is killed in {self}")
        return Case(self.scene, at, blow, (self.at, self.blow))


def case_named(text: str) -> Case:
    scene, *blows = (part.strip() for part in text.split(" @ "))
    found = [(_instant(at), Blow(blow)) for at, blow in zip(blows[::2], blows[1::2], strict=True)]
    at, blow = found[-1]
    if len(found) == 1:
        return Case(scene_named(scene), at, blow)
    return Case(scene_named(scene), *found[0]).then(at, blow)


def _instant(text: str) -> Instant | None:
    name, _, nth = text.rpartition("#")
    return Instant(name, int(nth)) if nth.isdigit() else None


@dataclass(frozen=True)
class Result:
    """What must not be, if anything; whether somebody was killed; every instant that was seen."""

    problems: tuple[str, ...]
    struck: bool
    seen: tuple[Seen, ...]
    seconds: float = 0.0


class Theatre:
    """Where cases are played, one after the other."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._played = 0
        self._templates: dict[Scene, Path] = {}

    def play(self, case: Case) -> Result:
        """Let flashd be killed, start it anew, and judge."""
        self._played += 1
        began = time.monotonic()
        root = furnished(self._template(case.scene), self._root / str(self._played))
        try:
            return replace(_played(case, root), seconds=time.monotonic() - began)
        finally:
            end_orphans()
            shutil.rmtree(root)

    def _template(self, scene: Scene) -> Path:
        if scene not in self._templates:
            root = self._root / f"template-{len(self._templates)}"
            root.mkdir()
            prepare(root, scene)
            self._templates[scene] = root
        return self._templates[scene]


def _played(case: Case, root: Path) -> Result:
    with ExitStack() as stuck:
        problems: list[str] = []
        if case.before:
            watch, problem = _struck(case.scene, root, *case.before, stuck)
            problems += problem
        again = case.before is not None
        watch, problem = _struck(case.scene, root, case.at, case.blow, stuck, again=again)
        restarted = partial(be_restarted, elsewhere=watch.frozen)
        problems += [*problem, *_verdict(root, case, restarted)]
        if watch.frozen:
            problems += [*_thawed(watch), *_verdict(root, case, be_restarted)]
        stood_still = Blow.STUCK in {case.blow, *(case.before or ())}
    if stood_still and not problems:
        until_orphans_end(ORPHANS_TIME)
        problems += _verdict(root, case, be_judge)
    return Result(tuple(problems), watch.struck, tuple(watch.seen))


def _struck(
    scene: Scene,
    root: Path,
    at: Instant | None,
    blow: Blow,
    stuck: ExitStack,
    *,
    again: bool = False,
) -> tuple[Watch, list[str]]:
    """Let a flashd live until it is struck, or until it has ended."""
    watch = stuck.enter_context(Watch(root, at, blow, kept=scene.mode == STAYS))
    watch.daemon = born(lambda: be_flashd(root, scene, again=again))
    try:
        code = watch.until_ended()
    except TimeoutError as error:
        return watch, [str(error)]
    if code is None:
        return watch, []
    if blow is not Blow.STUCK:
        watch.release()
        if not again:
            until_orphans_end(ORPHANS_TIME)
    killed = watch.struck and blow not in SPARING
    return watch, [] if code == (-signal.SIGKILL if killed else 0) else [f"it ended with {code}"]


def _thawed(watch: Watch) -> list[str]:
    """Have a flashd that stood still go on to its end."""
    watch.release()
    code = _ended(watch.daemon)
    until_orphans_end(ORPHANS_TIME)
    return [] if code == 0 else [f"once it went on it ended with {code}"]


def _verdict(root: Path, case: Case, be: Callable[[Path, Scene], int]) -> list[str]:
    """Have another process look, and tell what must not be."""
    code = _ended(born(lambda: be(root, case.scene)))
    if code != 0:
        return [f"the one started after it ended with {code}"]
    return (root / VERDICT).read_text("utf-8").splitlines()


def _ended(pid: int) -> int | None:
    """Wait for a child; None where it hung and was killed."""
    descriptor = os.pidfd_open(pid)
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        hung = not waiting.select(LIMIT)
    os.close(descriptor)
    if hung:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return None if hung else os.waitstatus_to_exitcode(status)
