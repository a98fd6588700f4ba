"""Whether anybody answers at a URL."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flashd.adapters.guards import listening
from flashd.adapters.guards.findings import cause, late, unknown
from flashd.adapters.guards.listening import REFUSED
from flashd.adapters.guards.tcp import resolve
from flashd.adapters.threads import beside
from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.config.guards import HttpOptions
    from flashd.model.verdict import Finding

_ANSWERED = "answered: "
_PORTS = {"http": 80, "https": 443}
_WIDTH = 120


@dataclass(frozen=True, slots=True)
class HttpGuard:
    """Vetoes where anybody answers, whatever he answers; where all refuse it has nothing against.

    An error page is an answer too: somebody listens, and may be starting.
    """

    options: HttpOptions

    async def look(self) -> Finding:
        """Ask at every address of the host; a redirect is an answer and not followed."""
        url, limit = urlsplit(self.options.url), self.options.timeout
        host, port = url.hostname or "", url.port or _PORTS[url.scheme]
        deadline = asyncio.get_running_loop().time() + limit.total_seconds()
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await beside(partial(resolve, host, port))
        except TimeoutError:
            return late(f"the address of {host} was not found", limit)
        except (OSError, UnicodeError) as error:
            return unknown(f"the address of {host} was not found: {cause(error)}")
        question = _question(self.options.url)
        secure = await beside(ssl.create_default_context) if url.scheme == "https" else None
        names = [str(address[0]) for _, address in addresses]
        asking = (_ask(name, port, secure, host, question, deadline) for name in names)
        answers = await asyncio.gather(*asking)
        return judge(self.options.url, dict(zip(names, answers, strict=True)))


def _question(url: str) -> bytes:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = (f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", "Accept: */*")
    return "\r\n".join((*lines, "User-Agent: flashd", "", "")).encode("ascii")


async def _ask(
    address: str,
    port: int,
    secure: ssl.SSLContext | None,
    host: str,
    question: bytes,
    deadline: float,
) -> str:
    """Tell in words what became of one question."""
    connected = secured = False
    try:
        async with asyncio.timeout_at(deadline):
            reader, writer = await _connected(address, port)
            connected = True
            try:
                if secure and (failure := await _secured(writer, secure, host)):
                    return failure
                secured = secure is not None
                writer.write(question)
                first = await reader.read(_WIDTH)
            finally:
                writer.transport.abort()
                await asyncio.sleep(0)  # the loop closes it in its next turn
    except ConnectionRefusedError:
        return REFUSED
    except TimeoutError:
        return "it accepts connections and says nothing" if connected else "no answer in time"
    except OSError as error:
        if secured:  # he wants a certificate of ours, and says so, or hangs up, after the handshake
            return _tls_failed(error)
        return cause(error) or type(error).__name__
    return first_of(first)


async def _connected(address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect; where the time is over in the middle of it, what comes of it is hung up."""
    connecting = asyncio.ensure_future(asyncio.open_connection(address, port))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_hang_up)
        raise


def _hang_up(connecting: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result()[1].transport.abort()


def first_of(said: bytes) -> str:
    """Tell the first line of an answer in words."""
    if not said:
        return "it hung up without a word"
    return _ANSWERED + harmless(said.split(b"\r\n")[0].decode("ascii", "backslashreplace"))


async def _secured(writer: asyncio.StreamWriter, secure: ssl.SSLContext, host: str) -> str:
    """Begin TLS; that it fails, for whatever reason, means that somebody accepted."""
    try:
        await writer.start_tls(secure, server_hostname=host)
    except TimeoutError:
        raise
    except OSError as error:  # ssl.SSLError is one: a certificate that is not believed
        return _tls_failed(error)
    return ""


def _tls_failed(error: OSError) -> str:
    return f"{_ANSWERED}TLS failed: {getattr(error, 'reason', None) or cause(error)}"


def judge(url: str, answers: Mapping[str, str]) -> Finding:
    """Take any answer for up, and nothing but refusals for clear."""

    def up(address: str, answer: str) -> str | None:
        if not answer.startswith(_ANSWERED):
            return None
        return f"{url} is answered at {address}: {answer.removeprefix(_ANSWERED)}"

    return listening.judge(answers, what=url, up=up, clear=f"the connections of {url} are refused")
