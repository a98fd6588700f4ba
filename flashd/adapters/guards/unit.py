"""What systemd says about a unit, and what that proves. Pure: text in, finding out.

`is-active` is of no use: it answers "inactive" for a unit that does not exist, and for one whose
processes outlived it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import unknown
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

ASKED = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "MainPID",
    "ControlPID",
    "Job",
    "ControlGroup",
    "TasksCurrent",
    "TriggeredBy",
    "UnitFileState",
    "InvocationID",
)
_CGROUP = ("ControlGroup", "TasksCurrent")
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "service": ("MainPID", "ControlPID", *_CGROUP),
    "mount": ("ControlPID", *_CGROUP),
    "socket": ("ControlPID", *_CGROUP),
    "swap": ("ControlPID", *_CGROUP),
    "scope": _CGROUP,
    "slice": _CGROUP,
    "timer": (),
    "path": (),
    "automount": (),
}
_NOT_OF_ALL = frozenset({"MainPID", "ControlPID", *_CGROUP})
_PROVING = frozenset({"service", "mount", "scope", "slice"})
_UP = frozenset({"active", "activating", "deactivating", "reloading", "refreshing", "maintenance"})
_LOADED = frozenset({"loaded", "masked"})
_NUMBER = re.compile(r"[0-9]{1,19}")  # no more: 2**64 - 1 stands for "not known"
_LINE = re.compile(r"([A-Za-z]+)=(.*)")


Facts = dict[str, str]


def question(unit: str) -> tuple[str, ...]:
    """Tell the command that asks systemd about a unit.

    Never with `--value`: its answers come in an order of their own.
    """
    return ("systemctl", "--no-pager", "show", "-p", ",".join(ASKED), "--", unit)


def read(answer: str) -> Facts:
    """Read the answer of `systemctl show`.

    Raises `ValueError` for anything but properties that were asked for, once each and whole: of a
    line that breaks off the rest may name what can start the unit.
    """
    if not answer.endswith("\n"):
        raise ValueError("the answer of systemctl breaks off")
    facts: Facts = {}
    for line in answer.removesuffix("\n").split("\n"):
        found = _LINE.fullmatch(line)
        if found is None or found[1] not in ASKED:
            raise ValueError(f"systemctl answered {line[:80]!a}, which is no property asked for")
        if found[1] in facts:
            raise ValueError(f"systemctl answered {found[1]} twice")
        facts[found[1]] = found[2]
    return facts


def judge(unit: str, facts: Facts, *, failed_is_down: bool = False) -> Finding:
    """Say whether a unit is down. Only what is literally recognised is."""
    finding = _rest(unit, facts, failed_is_down=failed_is_down)
    kind = _kind(unit)
    if finding.verdict is not Verdict.DOWN or kind in _PROVING:
        return finding
    return Finding(
        Verdict.UNKNOWN,
        f"{unit} is inactive, but a {kind} may be while what it starts is running;"
        " name the service instead",
        finding.evidence,
        finding.incarnation,
    )


def judge_trigger(unit: str, facts: Facts) -> Finding:
    """Say whether a unit that can start another one is down, and nothing can start it in turn."""
    finding = _rest(unit, facts)
    if finding.verdict is Verdict.DOWN and facts["TriggeredBy"]:
        return unknown(f"{facts['TriggeredBy']} can start it in turn", finding.evidence)
    return finding


def _rest(unit: str, facts: Facts, *, failed_is_down: bool = False) -> Finding:
    """Say whether a unit of any type is inactive, with nothing of it left or about to start."""
    if reason := _unusable(unit, facts):
        verdict = Verdict.UNKNOWN
    elif reason := _life(unit, facts):
        verdict = Verdict.UP
    elif reason := _doubt(unit, facts, failed_is_down=failed_is_down):
        verdict = Verdict.UNKNOWN
    else:
        verdict, reason = Verdict.DOWN, f"{unit} is {facts['ActiveState']}, nothing of it is left"
    evidence = {"command": list(question(unit)), "exit_status": 0, "unit": facts}
    return Finding(verdict, reason, evidence, facts.get("InvocationID"))


def triggers(facts: Facts) -> list[str]:
    """Tell the units that can start this one: sockets, timers, paths."""
    return facts["TriggeredBy"].split()


def _kind(unit: str) -> str:
    return unit.rpartition(".")[2]


def _unusable(unit: str, facts: Facts) -> str:
    kind = _kind(unit)
    if (known := facts.get("Id")) != unit:
        return f"systemd calls {unit} {known}; write that name" if known else "no unit was told"
    if kind not in _BY_TYPE:
        return f"{unit}: what an inactive {kind} means is not known here; name the service instead"
    needed = (n for n in ASKED if n not in _NOT_OF_ALL or n in _BY_TYPE[kind])
    missing = [name for name in needed if name not in facts]
    return f"systemctl did not say {', '.join(missing)} of {unit}" if missing else ""


def _life(unit: str, facts: Facts) -> str:
    """Say what shows that the unit is up or about to be."""
    if facts["ActiveState"] in _UP:
        return f"{unit} is {facts['ActiveState']} ({facts['SubState']})"
    if _positive(facts["Job"]):
        return f"a job is queued for {unit}"
    if _positive(tasks := facts.get("TasksCurrent", "")):
        return f"{unit} is {facts['ActiveState']}, but {tasks} of its tasks are still running"
    return ""


def _doubt(unit: str, facts: Facts, *, failed_is_down: bool) -> str:
    """Say what is not as it must be where the unit is down."""
    return (
        _doubtful_load(unit, facts["LoadState"])
        or _doubtful_state(unit, facts, failed_is_down=failed_is_down)
        or _doubtful_remains(unit, facts)
    )


def _doubtful_load(unit: str, state: str) -> str:
    if state == "not-found":
        return f"systemd knows no {unit}; see its name, and whether this is the right host"
    return "" if state in _LOADED else f"{unit} is not loaded: {state}"


def _doubtful_state(unit: str, facts: Facts, *, failed_is_down: bool) -> str:
    state = (facts["ActiveState"], facts["SubState"])
    if state == ("inactive", "dead") or (failed_is_down and state == ("failed", "failed")):
        return ""
    if state[0] == "failed":
        return f"{unit} has failed; once nothing of it is left, run: systemctl reset-failed {unit}"
    return f"{unit} is in a state that is not known here: {state[0]} ({state[1]})"


def _doubtful_remains(unit: str, facts: Facts) -> str:
    """Say what may be left of an inactive unit.

    A control group that is still there while its tasks are not counted (TasksAccounting=no) may
    hold processes: systemd removes that of a unit that has ended.
    """
    state = facts["ActiveState"]
    for name in ("MainPID", "ControlPID"):
        if facts.get(name, "0") != "0":
            return f"{unit} is {state}, but its {name} is {facts[name]}"
    if facts["Job"] not in {"", "0"}:
        return f"{unit} has a job that is not understood: {facts['Job']}"
    tasks, group = facts.get("TasksCurrent", "0"), facts.get("ControlGroup", "")
    if tasks == "0" or (tasks == "[not set]" and not group):
        return ""
    return f"{unit} is {state}, but how many tasks are left in {group or 'it'} is {tasks}"


def _positive(number: str) -> bool:
    return bool(_NUMBER.fullmatch(number)) and int(number) > 0
