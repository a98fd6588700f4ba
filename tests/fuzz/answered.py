"""Guards that ask over a network: what a web server and the API of a cluster answer."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards import http, kubernetes, listening
from flashd.adapters.guards.kubeconfig import Access
from flashd.adapters.processes import Ending
from flashd.config.guards import BUILT_IN_GUARDS
from flashd.model.verdict import Finding, Verdict
from tests.fuzz.guards import Looking, Reader, said_of
from tests.fuzz.target import Shape, joined
from tests.integration.guards import api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from tests.fuzz.guards import Answers, Said

_URL = "http://db.tst/ready"
_REFUSED, _SILENT = 111, 110
_CLAIM, _IN_USE = "data", f"kubernetes.io/csi/block.csi.ibm.com^{api.HANDLE}"


class Network:
    """A guard of HTTP whose every question was answered, refused, or met with silence."""

    async def _look(self, host: Answers) -> Finding:
        answers: dict[str, str] = {}
        while host.left:
            done = await host.run((), (), cap=0)
            found = {_REFUSED: listening.REFUSED, _SILENT: "no answer in time"}
            if not isinstance(done, Finding) and done.ending is Ending.EXITED:
                said = found.get(done.exit_status or 0) or http.first_of(done.output)
                answers[f"10.0.0.{len(answers)}"] = said
            else:
                answers[f"10.0.0.{len(answers)}"] = found[_SILENT]
        return http.judge(_URL, answers)


def _check_web(data: bytes, look: Any) -> None:  # noqa: ANN401 - as checks are
    """See that every answer is one, whatever it says, and refusals alone are none."""
    _WEB.check(data, look)
    said = said_of(data)
    answered = [
        one
        for one in said
        if one.ending is Ending.EXITED and one.output and one.status not in {_REFUSED, _SILENT}
    ]
    if answered:
        assert look.finding.verdict is Verdict.UP, "somebody answered"
    assert look.finding.verdict is not Verdict.UP or answered, "nobody answered"


@dataclass(frozen=True, slots=True)
class Status:
    """The answer of an API, as its client tells it."""

    status: int
    text: bytes

    async def read(self) -> bytes:
        """Tell the text."""
        return self.text


@asynccontextmanager
async def _answering(host: Answers, url: str, **how: Any) -> AsyncIterator[Status]:  # noqa: ANN401 - as asked
    del url, how
    done = await host.run((), (), cap=0)
    if isinstance(done, Finding) or done.ending is not Ending.EXITED:
        raise ConnectionResetError("the answer breaks off")
    yield Status(done.exit_status or 0, done.output)


class Cluster:
    """A guard of Kubernetes, asked without the way to its API."""

    async def _look(self, host: Answers) -> Finding:
        words = {"namespace": "tst", "workloads": "statefulset/db", "claims": _CLAIM}
        options = BUILT_IN_GUARDS["kubernetes"].model_validate({"kubeconfig": "/k", **words})
        access = Access("https://api.tst", None)  # type: ignore[arg-type]
        asked = kubernetes._Api(partial(_answering, host), access)
        try:
            return await kubernetes._look(options, asked)  # type: ignore[arg-type]
        except ConnectionResetError:
            return Finding(Verdict.UNKNOWN, "the API of the cluster did not answer")
        except kubernetes.NOT_TOLD as error:
            return kubernetes.untold(error)


def _unused(answers: Sequence[Said]) -> bool:
    """See that all was told to its end, and of the one claim nothing is there that may use it."""
    told = [json.loads(said.output) for said in answers]
    workload, claim, volume, driver, *lists = told
    pages = {
        kind: [one for one in lists if one["kind"].lower() == f"{kind}list"]
        for kind in ("pod", "volumeattachment", "node")
    }
    pods, attachments, nodes = (
        [one for page in found for one in page["items"]] for found in pages.values()
    )
    return (
        all(said.status == 200 for said in answers)
        and sum(map(len, pages.values())) == len(lists)
        and all(_ended(found) for found in pages.values())
        and _wants_nothing(workload)
        and _is_bound(claim, volume)
        and driver["metadata"]["name"] == volume["spec"]["csi"]["driver"]
        and driver["spec"]["attachRequired"] is True
        and all(_cannot_use(pod) for pod in pods)
        and all(_is_of_another(one, volume["metadata"]["name"]) for one in attachments)
        and bool(nodes)
        and all(_has_not(node, volume["spec"]["csi"]) for node in nodes)
    )


def _ended(pages: Sequence[Any]) -> bool:
    *begun, last = [page["metadata"] for page in pages]
    return all(about.get("continue") for about in begun) and not (
        last.get("continue", "") != "" or last.get("remainingItemCount")
    )


def _wants_nothing(workload: Any) -> bool:  # noqa: ANN401 - JSON may be anything
    about, wanted, now = workload["metadata"], workload["spec"], workload["status"]
    return (
        about["name"] == "db"
        and workload["kind"].lower() == "statefulset"
        and str(wanted["replicas"]) == "0"
        and str(now.get("replicas", 0)) == "0"
        and int(now["observedGeneration"]) >= int(about["generation"])
        and not about.get("deletionTimestamp")
    )


def _is_bound(claim: Any, volume: Any) -> bool:  # noqa: ANN401 - JSON may be anything
    reference = volume["spec"]["claimRef"]
    return (
        claim["status"]["phase"] == "Bound"
        and claim["metadata"]["name"] == _CLAIM
        and claim["spec"]["volumeName"] == volume["metadata"]["name"]
        and isinstance(volume["spec"]["csi"]["volumeHandle"], str)
        and [reference["namespace"], reference["name"]] == ["tst", _CLAIM]
        and reference["uid"] == claim["metadata"]["uid"]
    )


def _cannot_use(pod: Any) -> bool:  # noqa: ANN401 - JSON may be anything
    if pod["status"]["phase"] in {"Succeeded", "Failed"}:
        return True
    for volume in pod["spec"].get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            claim = volume["persistentVolumeClaim"]["claimName"]
            if not isinstance(claim, str) or claim == _CLAIM:
                return False
        if volume.get("ephemeral") is not None:
            own = f"{pod['metadata']['name']}-{volume['name']}"
            if own == _CLAIM:
                return False
    return True


def _is_of_another(attachment: Any, volume: str) -> bool:  # noqa: ANN401 - JSON may be anything
    name = attachment["spec"]["source"]["persistentVolumeName"]
    return isinstance(name, str) and name not in {"", volume}


def _has_not(node: Any, csi: Any) -> bool:  # noqa: ANN401 - JSON may be anything
    status, handle = node["status"], f"{csi['driver']}^{csi['volumeHandle']}"
    used = list(status.get("volumesInUse") or [])
    used += [one["name"] for one in status.get("volumesAttached") or []]
    ready = [one["status"] for one in status["conditions"] if one.get("type") == "Ready"]
    return ready == ["True"] and not any(handle in one for one in used)


def _cluster_seeds() -> Iterator[list[bytes]]:
    """Tell what the API server of the tests does, idle and in every kind of use."""
    more = [
        {},
        {api.PODS: [api.listing("PodList", api.pod("Running"), api.pod("Succeeded"))]},
        {api.PODS: [api.listing("PodList", api.pod("Running", claim="log"), api.pod("Failed"))]},
        {
            api.PODS: [
                api.listing("PodList", api.pod("Pending", claim="x"), **{"continue": "1"}),
                api.listing("PodList", api.pod("Succeeded")),
            ]
        },
        {api.ATTACHMENTS: [api.listing("VolumeAttachmentList", api.attachment())]},
        {api.ATTACHMENTS: [api.listing("VolumeAttachmentList", api.attachment("pv-2"))]},
        {api.NODES: [api.listing("NodeList", api.node(volumesInUse=[_IN_USE]), api.node("n2"))]},
        {api.NODES: [api.listing("NodeList", api.node(volumesAttached=[{"name": "x^y"}]))]},
        {api.NODES: [api.listing("NodeList", api.node(volumesInUse=["x"]), api.node("n2"))]},
        {api.PODS: [api.listing("PodList", _ephemeral("ta")), api.listing("PodList")]},
        {api.PODS: [api.listing("PodList", _ephemeral("log"))]},
    ]
    for changed in more:
        answers = {path: [one] for path, one in api.idle().items()} | changed
        yield [json.dumps(page).encode() for pages in answers.values() for page in pages]


def _ephemeral(name: str) -> dict[str, Any]:
    pod = api.pod("Running")
    pod["metadata"]["name"] = "da"
    return pod | {"spec": {"volumes": [{"name": name, "ephemeral": {}}]}}


def _web_seeds() -> list[bytes]:
    """Tell of one address and of several: who refused, who was silent, and what was said."""
    lines = (
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
        b"HTTP/1.1 503 \x1b[2J\r\n",
        b"refused",
        b"\r\n",
    )
    return [
        joined("111\n"),
        joined("111\n", "111\n", "111\n"),
        joined("111\n", "110\n"),
        *(joined("111\n", b"0\n" + line) for line in lines),
        *(joined(b"0\n" + line) for line in (*lines, b"")),
    ]


_WEB = Looking(
    Reader(
        name="http",
        guard=Network,
        literally=lambda said: bool(said) and all(one.status == _REFUSED for one in said),
        seeds=lambda: ([b""], [b"", b""]),
        proof=Verdict.CLEAR,
        by_status=True,
        head=b"111",
    )
)
_CLUSTER = Looking(
    Reader(
        name="kubernetes",
        guard=Cluster,
        literally=_unused,
        seeds=_cluster_seeds,
        shape=Shape.JSON,
        head=b"200",
        words=(b'"pv-1"', b'"data"', b'"Running"', b'"continue": "1"', b'"kind"', _IN_USE.encode()),
        largest=1 << 14,
    )
)
READERS = (_WEB.reader, _CLUSTER.reader)
TARGETS = (
    replace(_WEB.target(), check=_check_web, seeds=_web_seeds, words=(b"111\n", b"0\n", b"late\n")),
    _CLUSTER.target(),
)
