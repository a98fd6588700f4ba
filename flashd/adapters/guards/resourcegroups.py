"""What PowerHA says about a resource group, and what that proves. Pure.

`clRGinfo -s` tells a line a node: group, state, node, and how the group is to start and to move.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import unknown
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_UP = frozenset({"ONLINE", "ACQUIRING", "RELEASING"})
_DOWN = "OFFLINE"
_STABLE = "ST_STABLE"
_FIELDS = 8  # group, state, node, kind, start, fall-over, fall-back, site policy; more may follow
_KINDS = frozenset({"non-concurrent", "concurrent"})
_STATE = re.compile(r"Current state:[ \t]*(\S*)[ \t]*")
_EVENTS = re.compile(r"There are (\S+) events on the .*queue[ \t]*")


@dataclass(frozen=True, slots=True)
class Manager:
    """The cluster manager; `waiting` are the numbers of events in its queues, but for none."""

    state: str
    waiting: tuple[str, ...] = ()


def read_states(told: str, group: str) -> dict[str, str]:
    """Read the state of a group by node; raises `ValueError` for anything else."""
    states: dict[str, str] = {}
    for line in told.split("\n"):
        if not line.strip():
            continue
        fields = line.split(":")
        if len(fields) < _FIELDS or fields[3] not in _KINDS or not fields[2]:
            raise ValueError(f"{line[:80]!a} is no line of a resource group")
        if fields[0] != group:
            raise ValueError(f"a line of another group: {fields[0][:80]!a}")
        if fields[2] in states:
            raise ValueError(f"{fields[2][:80]} is told twice")
        states[fields[2]] = fields[1]
    return states


def read_manager(told: str) -> Manager:
    """Read the state of the cluster manager, which tells it once; raises `ValueError`."""
    lines = told.split("\n")
    found = [state for line in lines if (state := _STATE.fullmatch(line))]
    if len(found) != 1:
        raise ValueError(f"the cluster manager tells its state {len(found)} times")
    events = [count[1] for line in lines if (count := _EVENTS.fullmatch(line))]
    return Manager(found[0][1], tuple(count for count in events if count != "0"))


def judge(
    group: str, states: Mapping[str, str], manager: Manager, nodes: Collection[str]
) -> Finding:
    """Say whether a group is offline on every node. Only what is literally recognised is."""
    evidence = {
        "states": {harmless(node[:80]): harmless(word[:80]) for node, word in states.items()},
        "manager": harmless(manager.state[:80]),
    }
    for node, state in states.items():
        if state in _UP:
            return Finding(Verdict.UP, f"{group} is {state} on {harmless(node)}", evidence)
    for doubt in _doubts(states, manager, nodes):
        return unknown(f"{group}: {harmless(doubt)}", evidence)
    names = ", ".join(sorted(states))
    return Finding(Verdict.DOWN, f"{group} is offline on {names}, and the cluster stable", evidence)


def _doubts(states: Mapping[str, str], manager: Manager, nodes: Collection[str]) -> Iterator[str]:
    for node, state in states.items():
        if state != _DOWN:
            yield f"it is {state[:80] or 'in no state'} on {node}"
    if missing := set(nodes) - set(states):
        yield f"nothing is told of its node {min(missing)}"
    if extra := set(states) - set(nodes):
        yield f"{min(extra)} is none of its nodes"
    if not states:
        yield "no node is told of"
    if manager.state != _STABLE:
        yield f"the cluster manager is {manager.state[:80] or 'in no state'}, not {_STABLE}"
    if manager.waiting:
        yield f"{manager.waiting[0][:20]} events wait for the cluster manager"
