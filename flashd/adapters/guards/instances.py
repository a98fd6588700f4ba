"""What OpenSVC says about the instances of a service, and what that proves. Pure.

A service is down where it is literally so on every node that it has, and for every resource:
the merged words (`avail`) leave out optional resources, and those whose state is not known.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.findings import unknown
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import timedelta

_UP = frozenset({"up", "warn", "stdby up"})
_DOWN = frozenset({"down", "stdby down"})
_NOTHING = frozenset({"n/a"})
_ASKED = "the node asked"
"""Stands for its name, which version 2.1 does not tell with its instance."""

_ACTIVE_LATER = frozenset({"sync", "task"})
_THAWED = (False, 0, "thawed", "0001-01-01T00:00:00Z")
_EXPECTS_NOTHING = frozenset({"", "none", "unset", "thawed", "frozen", "stopped"})
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Instance:
    """A service on one node, as it was told; `doubts` are what was not understood."""

    node: str
    avail: str
    resources: Mapping[str, str]
    updated: datetime | None
    frozen: bool | None
    doubts: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, object]:
        """What goes into the evidence: no labels, which may name anything."""
        return {
            "avail": self.avail,
            "resources": dict(self.resources),
            "updated": self.updated.isoformat() if self.updated else None,
            "frozen": self.frozen,
        }


@dataclass(frozen=True, slots=True)
class Instances:
    """All that was told of a service; `scopes` are the lists of its nodes, one a node that told.

    `merged` is its state in the whole cluster, where that is told too.
    """

    found: tuple[Instance, ...]
    scopes: frozenset[frozenset[str]] = field(default_factory=frozenset)
    merged: str | None = None


def document(text: bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """Read JSON in which nothing is told twice; raises `ValueError`."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError("it is no JSON") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _once(pairs: list[tuple[str, Any]]) -> Json:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a key is told twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def read_2(own: object, cluster: object, service: str) -> Instances:
    """Read what version 2.1 tells: the instance of the node that was asked, and the cluster.

    Raises `ValueError` for what is made otherwise.
    """
    monitor = _mapping(_mapping(cluster, "cluster").get("monitor"), "monitor")
    nodes = _mapping(monitor.get("nodes"))
    if _ASKED in nodes:
        raise ValueError(f"a node called {_ASKED}")
    found = [_instance(_ASKED, own, "updated", "frozen")]
    scopes = set()
    for name, node in nodes.items():
        services = _mapping(_mapping(node, name).get("services"), f"services of {name}")
        if service in (configured := _mapping(services.get("config"), f"config of {name}")):
            scopes.add(_scope(_mapping(configured[service]).get("scope"), name))
        if service in (told := _mapping(services.get("status"), f"status of {name}")):
            found.append(_instance(name, told[service], "updated", "frozen"))
    return Instances(tuple(found), frozenset(scopes), _merged(monitor.get("services"), service))


def _merged(services: object, service: str) -> str | None:
    """Tell what the cluster makes of all instances together; None where it says nothing of it."""
    told = _mapping(services or {}, "services").get(service)
    return None if told is None else str(_mapping(told, service).get("avail"))


def read_3(told: object, service: str) -> Instances:
    """Read what version 3 tells of every instance; raises `ValueError`."""
    if not isinstance(told, list):
        raise ValueError("no list of instances")  # noqa: TRY004 - one kind of error a reader
    found, scopes = [], set()
    for item in told:
        entry = _mapping(item, "an instance")
        if entry.get("path", service) != service:
            raise ValueError("an instance of another service")
        name = _mapping(entry.get("node"), "node").get("name")
        if not isinstance(name, str) or not name:
            raise ValueError("an instance without the name of its node")
        status = {**_mapping(entry.get("status"), "status"), "monitor": entry.get("monitor")}
        found.append(_instance(name, status, "updated_at", "frozen_at", thawed_if_absent=True))
        if (scope := _mapping(entry.get("config"), "config").get("scope")) is not None:
            scopes.add(_scope(scope, name))
    names = [one.node for one in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]} is told twice")
    return Instances(tuple(found), frozenset(scopes))


def _mapping(told: object, what: str = "an entry") -> Json:
    if not isinstance(told, dict):
        raise ValueError(f"{what} is no mapping")  # noqa: TRY004 - one kind of error a reader
    return told


def _scope(told: object, node: str) -> frozenset[str]:
    if not isinstance(told, list) or not told or not all(isinstance(one, str) for one in told):
        raise ValueError(f"the scope told by {node} is no list of nodes")
    return frozenset(told)


def _instance(
    node: str, told: object, updated: str, frozen: str, *, thawed_if_absent: bool = False
) -> Instance:
    entry = _mapping(told, f"the instance of {node}")
    doubts = list(_doubts(entry))
    told_of = list(_resources(entry.get("resources"), doubts))
    for name, inner in _mapping(entry.get("encap") or {}, "encap").items():
        inside = _resources(_mapping(inner, f"encap of {name}").get("resources"), doubts)
        told_of += [(f"{name}:{rid}", status) for rid, status in inside]
    return Instance(
        node=node,
        avail=str(entry.get("avail")),
        resources=_once_each(told_of),
        updated=_instant(entry.get(updated)),
        frozen=_frozen(entry.get(frozen, False if thawed_if_absent else None)),
        doubts=tuple(doubts),
    )


def _once_each(told_of: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Take a resource that is told twice for nonsense: nothing says which of the two is true."""
    resources: dict[str, str] = {}
    for rid, status in told_of:
        if rid in resources:
            raise ValueError(f"resource {rid[:80]} is told twice")
        resources[rid] = status
    return resources


def _doubts(entry: Json) -> Iterator[str]:
    """Tell what else an instance says that does not go with being down."""
    if running := entry.get("running"):
        yield f"something is running: {str(running)[:80]}"
    for whole in ("overall", "optional"):
        if entry.get(whole) == "up":
            yield f"{whole} it is up"
    monitor = entry.get("monitor")
    if monitor is None:
        return
    state = _mapping(monitor, "monitor")
    if (word := state.get("state", state.get("status"))) != "idle":
        yield f"its monitor is {'not told' if word is None else word}"
    for key in ("global_expect", "local_expect"):
        if (word := str(state.get(key) or "")) not in _EXPECTS_NOTHING:
            yield f"{key} is {word}"


def _resources(told: object, doubts: list[str]) -> Iterator[tuple[str, str]]:
    """Tell the state of each resource but those that only copy or run now and then."""
    entries: Iterable[tuple[object, object]]
    if isinstance(told, dict):
        entries = told.items()
    elif isinstance(told, list):
        entries = [(_mapping(one).get("rid"), one) for one in told]
    else:
        doubts.append("its resources are not told")
        return
    for rid, one in entries:
        if not isinstance(rid, str) or not rid:
            raise ValueError("a resource without its id")
        if rid.partition("#")[0] not in _ACTIVE_LATER:
            entry = _mapping(one, rid)
            inside = "encap:" if entry.get("encap") is True else ""  # not told by every node
            yield f"{inside}{rid}", str(entry.get("status"))


def _instant(told: object) -> datetime | None:
    if isinstance(told, int | float) and not isinstance(told, bool):
        return datetime.fromtimestamp(told, UTC) if 0 < told < 1 << 33 else None  # nor NaN
    found = _INSTANT.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return None
    zone = "+00:00" if found[3] == "Z" else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}.{(found[2] or '0')[:6]:0<6}{zone}")
    except ValueError:
        return None


def _frozen(told: object) -> bool | None:
    if told in _THAWED:
        return False
    if told is True or told == "frozen" or _instant(told) is not None:
        return True
    return None


def judge(
    service: str,
    told: Instances,
    nodes: Collection[str],
    now: datetime,
    longest: timedelta,
) -> Finding:
    """Say whether a service is down on every node. Only what is literally recognised is."""
    evidence = {"instances": {one.node: one.told for one in told.found}}
    for one in told.found:
        if sign := _up(one):
            return Finding(Verdict.UP, f"{service}: {sign} on {one.node}", evidence)
    doubt = _doubtful_nodes(told, nodes) or next(
        (f"{d} on {one.node}" for one in told.found for d in _doubtful(one, now, longest)), ""
    )
    doubt = doubt or next(_disagreements(told), "")
    if doubt:
        return unknown(f"{service}: {harmless(doubt)}", evidence)
    names = ", ".join(sorted(_names(told)))
    return Finding(Verdict.DOWN, f"{service} is down on {names}, with every resource", evidence)


def _disagreements(told: Instances) -> Iterator[str]:
    """Say of what one node tells another thing than the others, or all than the cluster."""
    if len({one.frozen for one in told.found}) > 1:
        yield "it is frozen on some nodes and not on others"
    if told.merged is not None and told.merged not in _DOWN:
        yield f"the cluster calls it {told.merged[:80]}, and each of its nodes down"
    everywhere = {rid for one in told.found for rid in one.resources if ":" not in rid}
    for one in told.found:
        if missing := everywhere - one.resources.keys():
            yield f"{min(missing)} is told elsewhere and not on {one.node}"


def _up(one: Instance) -> str:
    if one.avail in _UP:
        return f"it is {one.avail}"
    for rid, status in one.resources.items():
        if status in _UP:
            return f"{rid} is {status}"
    return ""


def _names(told: Instances) -> set[str]:
    return {one.node for one in told.found if one.node != _ASKED}


def _doubtful_nodes(told: Instances, nodes: Collection[str]) -> str:
    """Say which nodes are missing, or more than there should be."""
    scopes = set(told.scopes)
    if nodes:
        scopes.add(frozenset(nodes))
    if not scopes:
        return "which nodes it has is not told; set nodes"
    if len(scopes) > 1:
        lists = " and ".join(sorted(" ".join(sorted(scope)) for scope in scopes))
        return f"which nodes it has is told differently: {lists}"
    expected, names = scopes.pop(), _names(told)
    if missing := expected - names:
        return f"nothing is told of its node {min(missing)}"
    return f"{min(extra)} is none of its nodes" if (extra := names - expected) else ""


def _doubtful(one: Instance, now: datetime, longest: timedelta) -> Iterator[str]:
    """Say what is not as it must be where an instance is down."""
    if one.avail not in _DOWN:
        yield f"it is {one.avail}"
    for rid, status in one.resources.items():
        if status not in _DOWN | _NOTHING:
            yield f"{rid} is {status}"
    if not _DOWN.intersection(one.resources.values()):
        yield "no resource is down"
    yield from one.doubts
    if one.frozen is None:
        yield "whether it is frozen is not told"
    if one.updated is None:
        yield "when it was looked at is not told"
    elif abs(now - one.updated) > longest:
        yield f"it was last looked at at {one.updated.isoformat(timespec='seconds')}"
