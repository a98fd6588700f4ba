"""The whole guard against an API server of our own, by real HTTPS."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters.guards.kubernetes import KubernetesGuard
from flashd.config.guards import KubernetesOptions
from flashd.model.verdict import Finding, Verdict
from tests.integration.guards.api import (
    ATTACHMENTS,
    CLAIM,
    DRIVER,
    HANDLE,
    NODES,
    PODS,
    STS,
    TOKEN,
    VOLUME,
    Api,
    attachment,
    idle,
    listing,
    node,
    pod,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with Api(tmp_path_factory.mktemp("api")).running() as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """Forget what the test before laid out."""
    server.answers, server.status, server.spoilt = idle(), {}, {}
    server.asked.clear()
    server.write()
    return server


async def look(api: Api, **options: Any) -> Finding:  # noqa: ANN401 - options are checked by their model
    words = {"namespace": "tst", "workloads": "statefulset/db", "claims": "data", **options}
    made = KubernetesOptions.model_validate({"kubeconfig": str(api.kubeconfig), **words})
    finding = await KubernetesGuard(made).look()
    assert TOKEN not in finding.reason + json.dumps(finding.evidence)
    return finding


async def test_where_nothing_uses_the_claim_it_is_down(api: Api) -> None:
    finding = await look(api, nodes="n1")
    assert finding.verdict is Verdict.DOWN, finding
    assert finding.incarnation == "u1:4"
    assert not any("resourceVersion" in one for one in api.asked)


def changed(path: str, *keys: str, to: Any = None) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Take the idle cluster with one thing otherwise; without `to`, not told."""
    answers = copy.deepcopy(idle())
    place = answers[path]
    for key in keys[:-1]:
        place = place[key]
    if to is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = to
    return {path: answers[path]}


IN_USE = f"kubernetes.io/csi/block.csi.ibm.com^{HANDLE}"
UP = {
    "replicas wanted": changed(STS, "spec", "replicas", to=1),
    "replicas left": changed(STS, "status", "replicas", to=1),
    "pod running": {PODS: listing("PodList", pod("Running"))},
    "pod pending": {PODS: listing("PodList", pod("Pending"))},
    "pod of a lost node": {PODS: listing("PodList", pod("Unknown"))},
    "pod being ended": {
        PODS: listing("PodList", pod("Running", deletionTimestamp="2026-01-01T00:00:00Z"))
    },
    "pod on the second page": {
        PODS: {
            "pages": [listing("PodList", **{"continue": "1"}), listing("PodList", pod("Running"))]
        }
    },
    "attached": {ATTACHMENTS: listing("VolumeAttachmentList", attachment())},
    "being detached": {
        ATTACHMENTS: listing(
            "VolumeAttachmentList",
            attachment(attached=False, deletionTimestamp="2026-01-01T00:00:00Z"),
        )
    },
    "in use on a node": {NODES: listing("NodeList", node(volumesInUse=[IN_USE]))},
    "attached to a node": {NODES: listing("NodeList", node(volumesAttached=[{"name": IN_USE}]))},
}


@pytest.mark.parametrize("answers", UP.values(), ids=UP.keys())
async def test_any_use_is_up(api: Api, answers: dict[str, Any]) -> None:
    api.answers.update(answers)
    finding = await look(api)
    assert finding.verdict is Verdict.UP, finding


DOWN = {
    "replicas told as 0": changed(STS, "status", "replicas", to=0),
    "pod that ended": {PODS: listing("PodList", pod("Succeeded"), pod("Failed"))},
    "pod with another claim": {PODS: listing("PodList", pod("Running", claim="log"))},
    "another volume attached": {ATTACHMENTS: listing("VolumeAttachmentList", attachment("pv-2"))},
    "another volume in use": {NODES: listing("NodeList", node(volumesInUse=[IN_USE[:-1] + "3"]))},
    "two pages": {PODS: {"pages": [listing("PodList", **{"continue": "1"}), listing("PodList")]}},
    "seen later": changed(STS, "status", "observedGeneration", to=5),
}


@pytest.mark.parametrize("answers", DOWN.values(), ids=DOWN.keys())
async def test_what_is_no_use_of_the_claim_is_none(api: Api, answers: dict[str, Any]) -> None:
    api.answers.update(answers)
    finding = await look(api)
    assert finding.verdict is Verdict.DOWN, finding


UNKNOWN = {
    "replicas not told": (changed(STS, "spec", "replicas"), "spec.replicas is not told"),
    "change not seen": (
        changed(STS, "status", "observedGeneration", to=3),
        "has not seen its last change",
    ),
    "never seen": (changed(STS, "status", "observedGeneration"), "observedGeneration is not told"),
    "claim pending": (changed(CLAIM, "status", "phase", to="Pending"), "claim data is Pending"),
    "claim lost": (changed(CLAIM, "status", "phase", to="Lost"), "claim data is Lost"),
    "claim without volume": (changed(CLAIM, "spec", "volumeName"), "spec.volumeName is not told"),
    "volume of another claim": (
        changed(VOLUME, "spec", "claimRef", to={"namespace": "prd", "name": "data", "uid": "c1"}),
        "bound to another claim",
    ),
    "volume of an older claim": (
        changed(VOLUME, "spec", "claimRef", "uid", to="c0"),
        "bound to another claim",
    ),
    "volume without csi": (changed(VOLUME, "spec", "csi"), "spec.csi.driver is not told"),
    "driver that attaches nothing": (
        changed(DRIVER, "spec", "attachRequired", to=False),
        "nothing tells where",
    ),
    "attachment without name": (
        {ATTACHMENTS: listing("VolumeAttachmentList", attachment(None))},
        "is not told by a name",
    ),
    "pod without phase": ({PODS: listing("PodList", pod(""))}, "status.phase is not told"),
    "node not ready": ({NODES: listing("NodeList", node(ready="False"))}, "n1 is not ready"),
    "node silent": ({NODES: listing("NodeList", node(ready="Unknown"))}, "n1 is not ready"),
    "no node": ({NODES: listing("NodeList")}, "tells no node"),
    "list begun": (
        {PODS: listing("PodList", remainingItemCount=7)},
        "was not told to its end",
    ),
    "list without end": (
        {PODS: {"pages": [listing("PodList", **{"continue": "0"})]}},
        "was not told to its end",
    ),
    "another kind": ({PODS: listing("NodeList")}, "is no podlist"),
    "another object": (changed(STS, "metadata", "name", to="other"), "is another object"),
    "no list": ({PODS: {"kind": "PodList", "metadata": {}}}, "is no list"),
}


@pytest.mark.parametrize(("answers", "reason"), UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_what_is_not_literally_told_is_unknown(
    api: Api, answers: dict[str, Any], reason: str
) -> None:
    api.answers.update(answers)
    finding = await look(api)
    assert finding.verdict is Verdict.UNKNOWN, finding
    assert reason in finding.reason


@pytest.mark.parametrize("path", list(idle()))
@pytest.mark.parametrize("status", [301, 401, 403, 404, 410, 500])
async def test_any_other_status_of_any_answer_is_unknown(api: Api, path: str, status: int) -> None:
    api.status[path] = status
    finding = await look(api)
    assert finding.verdict is Verdict.UNKNOWN, finding
    assert f"{path} was answered with {status}" in finding.reason


@pytest.mark.parametrize("path", list(idle()))
async def test_an_answer_that_is_cut_or_no_json_is_unknown(api: Api, path: str) -> None:
    for spoil in (lambda one: one[:-9], lambda one: one[:-9] + b"...cut", lambda _: b""):
        api.spoilt[path] = spoil
        finding = await look(api)
        assert finding.verdict is Verdict.UNKNOWN, finding


@pytest.mark.parametrize("nodes", ["n1 n2", "n2"])
async def test_the_nodes_must_be_those_that_are_named(api: Api, nodes: str) -> None:
    assert (await look(api, nodes=nodes)).reason == "node n2 is not told; it may run all the same"
    api.answers[NODES] = listing("NodeList", node(), node("n2"), node("n3"))
    assert (await look(api, nodes=f"{nodes} n1")).reason == "node n3 is none of those named"


async def test_the_token_is_shown_and_never_told(api: Api) -> None:
    api.write(user={"token": "another"})
    assert "401: the credentials are not accepted" in (await look(api)).reason


REFUSED = {
    "no TLS": ({"server": "http://127.0.0.1:1"}, "must be https://"),
    "anybody's certificate": ({"insecure-skip-tls-verify": True}, "must be verified"),
    "a plug-in": ({"user": {"exec": {"command": "/bin/true"}}}, "exec of a user is not supported"),
    "nobody to believe": ({"certificate-authority": ""}, "lacks certificate-authority"),
}


@pytest.mark.parametrize(("told", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_kubeconfig_that_cannot_be_believed_asks_nobody(
    api: Api, told: dict[str, Any], reason: str
) -> None:
    api.write(**told)
    finding = await look(api)
    assert finding.verdict is Verdict.UNKNOWN
    assert reason in finding.reason
    assert api.asked == []


@pytest.mark.parametrize(
    ("many", "one", "name"), [("contexts", "context", "tst"), ("clusters", "cluster", "c")]
)
async def test_of_two_entries_of_one_name_none_is_taken(
    api: Api, many: str, one: str, name: str
) -> None:
    """Either could be another cluster, in which nothing is running."""
    told = json.loads(api.kubeconfig.read_text())
    told[many].append({"name": name, one: {"server": "https://elsewhere", "cluster": "c"}})
    api.kubeconfig.write_text(json.dumps(told))
    finding = await look(api)
    assert finding.verdict is Verdict.UNKNOWN
    assert f"has 2 times a {one} called {name}" in finding.reason
    assert api.asked == []


async def test_a_context_that_is_not_there_asks_nobody(api: Api) -> None:
    finding = await look(api, context="prd")
    assert finding.verdict is Verdict.UNKNOWN
    assert "the kubeconfig has no context called prd" in finding.reason
    assert api.asked == []


async def test_a_kubeconfig_that_others_can_change_asks_nobody(api: Api) -> None:
    api.kubeconfig.chmod(0o622)
    assert "others can use it" in (await look(api)).reason
    assert api.asked == []


async def test_an_authority_that_others_can_change_is_not_believed(api: Api) -> None:
    (api.root / "cert.pem").chmod(0o664)
    finding = await look(api)
    (api.root / "cert.pem").chmod(0o644)
    assert finding.verdict is Verdict.UNKNOWN
    assert f"run: chmod go-w {api.root / 'cert.pem'}" in finding.reason
    assert api.asked == []


@pytest.mark.parametrize("token", ["two\nlines", "two words", "n\u00e4h", "x\r\nHost: y"])
async def test_a_token_that_is_none_asks_nobody_and_is_not_told(api: Api, token: str) -> None:
    api.write(user={"token": token})
    finding = await look(api)
    assert finding.verdict is Verdict.UNKNOWN
    assert "the token of the user is none" in finding.reason
    assert api.asked == []


async def test_a_server_with_another_certificate_is_unknown(api: Api, tmp_path: Path) -> None:
    with Api(tmp_path).running() as other:
        api.write(server=f"https://127.0.0.1:{other.port}")
        finding = await look(api)
    assert finding.verdict is Verdict.UNKNOWN
    assert "did not answer: ClientConnectorCertificateError" in finding.reason


async def test_a_server_that_is_silent_is_unknown(api: Api) -> None:
    api.silent.clear()
    try:
        finding = await look(api, timeout=timedelta(seconds=0.3))
    finally:
        api.silent.set()
    assert finding.reason == "the API of the cluster did not answer within 0.3 s"
