"""One case: a scene, an instant of it, and a blow; and what came of it."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.chaos.flashd_process import be_flashd
from tests.chaos.nursery import born
from tests.chaos.restart import VERDICT, be_restarted
from tests.chaos.scenes import Scene, furnished, prepare, scene_named
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
    from pathlib import Path


@dataclass(frozen=True, order=True)
class Case:
    """A scene, and where in it who is killed."""

    scene: Scene
    at: Instant | None = None
    blow: Blow = Blow.NONE

    def __str__(self) -> str:
        return f"{self.scene} @ {self.at or '-'} @ {self.blow}"


def case_named(text: str) -> Case:
    scene, at, blow = (part.strip() for part in text.split(" @ "))
    name, _, nth = at.rpartition("#")
    return Case(scene_named(scene), Instant(name, int(nth)) if nth.isdigit() else None, Blow(blow))


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
    with Watch(root, case.at, case.blow) as watch:
        watch.daemon = born(lambda: be_flashd(root, case.scene))
        try:
            code = watch.until_ended()
        except TimeoutError as error:
            return Result((str(error),), watch.struck, tuple(watch.seen))
        if case.blow is not Blow.STUCK:
            watch.release()
            until_orphans_end(ORPHANS_TIME)
        killed = watch.struck and case.blow not in {Blow.NONE, Blow.DSCLI}
        problems = [] if code == (-signal.SIGKILL if killed else 0) else [f"it ended with {code}"]
        problems += _restarted(root, case)
    return Result(tuple(problems), watch.struck, tuple(watch.seen))


def _restarted(root: Path, case: Case) -> list[str]:
    pid = born(lambda: be_restarted(root, case.scene))
    code = _ended(pid)
    if code != 0:
        return [f"the one started after it ended with {code}"]
    said = (root / VERDICT).read_text("utf-8")
    return said.splitlines()


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
