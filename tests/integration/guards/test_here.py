from __future__ import annotations

import socket

import pytest

from flashd.adapters.guards.here import is_here

NAME = socket.gethostname()


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost.",
        "127.0.0.1",
        "127.3.2.1",
        "::1",
        "[::1]",
        NAME,
        NAME.upper(),
        f"{NAME}.",
        socket.getfqdn(NAME),
    ],
)
async def test_this_host_has_many_names(host: str) -> None:
    assert await is_here(host)


@pytest.mark.parametrize("host", ["192.0.2.1", f"{NAME}.elsewhere.example", f"not-{NAME}", "::2"])
async def test_any_other_name_is_another_host(host: str) -> None:
    assert not await is_here(host)
