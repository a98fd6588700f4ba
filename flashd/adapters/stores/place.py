"""Where a store is, as its URL says, and how that is told without a secret."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from flashd.errors import StoreError

_SLASHES = "Write `state` as sqlite:////var/lib/flashd/flashd.db, with four slashes."
_SECRET = ("password", "sslpassword", "passcode", "oauth_client_secret")


def parse(url: str) -> URL:
    """Read a URL; one with a password after its `?` is refused, for that is shown in errors."""
    try:
        place = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the URL of the state store cannot be read", _SLASHES) from None
    if secrets := [name for name in _SECRET if name in place.query]:
        raise StoreError(
            f"the URL of the state store has a {secrets[0]} among its options",
            "Name a password file instead: ?passfile=/var/lib/flashd/pgpass, of mode 0600.",
        )
    return place


def name_of(url: URL) -> str:
    """Name a store in messages: no password, and no option that may hold one."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    host = url.host or _first(url.query.get("host"))
    bare = URL.create(url.drivername, url.username, None, None, url.port, url.database)
    if host and not host.startswith("/"):
        bare = bare.set(host=host)
    return bare.render_as_string()


def file_of(url: URL) -> Path:
    """Tell the file of an SQLite store."""
    if not url.database or url.database == ":memory:" or url.query:
        raise StoreError(f"state store {name_of(url)} is not a plain file", _SLASHES)
    return Path(url.database).absolute()


def _first(value: str | tuple[str, ...] | None) -> str | None:
    return value[0] if isinstance(value, tuple) else value
