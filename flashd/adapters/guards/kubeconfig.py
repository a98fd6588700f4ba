"""How a cluster is reached: server, whom to believe, and who we are, out of a kubeconfig."""

from __future__ import annotations

import base64
import os
import re
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from flashd.config.auth import distrust
from flashd.config.files import opened
from flashd.config.trust import distrust_of

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 1 << 20
_TOKEN = re.compile(r"[!-~]+")
_PLUGINS = ("exec", "auth-provider", "username", "password", "as", "impersonate")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API server is, and what is shown to it; the token is a secret."""

    server: str
    secure: ssl.SSLContext
    token: str | None = field(default=None, repr=False)


def read_access(file: Path, context: str | None) -> Access:
    """Read a kubeconfig; raises `ValueError` or `OSError`, whose words hold no secret.

    A file that others can change could name another cluster. Plug-ins that get a token are programs
    of somebody's, so they are refused; and so is a server that anybody could stand in for.
    """
    with opened(file, os.O_NOFOLLOW) as descriptor:
        if found := distrust(file, os.fstat(descriptor), os.geteuid()):
            raise ValueError(f"{found.message}; {found.hint[:1].lower()}{found.hint[1:]}")
        content = os.read(descriptor, _MOST)
    try:
        top = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ValueError(f"{file} is no YAML") from None
    chosen = _named(top, "contexts", "context", context or _text(top, "current-context"))
    cluster = _named(top, "clusters", "cluster", _text(chosen, "cluster"))
    user = _named(top, "users", "user", _text(chosen, "user"))
    server = _text(cluster, "server")
    if not server.startswith("https://") or cluster.get("insecure-skip-tls-verify"):
        raise ValueError("the server must be https:// and its certificate must be verified")
    if plugins := [key for key in _PLUGINS if key in user]:
        raise ValueError(f"{plugins[0]} of a user is not supported; use a token or a certificate")
    return Access(server.rstrip("/"), _secure(file, cluster, user), _token(file, user))


def _named(top: object, many: str, one: str, name: str) -> dict[str, Any]:
    """Pick the one entry of a name: of two, either could be another cluster."""
    entries = top.get(many) if isinstance(top, dict) else None
    named = [
        entry.get(one)
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("name") == name
    ]
    if len(named) > 1:
        raise ValueError(f"the kubeconfig has {len(named)} times a {one} called {name}")
    if not named or not isinstance(named[0], dict):
        raise ValueError(f"the kubeconfig has no {one} called {name}")
    return named[0]


def _text(place: object, key: str) -> str:
    found = place.get(key) if isinstance(place, dict) else None
    if not isinstance(found, str) or not found:
        raise ValueError(f"the kubeconfig lacks {key}")
    return found


def _secure(file: Path, cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    """Make what verifies the server, and shows our certificate where there is one.

    Certificates of the user must be files: Python reads a private key from nowhere else.
    """
    try:
        if data := cluster.get("certificate-authority-data"):
            secure = ssl.create_default_context(cadata=base64.b64decode(data).decode("ascii"))
        else:
            authority = file.parent / _text(cluster, "certificate-authority")
            if doubt := distrust_of(authority):
                raise ValueError(str(doubt))
            secure = ssl.create_default_context(cafile=authority)
        if "client-certificate" in user:
            key = file.parent / _text(user, "client-key")
            secure.load_cert_chain(file.parent / _text(user, "client-certificate"), key)
    except (ssl.SSLError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"a certificate cannot be used: {type(error).__name__}") from None
    if "client-certificate-data" in user or "client-key-data" in user:
        raise ValueError("write the user's certificate and key to files (client-certificate)")
    return secure


def _token(file: Path, user: dict[str, Any]) -> str | None:
    if "tokenFile" in user:
        found = (file.parent / _text(user, "tokenFile")).read_text("ascii").strip()
    elif "token" in user:
        found = _text(user, "token")
    else:
        return None
    if not _TOKEN.fullmatch(found):  # a line more would be one more header
        raise ValueError("the token of the user is none")
    return found
