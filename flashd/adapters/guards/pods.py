"""What a Kubernetes API tells of workloads, claims, pods and nodes, and what that proves. Pure.

Every object is JSON as the API writes it. What is not literally there is not taken for its default:
an answer that was cut, or of another kind, must not read as "none".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.findings import unknown
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Json = Any
_ENDED = frozenset({"Succeeded", "Failed"})
_COUNTS = (
    ("spec", "replicas"),
    ("status", "replicas"),
    ("status", "readyReplicas"),
    ("status", "availableReplicas"),
    ("status", "terminatingReplicas"),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """All that was read, in this order: workloads first, nodes last."""

    workloads: Mapping[str, Json]
    claims: Mapping[str, Json]
    volumes: Mapping[str, Json]
    drivers: Mapping[str, Json]
    pods: Sequence[Json]
    attachments: Sequence[Json]
    nodes: Sequence[Json]


def text(place: Json, *keys: str) -> str:
    """Follow keys to a text; raises `ValueError` where there is none."""
    found = _at(place, *keys)
    if not isinstance(found, str) or not found:
        raise ValueError(f"{'.'.join(keys)} is not told")
    return found


def _at(place: Json, *keys: str) -> Json:
    for key in keys:
        place = place.get(key) if isinstance(place, dict) else None
    return place


def _number(place: Json, *keys: str) -> int:
    found = _at(place, *keys)
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError(f"{'.'.join(keys)} is not told")  # noqa: TRY004 - one kind of error
    return found


def _list(place: Json, *keys: str) -> list[Json]:
    """Follow keys to a list, which the API leaves out where it is empty."""
    found = _at(place, *keys)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError(f"{'.'.join(keys)} is no list")  # noqa: TRY004 - one kind of error
    return found


def _objects(place: Json, *keys: str) -> list[dict[str, Json]]:
    """Follow keys to a list of objects; what is none might be anything."""
    found = _list(place, *keys)
    if not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{'.'.join(keys)} is no list of objects")
    return found


def name_of(thing: Json) -> str:
    """Tell the name of an object; raises `ValueError`."""
    return text(thing, "metadata", "name")


def namespace_of(thing: Json) -> Json:
    """Tell the namespace of an object; None where it has none."""
    return _at(thing, "metadata", "namespace")


def judge(cluster: Cluster, namespace: str, nodes: Collection[str]) -> Finding:
    """Say whether nobody uses the claims; raises `ValueError` for what is made otherwise."""
    told = {
        "workloads": {
            name: _at(one, "spec", "replicas") for name, one in cluster.workloads.items()
        },
        "volumes": sorted(cluster.volumes),
        "pods": len(cluster.pods),
        "nodes": [name_of(node) for node in cluster.nodes],
    }
    if used := next(_users(cluster), ""):
        return Finding(Verdict.UP, harmless(used), told)
    if doubt := next(_doubts(cluster, namespace, nodes), ""):
        return unknown(harmless(doubt), told)
    generations = " ".join(
        f"{text(one, 'metadata', 'uid')}:{_number(one, 'metadata', 'generation')}"
        for one in cluster.workloads.values()
    )
    claims = ", ".join(cluster.claims)
    reason = f"no pod uses {claims}, which are attached to no node, and nothing is to be started"
    return Finding(Verdict.DOWN, reason, told, generations)


def _users(cluster: Cluster) -> Iterator[str]:
    for name, one in cluster.workloads.items():
        for where, what in _COUNTS:
            if count := _at(one, where, what):
                yield f"{name}: {where}.{what} is {count}"
    for pod in cluster.pods:
        phase = text(pod, "status", "phase")
        if phase not in _ENDED and (claim := _claim_of(pod, cluster.claims)):
            leaving = " and is being ended" if _at(pod, "metadata", "deletionTimestamp") else ""
            yield f"pod {name_of(pod)} uses {claim}: it is {phase}{leaving}"
    for one in cluster.attachments:
        volume = _at(one, "spec", "source", "persistentVolumeName")
        if isinstance(volume, str) and volume in cluster.volumes:
            yield f"{volume} is attached to {_at(one, 'spec', 'nodeName')}, or is about to be"
    yield from _attached(cluster)


def _attached(cluster: Cluster) -> Iterator[str]:
    """Say which node tells, of itself, that it has a volume."""
    handles = {_handle(volume): name for name, volume in cluster.volumes.items()}
    for node in cluster.nodes:
        for used in _in_use(node):
            if volume := handles.get(used.removeprefix("kubernetes.io/csi/")):
                yield f"node {name_of(node)} has {volume} in use"


def _claim_of(pod: Json, claims: Collection[str]) -> str:
    """Tell which claim a pod uses; one made for the pod alone is called after it."""
    if not isinstance(_at(pod, "spec"), dict):
        raise ValueError(f"what pod {name_of(pod)} uses is not told")  # noqa: TRY004 - one kind
    for volume in _objects(pod, "spec", "volumes"):
        claim = ""
        if "persistentVolumeClaim" in volume:
            claim = text(volume, "persistentVolumeClaim", "claimName")
        elif _at(volume, "ephemeral") is not None:
            claim = f"{name_of(pod)}-{text(volume, 'name')}"
        if claim in claims:
            return claim
    return ""


def _handle(volume: Json) -> str:
    return f"{text(volume, 'spec', 'csi', 'driver')}^{text(volume, 'spec', 'csi', 'volumeHandle')}"


def _in_use(node: Json) -> Iterator[str]:
    """Tell what a node has in use; `ValueError` where it is not told by name."""
    for one in _list(node, "status", "volumesInUse"):
        yield text({"name": one}, "name")
    yield from (text(one, "name") for one in _list(node, "status", "volumesAttached"))


def _doubts(cluster: Cluster, namespace: str, nodes: Collection[str]) -> Iterator[str]:
    for name, one in cluster.workloads.items():
        yield from _unsettled(name, one)
    for name, claim in cluster.claims.items():
        yield from _unbound(name, claim, cluster, namespace)
    for bound in cluster.volumes.values():
        driver = _at(bound, "spec", "csi", "driver")
        if _at(cluster.drivers.get(str(driver)), "spec", "attachRequired") is not True:
            yield f"{name_of(bound)}: nothing tells where a volume of {driver} is attached"
    for one in cluster.attachments:
        volume = _at(one, "spec", "source", "persistentVolumeName")
        if not volume or not isinstance(volume, str):
            yield f"what {name_of(one)} attaches is not told by a name"
    yield from _absent(cluster.nodes, nodes)


def _unsettled(name: str, one: Json) -> Iterator[str]:
    """Say what a workload does not tell, or has not come to yet."""
    if _number(one, "spec", "replicas") != 0:
        yield f"{name}: how many replicas it is to have is not told"
    if _at(one, "status", "replicas") is not None and _number(one, "status", "replicas") != 0:
        yield f"{name}: how many replicas it has is not told"
    if _number(one, "status", "observedGeneration") < _number(one, "metadata", "generation"):
        yield f"{name}: its controller has not seen its last change yet"
    if _at(one, "metadata", "deletionTimestamp"):
        yield f"{name} is being deleted"


def _unbound(name: str, claim: Json, cluster: Cluster, namespace: str) -> Iterator[str]:
    if (phase := _at(claim, "status", "phase")) != "Bound":
        yield f"claim {name} is {phase}"
    volume = cluster.volumes[text(claim, "spec", "volumeName")]
    reference = _at(volume, "spec", "claimRef")
    bound = (_at(reference, "namespace"), _at(reference, "name"), _at(reference, "uid"))
    if bound != (namespace, name, text(claim, "metadata", "uid")):
        yield f"{name_of(volume)} is bound to another claim than {name}"


def _absent(told: Sequence[Json], expected: Collection[str]) -> Iterator[str]:
    names = {name_of(node) for node in told}
    if not names:
        yield "the cluster tells no node"
    if missing := set(expected) - names:
        yield f"node {min(missing)} is not told; it may run all the same"
    if expected and (extra := names - set(expected)):
        yield f"node {min(extra)} is none of those named"
    for node in told:
        ready = [
            _at(one, "status")
            for one in _objects(node, "status", "conditions")
            if _at(one, "type") == "Ready"
        ]
        if ready != ["True"]:
            yield f"node {name_of(node)} is not ready: it may have volumes that nobody tells"
