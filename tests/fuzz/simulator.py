"""What a person pastes into the simulated array: outputs of dscli, from wherever they were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.sim.errors import SimError
from flashd.sim.reading import Reading, read
from flashd.sim.twin import Twin, Wishes, plan
from tests.fuzz.dscli import TARGETS as OF_DSCLI
from tests.fuzz.target import Target, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOW = 1795658430.0
_BLOCKS = 16777216
_VOLUMES = b"""dscli> lsfbvol -l
Name ID accstate datastate configstate deviceMTM datatype extpool sam captype cap (2^30B) volgrp
==============================================================================================
src 0001 Online Normal Normal 2107-900 FB 512 P0 ESE DS 8.0 V0
tgt 0002 Online Normal Normal 2107-900 FB 512 P1 ESE DS 8.0 V1
dscli> lssi
Name ID Storage Unit Model WWNN State ESSNet
============================================================================
ds8k IBM.2107-75ABC01 IBM.2107-75ABC00 980 5005076303FFC123 Online Enabled
"""


def _read(data: bytes) -> tuple[Reading, Twin | None]:
    reading = read(text_of(data))
    try:
        return reading, plan(reading, Wishes(now=_NOW, serial="", zone="", blocks=_BLOCKS))
    except SimError:
        return reading, None


def _check(data: bytes, found: tuple[Reading, Twin | None]) -> None:
    _, twin = found
    if twin is None:
        return
    text = text_of(data).upper()
    for relation in twin.relations:
        for volume in (relation.pair.source, relation.pair.target):
            assert volume.upper().lstrip("0") in text, f"nobody told of {volume}"


def _seeds() -> Iterator[bytes]:
    yield _VOLUMES
    yield from OF_DSCLI[0].seeds()


TARGETS = (
    Target(
        name="simulator-import",
        read=_read,
        check=_check,
        seeds=_seeds,
        words=(
            *OF_DSCLI[0].words,
            b"dscli> lsfbvol -l\n",
            b"lspprc",
            b"===",
            b"volgrp",
            b"2107-900",
        ),
        largest=1500,
        flood=1 << 14,
    ),
)
