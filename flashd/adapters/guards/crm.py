"""What Pacemaker says about a resource, and what that proves. Pure.

A resource is down where the cluster is whole and says so of each of its members, a person wants
it stopped, and every node has looked: the last thing it did was to stop it, or to find nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards import xmltree
from flashd.adapters.guards.findings import unknown
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from flashd.adapters.guards.xmltree import Element

_UP = frozenset(
    {"Started", "Starting", "Stopping", "Promoted", "Unpromoted", "Promoting", "Demoting"}
    | {"Master", "Slave", "Migrating"}  # the roles' names before 2.1, and a move that is under way
)
_STOPPED = {
    "role": "Stopped",
    "target_role": "Stopped",
    "active": "false",
    "orphaned": "false",
    "blocked": "false",
    "managed": "true",
    "failed": "false",
    "failure_ignored": "false",
    "nodes_running_on": "0",
}
_CLUSTER = {"maintenance-mode": "false"}
_AT_WORK = {"online": "true", "pending": "false", "unclean": "false", "maintenance": "false"}
_GONE = {
    "online": "false",
    "pending": "false",
    "unclean": "false",
    "maintenance": "false",
    "expected_up": "false",
}
_WHOLES = frozenset({"resource", "group", "clone", "bundle"})
_CALL = re.compile(r"-?[0-9]{1,9}")
_CONTAINERS = ("podman", "docker", "rkt")

# OCF_SUCCESS and OCF_NOT_RUNNING; 0 is PCMK_EXEC_DONE.
_AT_REST = frozenset({("stop", "0", "0"), ("monitor", "7", "0")})


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that a node did to a resource, as the cluster keeps it."""

    task: str
    interval: str
    call: int
    rc: str
    status: str
    at: str

    def __str__(self) -> str:
        return f"{self.task} {self.call} rc={self.rc} status={self.status} at {self.at}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """All that was told; `history` holds by node and resource what was done."""

    summary: Element
    nodes: Mapping[str, Element]
    resources: Element
    fencing: tuple[Element, ...]
    history: Mapping[tuple[str, str], tuple[Operation, ...]]


@dataclass(frozen=True, slots=True)
class Sought:
    """The resource that is asked about, as a whole, with its members."""

    name: str
    whole: Element
    rows: tuple[Element, ...]

    @property
    def looked_at(self) -> frozenset[str]:
        """What every node looks for; of a bundle that is its containers, the rest is inside."""
        rows = self.rows
        if self.whole.name == "bundle":
            rows = tuple(row for row in rows if _agent(row) in _CONTAINERS)
        return frozenset(row.told.get("id", "") for row in rows)


def read(state: str, history: str) -> Cluster:
    """Read what `crm_mon` and `cibadmin` told; raises `ValueError`."""
    told = xmltree.read(state, "pacemaker-result")
    if (code := told.one("status").told.get("code")) != "0":
        raise ValueError(f"crm_mon has status {str(code)[:20]}")
    nodes = told.one("nodes").all("node")
    return Cluster(
        summary=told.one("summary"),
        nodes=_named(nodes, "name"),
        resources=told.one("resources"),
        fencing=tuple(told.below("fence_event")),
        history=_history(xmltree.read(history, "status")),
    )


def _named(elements: list[Element], key: str) -> dict[str, Element]:
    named = {name: one for one in elements if (name := one.told.get(key))}
    if len(named) != len(elements):
        raise ValueError(f"a {elements[0].name} is told twice, or without its {key}")
    return named


def _history(status: Element) -> dict[tuple[str, str], tuple[Operation, ...]]:
    history = {}
    for name, state in _named(status.all("node_state"), "uname").items():
        for resource, entry in _named(list(state.below("lrm_resource")), "id").items():
            operations = tuple(map(_operation, entry.all("lrm_rsc_op")))
            history[name, resource] = operations
    return history


def _operation(told: Element) -> Operation:
    words = [told.told.get(key) for key in ("operation", "interval", "call-id", "rc-code")]
    more = [told.told.get(key) for key in ("op-status", "last-rc-change")]
    task, interval, call, rc, status, at = (word or "" for word in (*words, *more))
    if not _CALL.fullmatch(call):
        raise ValueError(f"{call[:20]!a} is no number of a call")
    return Operation(task, interval, int(call), rc, status, at)


def judge(
    resource: str, cluster: Cluster, nodes: Collection[str], *, offline_is_down: bool = False
) -> Finding:
    """Say whether a resource is stopped everywhere. Only what is literally recognised is."""
    sought = _sought(resource, cluster)
    if not isinstance(sought, Sought):
        return unknown(harmless(sought))
    evidence = _evidence(sought, cluster)
    for row in sought.rows:
        if sign := _up(row):
            said = sign if row is sought.whole else f"{resource}: {sign}"
            return Finding(Verdict.UP, harmless(said), evidence)
    doubts = (
        *_doubtful_cluster(cluster),
        *_doubtful_nodes(cluster, nodes, offline_is_down=offline_is_down),
        *_doubtful_members(sought),
        *_doubtful_history(sought, cluster),
    )
    if doubts:
        return unknown(f"{resource}: {harmless(doubts[0])}", evidence)
    said = f"{resource} is stopped on {_names(cluster)}, with every member, as is wanted"
    return Finding(Verdict.DOWN, said, evidence, _incarnation(sought, cluster))


def _names(cluster: Cluster) -> str:
    own = sorted(set(cluster.nodes) - _guests_of_bundles(cluster))
    offline = [name for name in own if cluster.nodes[name].told.get("online") != "true"]
    return ", ".join(own) + (f" ({', '.join(offline)} offline)" if offline else "")


def _sought(resource: str, cluster: Cluster) -> Sought | str:
    wholes = [one for one in cluster.resources.children if one.name in _WHOLES]
    found = [one for one in wholes if one.told.get("id") == resource]
    if len(found) > 1:
        return f"{resource} is told {len(found)} times"
    if found:
        rows = (found[0],) if found[0].name == "resource" else (*found[0].below("resource"),)
        return Sought(resource, found[0], rows)
    for whole in wholes:
        if any(part.told.get("id") == resource for part in _parts(whole)):
            return f"{resource} is a part of {whole.told.get('id')}; name that"
    return f"the cluster knows no {resource}"


def _parts(whole: Element) -> Iterator[Element]:
    for child in whole.children:
        yield child
        yield from _parts(child)


def _agent(row: Element) -> str:
    return row.told.get("resource_agent", "").rpartition(":")[2]


def _up(row: Element) -> str:
    """Say what shows that a member runs, or is about to."""
    name, told = row.told.get("id"), row.told
    nodes = " and ".join(str(node.told.get("name")) for node in row.all("node"))
    where = f" on {nodes}" if nodes else ""
    blocked = ", blocked" if told.get("blocked") == "true" else ""
    if (role := told.get("role")) in _UP:
        return f"{name} is {role}{where}{blocked}"
    if told.get("active") == "true" or where:
        return f"{name} is active{where}{blocked}"
    return f"{name} is {pending}" if (pending := told.get("pending")) in _UP else ""


def _unlike(told: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[str]:
    for key, word in expected.items():
        if (found := told.get(key)) is None:
            yield f"{key} is not told"
        elif found != word:
            yield f"{key} is {found}"


def _doubtful_cluster(cluster: Cluster) -> Iterator[str]:
    """Say why the cluster's word counts for nothing now."""
    leader = cluster.summary.one("current_dc").told
    if leader.get("present") != "true":
        yield "no node leads the cluster"
    if leader.get("with_quorum") != "true":
        yield "the cluster has no quorum"
    if (running := cluster.summary.one("stack").told.get("pacemakerd-state", "running")) != (
        "running"
    ):
        yield f"pacemakerd is {running}"
    for doubt in _unlike(cluster.summary.one("cluster_options").told, _CLUSTER):
        yield f"the cluster's {doubt}"
    for event in cluster.fencing:
        if event.told.get("status") not in {"success", "failed"}:
            yield f"{event.told.get('target')} is being fenced"


def _doubtful_nodes(
    cluster: Cluster, nodes: Collection[str], *, offline_is_down: bool
) -> Iterator[str]:
    """Say which nodes are missing, too many, or in no state to speak for."""
    told = cluster.summary.one("nodes_configured").told.get("number")
    if told != str(len(cluster.nodes)):
        yield f"{told} nodes are configured and {len(cluster.nodes)} told of"
    own = {name for name, node in cluster.nodes.items() if "id_as_resource" not in node.told}
    if nodes and (missing := set(nodes) - own):
        yield f"nothing is told of the node {min(missing)}"
    if nodes and (extra := own - set(nodes)):
        yield f"{min(extra)} is none of the nodes that it should have"
    if strangers := {node for node, _ in cluster.history} - set(cluster.nodes):
        yield f"{min(strangers)} did something, and is none of the nodes"
    fences = cluster.summary.one("cluster_options").told.get("stonith-enabled") == "true"
    for name, node in cluster.nodes.items():
        if node.told.get("type") not in {"member", "remote"}:
            yield f"{name} is of the type {node.told.get('type')}"
        if node.told.get("online") == "false" and "id_as_resource" in node.told:
            yield from (
                f"{name} is offline, and {doubt}" for doubt in _doubtful_guest(node, cluster)
            )
        elif node.told.get("online") == "false" and offline_is_down and fences:
            yield from (
                f"{name} is offline, and its {doubt}" for doubt in _unlike(node.told, _GONE)
            )
        elif node.told.get("online") == "false":
            yield f"{name} is offline"
        else:
            yield from (f"{name}: {doubt}" for doubt in _unlike(node.told, _AT_WORK))


def _doubtful_guest(node: Element, cluster: Cluster) -> Iterator[str]:
    """Say why a guest may still be there: it is gone where the resource that it is was stopped."""
    name = node.told["id_as_resource"]
    rows = [row for row in cluster.resources.below("resource") if row.told.get("id") == name]
    if not rows:
        yield f"the cluster knows no {name}, which it is"
    expected = {key: word for key, word in _STOPPED.items() if key != "target_role"}
    for row in rows:
        yield from (f"of {name}, which it is, {doubt}" for doubt in _unlike(row.told, expected))


def _doubtful_members(sought: Sought) -> Iterator[str]:
    """Say what is not as it must be where a resource is stopped."""
    if not sought.rows:
        yield "it has no member"
    number = sought.whole.told.get("number_resources", str(len(sought.rows)))
    if number != str(len(sought.rows)):
        yield f"it has {number} members, and {len(sought.rows)} are told of"
    for part in (sought.whole, *_parts(sought.whole)):
        name = part.told.get("id")
        expected = _STOPPED if part.name == "resource" else {}
        if part.name in {"group", "clone", "bundle"}:
            expected = {"managed": "true"}
        yield from (f"of {name}, {doubt}" for doubt in _unlike(part.told, expected))
        for key, fine in (("maintenance", "false"), ("failed", "false"), ("pending", "")):
            if part.told.get(key, fine) != fine:
                yield f"of {name}, {key} is {part.told[key]}"


def _doubtful_history(sought: Sought, cluster: Cluster) -> Iterator[str]:
    """Say which node has not looked, or did something else at last than to stop or find nothing."""
    if not (names := sought.looked_at):
        yield "no container of it is known by its agent"
    inside = _guests_of_bundles(cluster)
    for node, element in cluster.nodes.items():
        for name in sorted(names):
            entries = _done(cluster, node, name)
            if not entries and element.told.get("online") == "true" and node not in inside:
                yield f"{node} never looked whether {name} is there"
    for (node, resource), operations in cluster.history.items():
        if _base(resource) in {_base(row.told.get("id", "")) for row in sought.rows}:
            yield from (f"on {node}, {doubt}" for doubt in _restless(resource, operations))


def _restless(resource: str, operations: tuple[Operation, ...]) -> Iterator[str]:
    if not operations:
        yield f"nothing was ever done to {resource}"
    last = max((one.call for one in operations), default=0)
    for one in operations:
        if one.status == "-1" or one.call < 0:
            yield f"the {one.task} of {resource} is under way"
        elif one.call == last and (one.task, one.rc, one.status) not in _AT_REST:
            yield f"{resource} had at last a {one.task}, with rc={one.rc} and status {one.status}"


def _done(cluster: Cluster, node: str, name: str) -> list[tuple[Operation, ...]]:
    """Pick what a node did to a resource; instances of an anonymous clone may have a number."""
    return [
        operations
        for (where, resource), operations in cluster.history.items()
        if where == node and name in {resource, _base(resource)}
    ]


def _base(resource: str) -> str:
    stem, colon, number = resource.rpartition(":")
    return stem if colon and number.isdigit() else resource


def _guests_of_bundles(cluster: Cluster) -> frozenset[str]:
    """Nodes that are inside a bundle: nothing but what the bundle holds is ever there."""
    bundles = cluster.resources.all("bundle")
    rows = {row.told.get("id") for bundle in bundles for row in bundle.below("resource")}
    return frozenset(name for name in cluster.nodes if name in rows)


def _incarnation(sought: Sought, cluster: Cluster) -> str:
    """Name what was done so far: a start and a stop in between make it another one."""
    bases = {_base(row.told.get("id", "")) for row in sought.rows}
    done = sorted(
        f"{node} {resource} {operation}"
        for (node, resource), operations in cluster.history.items()
        if _base(resource) in bases
        for operation in operations
    )
    return hashlib.sha256("\n".join(done).encode()).hexdigest()[:32]


def _evidence(sought: Sought, cluster: Cluster) -> dict[str, object]:
    return {
        "nodes": {name: _some(node, *_GONE, "type") for name, node in cluster.nodes.items()},
        "members": [_some(row, "id", *_STOPPED) for row in sought.rows],
        "cluster": {
            **_some(cluster.summary.one("current_dc"), "name", "with_quorum"),
            **_some(cluster.summary.one("cluster_options"), "stonith-enabled", *_CLUSTER),
        },
        "last": {
            f"{resource} on {node}": [str(one) for one in operations[-3:]]
            for (node, resource), operations in cluster.history.items()
            if _base(resource) in {_base(row.told.get("id", "")) for row in sought.rows}
        },
    }


def _some(element: Element, *keys: str) -> dict[str, str]:
    return {key: harmless(word[:80]) for key in keys if (word := element.told.get(key)) is not None}
