"""What dscli prints: listings, answers to changes, and whether it is logged in."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.arrays import messages, reports, stock
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.core import instants
from flashd.model.inventory import EVERYTHING
from flashd.model.run import Account
from flashd.model.volumes import Pair
from tests.fuzz.target import Target, cuts, joined, parts, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flashd.model.inventory import Inventory
    from flashd.model.run import Answer
    from flashd.model.volumes import ArrayTime, Relation

_NOW = datetime(2026, 11, 26, tzinfo=UTC)
ARRAY = "IBM.2107-75ABC01"
PAIRS = (Pair.parse("0001:0002"), Pair.parse("0101:0102"), Pair.parse("0003:0004"))
TRANSCRIPTS = Path(__file__).parents[1] / "transcripts" / "dscli"

Relations = dict[Pair, "Relation"]

_PROMPT = "dscli>"
_FLAGS = {
    "recording": "Recording",
    "persistent": "Persistent",
    "revertible": "Revertible",
    "target_write_enabled": "TargetWriteEnabled",
    "background_copy": "BackgroundCopy",
}
WORDS = (
    *(b"CMUC00234I", b"CMUC00168I", b"CMUN03099E", b"CMUC00191E", b"CMUN00018E", b"CMMCI9006E"),
    *(b"CMUC00196W", b"dscli>", b"dscli> ", b"Date/Time:", b" DS: IBM.2107-75ABC01", b"DS: -"),
    *(b"0001:0002", b"1:2", b"0101:0102", b"IBM.2107-75ABC01/", b"IBM.2107-75XYZ99/", b"0003:0003"),
    *(b"Enabled", b"Disabled", b"Valid", b"DateSynced", b"Recording", b"ID", b",", b"|", b";"),
    *(b"Thu Sep 18 23:04:04 CEST 2014", b"UTC", b"GMT+14", b"-", b"====", b"lsflash", b"0000"),
    *(b"Enter your user name", b"Unsupported task", b"successfully", b"State", b"isTgtSE", b"ESE"),
)


def _listing(data: bytes) -> Relations | None:
    try:
        return reports.parse_listing(text_of(data), ARRAY)
    except NotUnderstoodError:
        return None


def _rows(text: str) -> list[str]:
    """Take prompts away and keep what is a row: it begins with two volumes, or names an array."""
    lines = [line.rpartition(_PROMPT)[2].strip() for line in text.split("\n")]
    volumes = re.compile(r"(?:IBM\.[0-9A-Z]+-[0-9A-Z]+/)?[0-9A-F]{4}:", re.IGNORECASE)
    found = []
    for line in lines:
        cells = [cell.strip() for cell in re.split(r"[,|;\t]", line)]
        header = "ID" in cells and "DateSynced" in cells
        if len(cells) < len(reports.REQUIRED) or header:
            continue
        if any(volumes.match(cell) for cell in cells):
            found.append(line)
    return found


def _check_listing(data: bytes, relations: Relations | None) -> None:
    if relations is None:
        return
    text = text_of(data)
    rows = _rows(text)
    assert len(rows) == len(relations), "as many relations as rows"
    if not relations:
        assert "CMUC00234I" in text, "nothing is said in words only"
        return
    for pair, relation in relations.items():
        assert pair == relation.pair
        named = [row for row in rows if str(pair) in row.upper().replace(f"{ARRAY}/".upper(), "")]
        assert named, f"{pair} stands in a row"
        assert any(_as_told(relation, row, text) for row in named), f"{relation} is {named}"
    _check_cut_listing(text, relations)
    for row in rows[:3]:
        assert _listing(f"{text}\n{row}\n".encode()) is None, "a row that comes twice"
    assert _listing(f"{text}\nwhatever\n".encode()) is None, "a line that is no row"


def _as_told(relation: Relation, row: str, text: str) -> bool:
    """Compare with the cells of a row, read by position in the first line that names columns."""
    for mark in ",|;\t":
        for line in text.split("\n"):
            names = [name.strip() for name in line.rpartition(_PROMPT)[2].split(mark)]
            if "ID" in names and "DateSynced" in names:
                cells = dict(zip(names, (cell.strip() for cell in row.split(mark)), strict=False))
                return _cells_say(relation, cells)
    return False


def _cells_say(relation: Relation, cells: Mapping[str, str]) -> bool:
    flags = all(
        getattr(relation, name) == {"enabled": True, "disabled": False}.get(cells[column].lower())
        for name, column in _FLAGS.items()
    )
    tracks = relation.out_of_sync_tracks
    return (
        flags
        and relation.state == cells["State"]
        and (tracks is None or str(tracks) == (cells["OutOfSyncTracks"].lstrip("0") or "0"))
        and (relation.synced is None or relation.synced.text == cells["DateSynced"])
        and (relation.synced is not None or cells["DateSynced"] in {"", "-"} or not relation.copied)
    )


def _check_cut_listing(text: str, relations: Relations) -> None:
    """Of a text that breaks off inside a line nobody knows what is missing."""
    for place in cuts(len(text), zlib.crc32(text.encode())):
        cut = text[:place]
        found = _listing(cut.encode())
        if found is None:
            continue
        assert set(found) <= set(relations)
        last = cut.rpartition("\n")[2]
        assert not last.replace("dscli", "").strip("> \t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0") or (
            not last.strip()
        ), f"a listing that is cut at {last!r}"


def _inventory(data: bytes) -> Inventory | None:
    try:
        return stock.parse_inventory(text_of(data), ARRAY, EVERYTHING, _NOW, _NOW)
    except NotUnderstoodError:
        return None


def _check_inventory(data: bytes, inventory: Inventory | None) -> None:
    """See that no volume, no host and no mirror that is told of is lost, nor any made up."""
    if inventory is None:
        return
    text = text_of(data)
    rows = [[cell.strip() for cell in re.split(r"[,|;\t]", line)] for line in text.split("\n")]
    cells = {cell.upper().removeprefix(f"{ARRAY}/") for row in rows for cell in row}
    for volume in inventory.volumes.values():
        assert volume.id in cells, f"nobody told of {volume.id}"
        assert any(cell.lstrip("0") == str(volume.blocks).lstrip("0") for cell in cells)
    wwpns = [cell for row in rows for cell in row[2:3] if re.fullmatch("[0-9A-Fa-f]{16}", cell)]
    assert inventory.reach
    assert all(one.wwpn in {cell.upper() for cell in wwpns} for one in inventory.reach.connections)
    assert inventory.image
    assert inventory.image.wwnn in cells
    for place in cuts(len(text), zlib.crc32(data)):
        cut = text[:place]
        if _inventory(cut.encode()) is not None:
            last = cut.rpartition("\n")[2]
            assert not last.replace("dscli", "").strip("> \t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0"), (
                f"cut at {last!r}"
            )
            assert ARRAY in cut.upper(), "an array that is not named at the end"


def _volumes(data: bytes) -> Inventory | None:
    """Read what a session answers where nobody demands hosts, nor the array's name."""
    try:
        return stock.parse_inventory(text_of(data), ARRAY, frozenset(), _NOW, _NOW)
    except NotUnderstoodError:
        return None


def _check_volumes(data: bytes, inventory: Inventory | None) -> None:
    """See that nobody is known to be mapped or not, and that no part reads as less than all."""
    if inventory is None:
        return
    assert inventory.parts == frozenset()
    text = text_of(data)
    for place in cuts(len(text), zlib.crc32(data)):
        assert _volumes(text[:place].encode()) in (None, inventory), f"cut at {place}"


def _volumes_seeds() -> Iterator[bytes]:
    for mirrors in (_NO_MIRRORS, _MIRRORS):
        yield b"".join((mirrors, _VOLUMES, mirrors))


def _inventory_seeds() -> Iterator[bytes]:
    yield _WHOLE
    yield _WHOLE.replace(b"CMUC00234I lspprc: none\n", _MIRRORS)
    yield _WHOLE.replace(b"|V1\n", b"|V0,V1\n")
    yield _WHOLE.replace(b"\n", b"\r\ndscli> ")


_MIRRORS = (
    b"ID|State|Reason|Type|SourceLSS\n==\n"
    b"IBM.2107-75ABC01/0001:IBM.2107-75XYZ99/0001|Full Duplex|-|Metro Mirror|00\n"
)
_VOLUMES = b"""Name|ID|accstate|datastate|configstate|deviceMTM|datatype|cap (blocks)|volgrp
==
src|0001|Online|Normal|Normal|2107-900|FB 512|16777216|V0
tgt|0002|Online|Normal|Normal|2107-900|FB 512|16777216|V1
"""
_NO_MIRRORS = b"CMUC00234I lspprc: none\n"
_HOSTS = b"""Name|ID|WWPN|HostType|volgrpID
==
tst1|0000|10000000C9123456|LinuxRHEL|V1
"""
_GROUPS = b"""Name|ID|Type
==
prd|V0|SCSI Mask
tst|V1|SCSI Mask
"""
_IMAGE = b"""Name|ID|Model|WWNN|State
==
ds8k|IBM.2107-75ABC01|980|5005076303FFC123|Online
"""
_WHOLE = b"".join((_VOLUMES, _NO_MIRRORS, _HOSTS, _GROUPS, _VOLUMES, _HOSTS, _NO_MIRRORS, _IMAGE))


def _answer(data: bytes) -> Answer:
    status, stdout, stderr = parts(data, 3)
    return messages.account(text_of(stdout), text_of(stderr), _status(status), PAIRS)


def _status(text: bytes) -> int | None:
    return int(text) if re.fullmatch(rb"-?[0-9]{1,3}", text) else None


def _check_answer(data: bytes, answer: Answer) -> None:
    status, stdout, stderr = parts(data, 3)
    lines = [line for text in (stdout, stderr) for line in text_of(text).split("\n")[:-1]]
    said = [line.rpartition(_PROMPT)[2] for line in lines] + lines
    for pair, account in answer.accounts.items():
        if account is Account.ACCEPTED:
            assert any(names(line, "I", pair) for line in said), f"nobody accepted {pair}"
            assert not any(names(line, "E", pair) for line in said), f"{pair} was refused"
    assert set(answer.accounts) == set(PAIRS)
    if answer.refused:
        text = text_of(stdout + stderr)
        assert _status(status) not in {None, 3}
        assert (_status(status) or 0) >= 0
        assert re.search(r"CM[A-Z]{2,3}[0-9]{4,5}E", text), "a no that nobody said"
        assert "CMUN00018E" not in text, "the connection was lost"
        assert Account.ACCEPTED not in answer.accounts.values(), "refused, and accepted"


def names(line: str, kind: str, pair: Pair) -> bool:
    """Whether a message of a kind begins in a line, and names a pair after that, both literally.

    An acceptance is what its line begins with; a complaint counts wherever it begins.
    """
    found = list(re.finditer(r"\bCM(?:MCI[0-9]{4}|[A-Z]{2}[0-9]{4,5})([IWE])\b", line))
    if kind == "I":
        found = [one for one in found[:1] if one[1] == "I"]
    ends = [one.end() for one in found if one[1] == kind]
    if not ends:
        return False
    text = re.sub(r"[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+/", "", line[ends[0] :])
    return any(_is(word.strip(".:/").upper(), pair) for word in re.split(r"[^0-9A-Za-z:./]+", text))


def _is(word: str, pair: Pair) -> bool:
    source, _, target = word.partition(":")
    return (source.rjust(4, "0"), target.rjust(4, "0")) == (pair.source, pair.target)


def _readiness(data: bytes) -> tuple[bool, str, str]:
    text = text_of(data)
    messages.broken_line_of(text)
    messages.complaints_of(text, text)
    return messages.logged_in(text), messages.asks(text), messages.unfinished(text)


def _check_readiness(data: bytes, found: tuple[bool, str, str]) -> None:
    logged_in, question, unfinished = found
    text = text_of(data)
    if logged_in:
        banner = any(
            "Date/Time: " in line and re.search(r"DS:\s*IBM\.", text[text.index(line) :])
            for line in text.split("\n")
        )
        assert _PROMPT in text or banner, "nothing shows a login"
    assert question in text
    assert not question or "Enter" in text
    assert "\n" not in unfinished
    assert not unfinished or not text.endswith("\n")


def _date(data: bytes) -> ArrayTime | None:
    time = instants.read(text_of(data))
    if time is not None:
        earliest, latest = instants.meaning(time, None)
        assert earliest < latest
        assert instants.later(time, time, None) is False
    return time


def _check_date(data: bytes, time: ArrayTime | None) -> None:
    if time is None:
        return
    text = text_of(data)
    assert time.text == text.strip()
    assert str(time.local.year) in text
    assert f"{time.local:%H:%M:%S}" in text
    assert f"{time.local:%a %b}" in text
    assert re.search(rf" 0?{time.local.day} ", text)
    assert f" {time.label} " in text


def cases() -> list[Path]:
    return sorted(found.parent for found in TRANSCRIPTS.glob("*/*/expected.json"))


def texts_of(case: Path) -> tuple[str, str]:
    errors = case / "errors"
    return (case / "answer").read_text(), errors.read_text() if errors.exists() else ""


def _listing_seeds() -> Iterator[bytes]:
    for case in cases():
        yield texts_of(case)[0].encode()


def _answer_seeds() -> Iterator[bytes]:
    for number, case in enumerate(cases()):
        yield joined(("0", "2", "5", "3", "", "-9")[number % 6], *texts_of(case))


def _date_seeds() -> Iterator[bytes]:
    for text in ("Thu Sep 18 23:04:04 CEST 2014", "Mon Sep 01 08:00:00 GMT+02:00 2014", "-"):
        yield text.encode()


TARGETS = (
    Target(
        name="dscli-listing",
        read=_listing,
        check=_check_listing,
        seeds=_listing_seeds,
        words=WORDS,
    ),
    Target(
        name="dscli-answer", read=_answer, check=_check_answer, seeds=_answer_seeds, words=WORDS
    ),
    Target(
        name="dscli-readiness",
        read=_readiness,
        check=_check_readiness,
        seeds=_listing_seeds,
        words=WORDS,
    ),
    Target(
        name="dscli-inventory",
        read=_inventory,
        check=_check_inventory,
        seeds=_inventory_seeds,
        words=(*WORDS, b"volgrp", b"lspprc:", b"16777216", b"V0,V1", b"WWPN", b"cap (blocks)"),
    ),
    Target(
        name="dscli-volumes",
        read=_volumes,
        check=_check_volumes,
        seeds=_volumes_seeds,
        words=(*WORDS, b"volgrp", b"lspprc:", b"16777216", b"V0,V1", b"cap (blocks)"),
    ),
    Target(name="array-date", read=_date, check=_check_date, seeds=_date_seeds, words=WORDS),
)
