"""The guards whose answers are fuzzed: one row each, and what literally proves that one is down."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.command import CommandGuard
from flashd.adapters.guards.opensvc import OpensvcGuard
from flashd.adapters.guards.process import ProcessGuard
from flashd.adapters.guards.systemd import SystemdGuard
from flashd.config.guards import CommandOptions, OpensvcOptions, ProcessOptions, SystemdOptions
from flashd.model.verdict import Verdict
from tests.fuzz.guards import Looking, Reader
from tests.fuzz.target import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fuzz.guards import Said

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts" / "guards"
UNIT = "oracle-tst.service"
NOW = datetime(2026, 11, 26, 2, 0, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Tell the instant of the transcripts."""
        return NOW

    def monotonic(self) -> float:
        """Tell nothing."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing."""
        raise AssertionError(seconds)


_OF_A_SERVICE = 12
"""Lines of an answer about one: as many as properties are asked for."""


def _unit_is_down(answers: Sequence[Said]) -> bool:
    """See that each unit says all it must, literally; those after the first can start it."""
    texts = [said.text.removesuffix("\n").split("\n") for said in answers]
    first, *triggers = map(set, texts)
    started_by = [line for line in first if line.startswith("TriggeredBy=")]
    names = " ".join(started_by).removeprefix("TriggeredBy=").split()
    return (
        len(texts[0]) == len({line.partition("=")[0] for line in first}) == _OF_A_SERVICE
        and len(started_by) == 1
        and len(names) == len(triggers)
        and f"Id={UNIT}" in first
        and {"MainPID=0", "ControlPID=0"} <= first
        and _at_rest(first)
        and all(_at_rest(lines) and "TriggeredBy=" in lines for lines in triggers)
        and all(f"Id={name}" in lines for name, lines in zip(names, triggers, strict=True))
    )


def _at_rest(lines: set[str]) -> bool:
    tasks = [line for line in lines if line.startswith("TasksCurrent=")]
    return (
        {"ActiveState=inactive", "SubState=dead"} <= lines
        and bool({"LoadState=loaded", "LoadState=masked"} & lines)
        and bool({"Job=", "Job=0"} & lines)
        and (not tasks or tasks in (["TasksCurrent=0"], ["TasksCurrent=[not set]"]))
        and (tasks != ["TasksCurrent=[not set]"] or "ControlGroup=" in lines)
    )


def _systemd_seeds() -> Iterator[list[bytes]]:
    for case in sorted(TRANSCRIPTS.glob("systemd/*/case.json")):
        answers = sorted(
            case.parent.glob("*.answer"), key=lambda file: file.name != f"{UNIT}.answer"
        )
        yield [file.read_bytes() for file in answers]


_FINE = {"down", "stdby down", "n/a"}


def _every_status(told: Any, outer: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON may be anything
    """Find every word on how a resource is, but of those that copy or run now and then."""
    entries = told.items() if isinstance(told, dict) else [(one.get("rid"), one) for one in told]
    for rid, one in entries:
        if str(rid).split("#")[0] not in {"sync", "task"}:
            yield str(one.get("status")) + outer


def _instance_is_down(one: Any, updated: str) -> bool:  # noqa: ANN401 - JSON may be anything
    inside = (one.get("encap") or {}).values()
    words = [*_every_status(one["resources"])]
    words += [word for each in inside for word in _every_status(each["resources"])]
    return (
        one["avail"] in {"down", "stdby down"}
        and set(words) <= _FINE
        and set(words) != {"n/a"}
        and bool(words)
        and not one.get("running")
        and _fresh(one[updated])
    )


def _fresh(told: float | str) -> bool:
    if isinstance(told, str):
        whole = re.sub(r"\.[0-9]+", "", told)
        at = datetime.strptime(whole.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S%z")
        return abs((at - NOW).total_seconds()) < 3602
    return abs(told - NOW.timestamp()) <= 3600


def _is_down_on_all_2(answers: Sequence[Said]) -> bool:
    own, cluster = (json.loads(said.output) for said in answers)
    nodes = cluster["monitor"]["nodes"]
    services = {name: node["services"] for name, node in nodes.items()}
    told = {
        name: one["status"]["oratst"] for name, one in services.items() if "oratst" in one["status"]
    }
    scopes = [
        set(one["config"]["oratst"]["scope"])
        for one in services.values()
        if "oratst" in one["config"]
    ]
    return all(scope == set(told) for scope in scopes) and all(
        _instance_is_down(one, "updated") for one in (own, *told.values())
    )


def _is_down_on_all_3(answers: Sequence[Said]) -> bool:
    (entries,) = (json.loads(said.output) for said in answers)
    names = [entry["node"]["name"] for entry in entries]
    scopes = [set(entry["config"]["scope"]) for entry in entries if "scope" in entry["config"]]
    return (
        len(set(names)) == len(names)
        and bool(names)
        and all(scope == set(names) for scope in scopes if scope)
        and all(entry.get("path", "oratst") == "oratst" for entry in entries)
        and all(_instance_is_down(entry["status"], "updated_at") for entry in entries)
    )


def _opensvc_seeds(version: str, names: Sequence[str]) -> list[list[bytes]]:
    cases = sorted(file.parent for file in TRANSCRIPTS.glob(f"opensvc-{version}/*/case.json"))
    files = [[case / f"{name}.answer" for name in names] for case in cases]
    return [
        [one.read_bytes() for one in each] for each in files if all(one.exists() for one in each)
    ]


def _opensvc(version: str) -> OpensvcGuard:
    options = {"service": "oratst", "version": version, "max_age": timedelta(seconds=1800)}
    return OpensvcGuard(OpensvcOptions.model_validate(options), clock=Still())


_STAT = "{pid} ({name}) S {parent} 1 1 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n"
_MOUNT = "22 1 0:21 / /proc rw,nosuid - proc proc rw\n"


def listing(**changed: str) -> bytes:
    """Write what a probe tells of its processes: init, a thread of the kernel, itself, one more."""
    pids = "/proc/1 /proc/2 /proc/5 /proc/7\n"
    sections = {
        "probe": "5 990 /usr/libexec/flashd-probe\n",
        "groups": "990\n",
        "user": "-\n",
        "self/ns/pid": "pid:[4026531836]\n",
        "self/ns/user": "user:[4026531837]\n",
        "self/mountinfo": _MOUNT,
        "self/status": "Name:\tsh\nCapEff:\t0000000000000000\n",
        "pids": pids,
        "/proc/1/stat": _STAT.format(pid=1, name="init", parent=0, flags=0),
        "/proc/2/stat": _STAT.format(pid=2, name="kthreadd", parent=0, flags=0x200000),
        "/proc/5/stat": _STAT.format(pid=5, name="flashd-probe", parent=1, flags=0),
        "/proc/7/stat": _STAT.format(pid=7, name="sleep", parent=1, flags=0),
        "/proc/1/cmdline": "/sbin/init\0",
        "/proc/2/cmdline": "",
        "/proc/5/cmdline": "/bin/sh\0/usr/libexec/flashd-probe\0",
        "/proc/7/cmdline": "sleep\x0060\0",
        "uids": "".join(
            f"/proc/{pid}/status:Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
            for pid, uid in ((1, 0), (2, 0), (5, 990), (7, 0))
        ),
        "after": pids,
        "end": "",
    }
    told = sections | changed
    return "".join(f"\n==> {name} <==\n{text}" for name, text in told.items()).encode()


SOUGHT_USER = "1001"


def _nobody_runs(answers: Sequence[Said]) -> bool:
    """See that no process of the sought user is told of that was there before and after."""
    (said,) = answers
    texts = re.split(r"\n==> (\S+) <==\n", "\n" + said.text.removeprefix("\n"))
    told = dict(zip(texts[1::2], texts[2::2], strict=True))
    lasting = set(told["pids"].split()) & set(told["after"].split())
    users = {
        line.partition("/status:")[0]: line.partition("Uid:")[2].split()
        for line in told["uids"].splitlines()
    }
    for place in lasting:
        stat = told[f"{place}/stat"]  # what is hidden proves nothing
        fields = stat[stat.rindex(")") + 1 :].split()
        ended = fields[0] in "ZXx" and int(fields[17]) <= 1
        if int(fields[6]) & 0x200000 or ended:
            continue
        probe = "flashd-probe" in told.get(f"{place}/cmdline", "")
        if not probe and SOUGHT_USER in [str(int(uid)) for uid in users[place]]:
            return _below_a_probe(place, told)
    return "hidepid=0" in said.text or "hidepid" not in said.text or "CapEff" in said.text


def _below_a_probe(place: str, told: dict[str, str]) -> bool:
    for _ in range(64):
        stat = told.get(f"{place}/stat", "")
        if "flashd-probe" in told.get(f"{place}/cmdline", ""):
            return True
        if ")" not in stat:
            return False
        place = f"/proc/{int(stat[stat.rindex(')') + 1 :].split()[1])}"
    return False


def _process_seeds() -> Iterator[list[bytes]]:
    yield [listing()]
    theirs = "/proc/7/status:Uid:\t1001\t1001\t1001\t1001\n"
    uids = "/proc/1/status:Uid:\t0\t0\t0\t0\n/proc/2/status:Uid:\t0\t0\t0\t0\n"
    yield [listing(uids=f"{uids}/proc/5/status:Uid:\t990\t990\t990\t990\n{theirs}")]
    yield [listing(**{"self/mountinfo": _MOUNT.replace("rw\n", "rw,hidepid=2\n")})]


READERS = (
    Reader(
        name="systemd",
        guard=lambda: SystemdGuard(SystemdOptions(unit=UNIT)),
        literally=_unit_is_down,
        seeds=_systemd_seeds,
        words=(
            *(b"Id=", b"TriggeredBy=", b"oracle-tst.socket", b"ActiveState=inactive", b"dead"),
            *(b"active", b"failed", b"masked", b"[not set]", b"TasksCurrent=0", b"MainPID=0"),
        ),
    ),
    Reader(
        name="opensvc-2.1",
        guard=lambda: _opensvc("2.1"),
        literally=_is_down_on_all_2,
        seeds=lambda: _opensvc_seeds("2.1", ("instance", "cluster")),
        shape=Shape.JSON,
    ),
    Reader(
        name="opensvc-3",
        guard=lambda: _opensvc("3"),
        literally=_is_down_on_all_3,
        seeds=lambda: _opensvc_seeds("3", ("instances",)),
        shape=Shape.JSON,
    ),
    Reader(
        name="process",
        guard=lambda: ProcessGuard(ProcessOptions(user=SOUGHT_USER)),
        literally=_nobody_runs,
        seeds=_process_seeds,
        proof=Verdict.CLEAR,
        framed=True,
        words=(b"\n==> /proc/7/status <==\n", b"1001", b"hidepid=2", b"==> after <==", b"/proc/7"),
    ),
    Reader(
        name="command",
        guard=lambda: CommandGuard(CommandOptions(command=("/bin/look",), down=(3,), up=(4,))),
        literally=lambda answers: [one.status for one in answers] == [3],
        seeds=lambda: [[b"all is quiet\n"]],
        by_status=True,
        head=b"3",
        words=(b"3\n", b"4\n", b"-3\n", b"256\n"),
    ),
)

TARGETS = tuple(Looking(reader).target() for reader in READERS)
