"""Plays to a guard what a case holds: each of its questions gets the text that was laid out for it.

So the whole reading and judging runs, without programs, hosts and networks: fast enough to spoil
every line of every answer.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from flashd.adapters.arrays.metrics import parse_metrics
from flashd.adapters.arrays.stock import parse_inventory, questions
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.adapters.guards import aix, http, kubernetes, listening, pacemaker, powerha, vcs
from flashd.adapters.guards.asking import Interview
from flashd.adapters.guards.hosts import HostsGuard
from flashd.adapters.guards.io import IoGuard
from flashd.adapters.guards.kubeconfig import Access
from flashd.adapters.guards.lvm import LvmGuard
from flashd.adapters.guards.mounts import MountsGuard
from flashd.adapters.guards.opensvc import OpensvcGuard
from flashd.adapters.guards.process import ProcessGuard
from flashd.adapters.guards.reservation import ScsiReservationGuard
from flashd.adapters.guards.systemd import SystemdGuard
from flashd.adapters.processes import Completed, Ending
from flashd.config.guards import BUILT_IN_GUARDS, Aimed
from flashd.errors import ArrayUnreachable
from flashd.model.inventory import Part
from flashd.model.volumes import VolumeId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from flashd.adapters.guards.asking import Question
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory
    from flashd.model.verdict import Finding

HERE = Path(__file__).parent
ARRAY = "IBM.2107-75ABC01"
_NOW = datetime(2026, 11, 26, 2, 0, 30, tzinfo=UTC)
_PARTS = frozenset({Part.REACH, Part.IMAGE})


@dataclass(frozen=True, slots=True)
class Case:
    """A folder: what is looked for, what was answered, and what a guard is to say of it.

    `statuses` hold by answer the exit status, or that of HTTP, where it is not the usual one.
    """

    kind: str
    name: str
    told: Mapping[str, Any]
    answers: Mapping[str, bytes]
    statuses: Mapping[str, int] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What the guard is configured with."""
        apart = {"verdict", "reason", "now", "options", "refused", "silent", "statuses"}
        plain = {key: value for key, value in self.told.items() if key not in apart}
        return {**plain, **self.told.get("options", {})}

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def cases(kind: str) -> list[Case]:
    """Tell all cases of a folder."""
    return [_case(kind, file.parent) for file in sorted((HERE / kind).glob("*/case.json"))]


def _case(kind: str, folder: Path) -> Case:
    told = json.loads((folder / "case.json").read_text())
    answers = {file.name.removesuffix(".answer"): file.read_bytes() for file in _files(folder)}
    if kind in {"aix", "powerha"}:
        answers.setdefault("id", b"0\n")
    if kind == "hosts":  # what is asked twice has a file of its own only where it differs
        again = {name: answers[name] for name in ("lsfbvol", "lspprc", "lshostconnect")}
        answers = {f"{name}-2": text for name, text in again.items()} | answers
    status = {file.stem: int(file.read_text()) for file in folder.glob("*.status")}
    return Case(kind, folder.name, told, answers, {**status, **told.get("statuses", {})})


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.answer"))


@dataclass(frozen=True, slots=True)
class Host:
    """Answers what it is asked as the case holds it; what is not there fails."""

    case: Case
    name: Callable[[tuple[str, ...], tuple[str, ...]], str]
    host: str = "tst1"

    async def run(
        self, argv: tuple[str, ...], words: tuple[str, ...], *, cap: int
    ) -> Completed | Finding:
        """Answer."""
        del cap
        name = self.name(argv, words)
        output = self.case.answers.get(name)
        status = self.case.statuses.get(name, 1 if output is None else 0)
        return Completed(
            argv=argv,
            ending=Ending.EXITED,
            exit_status=status,
            output=output or b"",
            errors=b"",
        )


@dataclass(frozen=True, slots=True)
class Then:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """Tell the instant of the case."""
        return self.at

    def monotonic(self) -> float:
        """Tell nothing."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing."""
        raise AssertionError(seconds)


async def look(case: Case) -> Finding:
    """Have the guard look."""
    finding: Finding = await _LOOKS[case.kind](case)
    return finding


def _options(case: Case) -> Any:  # noqa: ANN401 - as guards take them
    return BUILT_IN_GUARDS[case.kind.partition("-2.1")[0].partition("-3")[0]].model_validate(
        case.options
    )


async def _systemd(case: Case) -> Finding:
    host = Host(case, lambda argv, _: argv[-1])
    return await SystemdGuard(_options(case))._look(host)


async def _opensvc(case: Case) -> Finding:
    names = {"3": "instances", "2.1-instance": "instance", "2.1-cluster": "cluster"}
    version = case.kind.removeprefix("opensvc-")
    options = BUILT_IN_GUARDS["opensvc"].model_validate({"version": version, **case.options})
    host = Host(case, lambda _, words: names[words[1]])
    then = Then(datetime.fromisoformat(case.told["now"]))
    return await OpensvcGuard(options, clock=then)._look(host)  # type: ignore[arg-type]


async def _volumes(make: Callable[[Any], Any], case: Case) -> Finding:
    names = {"devices": "use"}
    host = Host(case, lambda _, words: names.get(words[0], words[0]))
    found: Finding = await make(_options(case))._look(host)
    return found


async def _processes(case: Case) -> Finding:
    return await ProcessGuard(_options(case))._look(Host(case, lambda *_: "processes"))  # type: ignore[arg-type]


def _program(argv: tuple[str, ...], words: tuple[str, ...]) -> str:
    del words
    program = argv[0].rpartition("/")[2]
    return f"{program}{argv[1]}" if program == "hagrp" else program


async def _interview(
    guard: Callable[[Any], Any], asks: Callable[[Any], Sequence[Question]], case: Case
) -> Finding:
    options = _options(case)
    judge = guard(options)._judge
    interview = Interview(None, timedelta(seconds=9), asks(options), judge, None)
    return await interview._ask(Host(case, _program))


@dataclass(frozen=True, slots=True)
class Status:
    """The answer of an API, as its client tells it."""

    status: int
    text: bytes

    async def read(self) -> bytes:
        """Tell the text."""
        return self.text


_LISTS = frozenset({"pods", "volumeattachments", "nodes"})


@asynccontextmanager
async def _answering(case: Case, url: str, **how: Any) -> AsyncIterator[Status]:  # noqa: ANN401 - as asked
    del how
    parts = urlsplit(url)
    *_, kind, name = parts.path.split("/")
    page = parse_qs(parts.query).get("continue", [""])[0]
    called = f"{name}{page and '-'}{page}" if name in _LISTS else f"{kind}-{name}"
    text = case.answers.get(called)
    yield Status(case.statuses.get(called, 404 if text is None else 200), text or b"{}")


async def _cluster(case: Case) -> Finding:
    api = kubernetes._Api(partial(_answering, case), Access("https://api.tst", None))  # type: ignore[arg-type]
    try:
        return await kubernetes._look(_options(case), api)
    except kubernetes.NOT_TOLD as error:
        return kubernetes.untold(error)


async def _web(case: Case) -> Finding:
    """Judge what came from each address; those that told nothing stand in the case."""
    told = {address: http.first_of(text) for address, text in case.answers.items()}
    told |= dict.fromkeys(case.told.get("refused", ()), listening.REFUSED)
    told |= dict.fromkeys(case.told.get("silent", ()), "no answer in time")
    return http.judge(case.options["url"], told)


def _targets(case: Case) -> tuple[tuple[str, VolumeId], ...]:
    return tuple((ARRAY, VolumeId(one)) for one in case.told["targets"])


async def _mapped(case: Case) -> Finding:
    async def stock(array: str) -> Inventory:
        asked: dict[str, int] = {}
        output = b""
        for question in questions(array, _PARTS):
            report = question.partition(" ")[0]
            asked[report] = asked.get(report, 0) + 1
            again = f"{report}-2" if asked[report] == 2 else report
            output += case.answers.get(again, b"")
        try:
            return parse_inventory(output.decode("utf-8", "replace"), array, _PARTS, _NOW, _NOW)
        except NotUnderstoodError as error:
            raise ArrayUnreachable(str(error)) from error

    options = BUILT_IN_GUARDS["hosts"].model_validate({})
    return await HostsGuard(Aimed(options, _targets(case)), stock).look()  # type: ignore[arg-type]


_LATER = 1000.0
"""When it is by the clock of who compares counters: so late that no window is waited for."""


async def _counted(case: Case) -> Finding:
    readings = iter((("first", 0.0), ("second", 20.0)))

    async def count(array: str, volumes: Sequence[VolumeId]) -> Sequence[Counters]:
        name, taken = next(readings)
        text = case.answers.get(name, b"").decode("utf-8", "replace")
        try:
            return parse_metrics(text, array, volumes, taken)
        except NotUnderstoodError as error:
            raise ArrayUnreachable(str(error)) from error

    options = BUILT_IN_GUARDS["io"].model_validate({})
    return await IoGuard(Aimed(options, _targets(case)), count, lambda: _LATER).look()  # type: ignore[arg-type]


_LOOKS: Mapping[str, Callable[[Case], Any]] = {
    "systemd": _systemd,
    "opensvc-2.1": _opensvc,
    "opensvc-3": _opensvc,
    "mounts": partial(_volumes, MountsGuard),
    "lvm": partial(_volumes, LvmGuard),
    "scsi-reservation": partial(_volumes, ScsiReservationGuard),
    "process": _processes,
    "pacemaker": partial(_interview, pacemaker.PacemakerGuard, lambda _: pacemaker.QUESTIONS),
    "powerha": partial(
        _interview, powerha.PowerhaGuard, lambda options: powerha.questions(options.group)
    ),
    "vcs": partial(_interview, vcs.VcsGuard, lambda options: vcs.questions(options.group)),
    "aix": partial(_interview, aix.AixGuard, lambda _: aix.QUESTIONS),
    "kubernetes": _cluster,
    "http": _web,
    "hosts": _mapped,
    "io": _counted,
}
KINDS = tuple(_LOOKS)
