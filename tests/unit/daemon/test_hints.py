"""Hints are told one by one, unless there are very many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.config.configuration import interpret
from flashd.config.files import Files
from flashd.daemon.start import tell_hints
from flashd.engine.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum


class Told:
    """Events that remembers what it was told."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        assert event is Event.CONFIGURATION_HINT
        assert not facts
        self.messages.append(message)


@pytest.mark.parametrize(("services", "lines"), [(1, 1), (100, 100), (101, 101), (250, 101)])
def test_of_more_than_a_hundred_the_rest_is_counted(services: int, lines: int) -> None:
    text = "services:\n" + "".join(
        f"  s{number}:\n    sync_max_delay: 25h\n    refresh_after: 30h\n"
        "    guards: [{type: systemd, unit: db.service}]\n"
        "    sync: {s: {array: IBM.2107-75ABC01, pairs: "
        f"[{number:04X}:{number + 0x4000:04X}]}}}}\n"
        for number in range(services)
    )
    files = Files(Path("/etc/flashd"), {"services.d/x.yaml": text, "flashd.yaml": "timezone: UTC"})
    told = Told()
    tell_hints(interpret(files), told)
    assert len(told.messages) == lines
    assert ("more; `flashd check` tells them all" in told.messages[-1]) is (services > 100)
    assert "refresh_after" in told.messages[0]
