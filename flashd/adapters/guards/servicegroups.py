"""What Veritas Cluster Server says about a service group, and what that proves. Pure.

A state is a set of words between bars. An offline group can carry the bits of what happened to
it before, so only the one word `OFFLINE`, alone, is down.
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

ATTRIBUTES = ("SystemList", "Probed", "AutoDisabled")
"""Where the group can run; whether all its resources were looked at; whether that is believed."""

_UP = frozenset({"ONLINE", "PARTIAL", "STARTING", "STOPPING"})
_DOWN = frozenset({"OFFLINE"})
_STATE = re.compile(r"\|(?:[A-Z][A-Z_ ]*\|)+")
_SYSTEMS_HEADER = ["#System", "Attribute", "Value"]
_GROUPS_HEADER = ["#Group", "Attribute", "System", "Value"]
_EVERYWHERE = "global"

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it was told; each mapping is by system."""

    systems: Mapping[str, str]
    members: frozenset[str]
    probed: Mapping[str, str]
    disabled: Mapping[str, str]
    states: Mapping[str, str]


def read(systems: str, attributes: str, states: str, *, group: str) -> Group:
    """Read the answers of `hasys` and `hagrp`; raises `ValueError` for anything else."""
    told = _attributes(attributes, group)
    listed = told["SystemList"]
    if set(listed) != {_EVERYWHERE}:
        raise ValueError("SystemList is not told once for the whole cluster")
    return Group(
        systems=_of_one(_by_system(systems), "SysState"),
        members=_members(listed[_EVERYWHERE]),
        probed=told["Probed"],
        disabled=told["AutoDisabled"],
        states=_of_one(_by_group(states, group), "State"),
    )


def _rows(told: str, header: list[str]) -> Iterator[list[str]]:
    """Tell the words of each line below the header; the last takes the rest of its line."""
    lines = [line for line in told.split("\n") if line.strip()]
    if not lines or lines[0].split() != header:
        raise ValueError(f"{(lines or [''])[0][:80]!a} is not the header of that table")
    for line in lines[1:]:
        words = line.split(None, len(header) - 1)
        if len(words) != len(header):
            raise ValueError(f"{line[:80]!a} is no line of that table")
        yield [word.strip() for word in words]


def _by_system(told: str) -> Iterator[tuple[str, str, str]]:
    for system, attribute, value in _rows(told, _SYSTEMS_HEADER):
        yield attribute, system, value


def _by_group(told: str, group: str) -> Iterator[tuple[str, str, str]]:
    for name, attribute, system, value in _rows(told, _GROUPS_HEADER):
        if name != group:
            raise ValueError(f"a line of another group: {name[:80]!a}")
        yield attribute, system, value


def _of_one(rows: Iterator[tuple[str, str, str]], wanted: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for attribute, system, value in rows:
        if attribute != wanted:
            raise ValueError(f"{attribute[:80]!a} is told instead of {wanted}")
        if system in values:
            raise ValueError(f"{wanted} of {system[:80]} is told twice")
        values[system] = value
    return values


def _attributes(told: str, group: str) -> dict[str, dict[str, str]]:
    rows = list(_by_group(told, group))
    if strange := [attribute for attribute, _, _ in rows if attribute not in ATTRIBUTES]:
        raise ValueError(f"{strange[0][:80]!a} was not asked for")
    return {
        wanted: _of_one((row for row in rows if row[0] == wanted), wanted) for wanted in ATTRIBUTES
    }


def _members(told: str) -> frozenset[str]:
    """Read the systems of a group: pairs of a name and its priority."""
    words = told.split()
    names, priorities = words[::2], words[1::2]
    if len(names) != len(priorities) or not all(re.fullmatch("[0-9]+", one) for one in priorities):
        raise ValueError(f"{told[:80]!a} is no list of systems and priorities")
    if len(set(names)) != len(names):
        raise ValueError("a system is there twice in SystemList")
    return frozenset(names)


def judge(group: str, told: Group, systems: Collection[str]) -> Finding:
    """Say whether a group is offline on every system. Only what is literally recognised is."""
    evidence = {
        name: {harmless(system[:80]): harmless(word[:80]) for system, word in values.items()}
        for name, values in (
            ("states", told.states),
            ("probed", told.probed),
            ("auto_disabled", told.disabled),
            ("systems", told.systems),
        )
    }
    for system, state in told.states.items():
        if _words(state) & _UP:
            said = f"{group} is {state[:80]} on {system[:80]}"
            return Finding(Verdict.UP, harmless(said), evidence)
    for doubt in _doubts(told, systems):
        return unknown(f"{group}: {harmless(doubt)}", evidence)
    names = ", ".join(sorted(told.members))
    return Finding(Verdict.DOWN, f"{group} is offline on {names}, all probed", evidence)


def _words(state: str) -> frozenset[str]:
    return frozenset(state.strip("|").split("|") if _STATE.fullmatch(state) else ())


def _doubts(told: Group, systems: Collection[str]) -> Iterator[str]:
    for system, state in told.states.items():
        if _words(state) != _DOWN:
            yield f"it is {state[:80]} on {system}"
    if not told.members:
        yield "it has no system"
    if systems and set(systems) != told.members:
        listed = " ".join(sorted(told.members))
        yield f"its systems are {listed}, and those that it should have are others"
    for name, values in (
        ("state", told.states),
        ("Probed", told.probed),
        ("AutoDisabled", told.disabled),
    ):
        if missing := told.members - set(values):
            yield f"its {name} on {min(missing)} is not told"
        if extra := set(values) - told.members:
            yield f"its {name} is told of {min(extra)}, which is none of its systems"
    yield from _unbelieved(told)


def _unbelieved(told: Group) -> Iterator[str]:
    """Say on which system the states were not looked at, or are not believed by VCS itself."""
    for system in sorted(told.members):
        if (running := told.systems.get(system, "not told")) != "RUNNING":
            yield f"the system {system} is {running[:80]}"
        if told.probed[system] != "1":
            yield f"not all its resources were probed on {system}"
        if told.disabled[system] != "0":
            yield f"it is auto-disabled on {system}"
