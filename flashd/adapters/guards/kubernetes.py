"""Whether nothing in a Kubernetes cluster uses the claims on the targets."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flashd.adapters.guards import pods
from flashd.adapters.guards.findings import cause, late, unknown, witnessed
from flashd.adapters.guards.instances import document
from flashd.adapters.guards.kubeconfig import Access, read_access
from flashd.adapters.threads import beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import aiohttp

    from flashd.config.guards import KubernetesOptions
    from flashd.model.verdict import Finding

_PLURALS = {"deployment": "deployments", "statefulset": "statefulsets"}
_PAGE, _PAGES = 500, 40
_MOST = 1 << 25
_OK = 200


class _NotTold(Exception):  # noqa: N818 - named for what became of the question
    """The API did not tell what it was asked."""


NOT_TOLD = (_NotTold, ValueError, LookupError, RecursionError)
"""All that an answer that is no use raises."""


def untold(error: Exception) -> Finding:
    """Say why an answer is no use."""
    return unknown(f"the API of the cluster: {error}")


@dataclass(frozen=True, slots=True)
class KubernetesGuard:
    """Proves that the claims are in use nowhere in the cluster, as its API tells it.

    No `resourceVersion` is given with a question, so each answer is that of a quorum.
    """

    options: KubernetesOptions

    async def look(self) -> Finding:
        """Read the workloads, the claims with all that may use them, and the nodes."""
        try:
            import aiohttp  # noqa: PLC0415 - only who has such a guard pays for it
        except ImportError:
            return unknown("aiohttp is not installed; install flashd[kubernetes]")
        try:
            return await self._look()
        except (aiohttp.ClientError, OSError) as error:
            return unknown(f"the API of the cluster did not answer: {type(error).__name__}")
        except NOT_TOLD as error:
            return untold(error)

    async def _look(self) -> Finding:
        import aiohttp  # noqa: PLC0415 - as above

        options = self.options
        deadline = asyncio.get_running_loop().time() + options.timeout.total_seconds()
        try:
            async with asyncio.timeout_at(deadline):
                access = await beside(partial(read_access, options.kubeconfig, options.context))
        except TimeoutError:
            return late(f"{options.kubeconfig} could not be read", options.timeout)
        except (ValueError, OSError) as error:
            return unknown(f"{options.kubeconfig} cannot be used: {cause(error)}")
        connector = aiohttp.TCPConnector(ssl=access.secure)
        work = asyncio.ensure_future(_ask(connector, options, access))
        try:
            await asyncio.wait({work}, timeout=deadline - asyncio.get_running_loop().time())
            if not work.done():
                return late("the API of the cluster did not answer", options.timeout)
            return work.result()
        finally:
            # Before the question is given up: one that is cancelled first takes leave of the
            # server, and waits for its answer with nobody to close the connection.
            await connector.close(abort_ssl=True)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.sleep(0)  # the loop closes what was aborted in its next turn


async def _ask(
    connector: aiohttp.TCPConnector, options: KubernetesOptions, access: Access
) -> Finding:
    import aiohttp  # noqa: PLC0415 - as above

    async with aiohttp.ClientSession(
        connector=connector, connector_owner=False, trust_env=False
    ) as session:
        return await _look(options, _Api(session.get, access))


async def _look(options: KubernetesOptions, api: _Api) -> Finding:
    space = f"namespaces/{options.namespace}"
    workloads = {}
    for name in options.workloads:
        kind, _, own = name.partition("/")
        workloads[name] = await api.get(f"/apis/apps/v1/{space}/{_PLURALS[kind]}/{own}", kind)
    claims, volumes, drivers = {}, {}, {}
    for name in options.claims:
        path = f"/api/v1/{space}/persistentvolumeclaims/{name}"
        claims[name] = claim = await api.get(path, "persistentvolumeclaim")
        volume = pods.text(claim, "spec", "volumeName")
        path = f"/api/v1/persistentvolumes/{quote(volume, safe='')}"
        volumes[volume] = await api.get(path, "persistentvolume")
        driver = pods.text(volumes[volume], "spec", "csi", "driver")
        path = f"/apis/storage.k8s.io/v1/csidrivers/{quote(driver, safe='')}"
        drivers[driver] = await api.get(path, "csidriver")
    cluster = pods.Cluster(
        workloads,
        claims,
        volumes,
        drivers,
        pods=[one async for one in api.all(f"/api/v1/{space}/pods", "podlist")],
        attachments=[
            one
            async for one in api.all(
                "/apis/storage.k8s.io/v1/volumeattachments", "volumeattachmentlist"
            )
        ],
        nodes=[one async for one in api.all("/api/v1/nodes", "nodelist")],
    )
    return witnessed(pods.judge(cluster, options.namespace, options.nodes), api.heard)


@dataclass(frozen=True, slots=True)
class _Api:
    """Reads objects and lists; nothing here changes anything."""

    request: Callable[..., Any]
    access: Access
    heard: dict[str, bytes] = field(default_factory=dict)

    async def get(self, path: str, kind: str) -> Any:  # noqa: ANN401 - JSON may be anything
        """Read one object of that kind, called as the last word of the path."""
        found = await self._read(path, kind)
        if pods.name_of(found) != path.rpartition("/")[2] or not _within(found, path):
            raise _NotTold(f"{path} is another object")
        return found

    async def all(self, path: str, kind: str) -> AsyncIterator[Any]:
        """Read a list to its end; one that the API began and does not end is not told."""
        more: Any = ""
        for _ in range(_PAGES):
            words = {"limit": str(_PAGE), **({"continue": more} if more else {})}
            found = await self._read(f"{path}?{urlencode(words)}", kind)
            items, about = found.get("items"), found.get("metadata")
            if not isinstance(items, list) or not isinstance(about, dict):
                raise _NotTold(f"{path} is no list")
            if not isinstance(more := about.get("continue", ""), str):
                raise _NotTold(f"{path} does not tell where it goes on")
            for item in items:
                if not _within(item, path):
                    raise _NotTold(f"{path} tells of another namespace")
                yield item
            if not more and not about.get("remainingItemCount"):
                return
            if not more:
                break
        raise _NotTold(f"{path} was not told to its end")

    async def _read(self, path: str, kind: str) -> Any:  # noqa: ANN401 - JSON may be anything
        shown = {"Authorization": f"Bearer {self.access.token}"} if self.access.token else {}
        headers = {"Accept": "application/json", **shown}
        place = path.partition("?")[0]
        url = f"{self.access.server}{path}"
        async with self.request(url, headers=headers, allow_redirects=False) as answer:
            text = await answer.read()  # whatever the status: what is left unread stays open
        if answer.status != _OK:
            raise _NotTold(f"{place} was answered with {answer.status}{_why(answer.status)}")
        if len(text) > _MOST:
            raise _NotTold(f"{place} is longer than is read")
        try:
            found = document(text)
        except (ValueError, json.JSONDecodeError):
            raise _NotTold(f"{place} is no JSON") from None
        if not isinstance(found, dict) or str(found.get("kind")).lower() != kind:
            raise _NotTold(f"{place} is no {kind}")
        self.heard[path] = text
        return found


def _within(thing: object, path: str) -> bool:
    """Whether an object says nothing else of its namespace than the path does."""
    space = pods.namespace_of(thing)
    return not space or f"/namespaces/{space}/" in f"{path}/"


def _why(status: int) -> str:
    return {
        401: ": the credentials are not accepted",
        403: ": the user may not read it",
        404: ": it is not there",
    }.get(status, "")
