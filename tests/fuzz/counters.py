"""The counters of volumes, as `showfbvol -metrics` tells them."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from flashd.adapters.arrays.metrics import parse_metrics
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.model.counters import HOST_FIELDS
from flashd.model.volumes import VolumeId
from tests.fuzz.dscli import ARRAY
from tests.fuzz.target import Target, cuts, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.model.counters import Counters

VOLUMES = (VolumeId("0002"), VolumeId("0102"))
_FIELDS = "".join(f"{field.ljust(14)} {number}\n" for number, field in enumerate(HOST_FIELDS, 70))
_ONE = f"ID             {ARRAY}/0002\nDate           05/03/2021 08:00:24 GMT\n{_FIELDS}phread 12\n"
_WHOLE = _ONE + _ONE.replace("/0002", "/0102")
_WORDS = (b"ID", b"Date", b"normrdrqts 1\n", b"/0102", b"dscli> ", b"CMUC00234I", b"E showfbvol:")


def _read(data: bytes) -> tuple[Counters, ...] | None:
    try:
        return parse_metrics(text_of(data), ARRAY, VOLUMES, 1.0)
    except NotUnderstoodError:
        return None


def _check(data: bytes, found: tuple[Counters, ...] | None) -> None:
    """See that each figure stands behind its name, once for each volume, and none is made up."""
    if found is None:
        return
    text = text_of(data)
    assert tuple(one.volume for one in found) == VOLUMES
    for field in HOST_FIELDS:
        told = re.findall(rf"(?m)(?:^|> ?|\r)[^\S\n]*{field}[ \t]+([0-9]+)", text)
        values = [one.values[field] for one in found]
        assert [int(one) for one in told] == values, f"{field}: {told} is read as {values}"
    for place in cuts(len(text), zlib.crc32(data)):
        cut = _read(text[:place].encode())
        if cut is not None:
            assert [one.values for one in cut] == [one.values for one in found], "cut short"


def _seeds() -> Iterator[bytes]:
    yield _WHOLE.encode()
    yield _WHOLE.replace("\n", "\r\n").encode()
    yield f"dscli> {_WHOLE}".encode()
    yield _WHOLE.replace("normwritereq", "normwriterek").encode()


TARGETS = (Target(name="dscli-counters", read=_read, check=_check, seeds=_seeds, words=_WORDS),)
