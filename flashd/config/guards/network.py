"""Guards that look at what answers in the network."""

import re
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from flashd.config.guards.common import GuardOptions, Timeout
from flashd.config.values import Host, Reads, whole_number, written


def _port(value: object) -> int:
    return whole_number(value, 1, 65535)


class TcpOptions(GuardOptions):
    """Nobody accepts connections on a TCP port."""

    proves: ClassVar[bool] = False

    host: Host = Field(description="The host to connect to.")
    port: Annotated[
        int,
        Reads(
            _port,
            {
                "anyOf": [
                    {"type": "integer", "minimum": 1, "maximum": 65535},
                    {"type": "string", "pattern": "^[0-9]{1,5}$"},
                ]
            },
        ),
    ] = Field(description="The port.")
    timeout: Timeout = Field(
        default=timedelta(seconds=10), description="How long to wait for an answer, 30s at most."
    )

    def label(self) -> str:
        """Name the port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp {host}:{self.port}"


_URL = r"https?://[!-~]{1,2000}"
_SECRET = re.compile(
    r"[?&;#/]([^=&;#/]*(?:pass|pw|secret|token|key|sig|auth|cred|session|jwt)[^=&;#/]*)=",
    re.IGNORECASE,
)
"""The name of a part of a URL that is not for everybody to read."""


def _url(value: object) -> str:
    """Read where a server is asked; it is told in logs, so it holds no password."""
    text = written(value)
    if not re.fullmatch(_URL, text):
        shown = "that" if set("@?") & set(text) else repr(text)  # a password may stand there
        raise ValueError(f"{shown} is no URL; write http://HOST/PATH or https://HOST/PATH")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("that URL is none: see to its host and its port") from None
    if "@" in parts.netloc:
        raise ValueError("a URL with a user is refused, since it is logged")
    if found := _SECRET.search(text):
        raise ValueError(
            f"a URL with {found[1]!r} is refused, since it is logged; any answer counts"
        )
    if not parts.hostname or port == 0:
        raise ValueError(f"{text!r} names no host or no port that there is")
    return text


class HttpOptions(GuardOptions):
    """Nobody answers at a URL."""

    proves: ClassVar[bool] = False

    url: Annotated[str, Reads(_url, {"type": "string", "pattern": f"^{_URL}$"})] = Field(
        description="What is asked for, http:// or https://; it is logged."
    )
    timeout: Timeout = Field(
        default=timedelta(seconds=10), description="How long to wait for an answer, 30s at most."
    )

    def label(self) -> str:
        """Name the URL."""
        return f"http {self.url}"
