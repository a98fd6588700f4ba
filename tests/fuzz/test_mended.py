"""What fuzzing found that is too large for a file: time must grow with the text, not faster."""

from __future__ import annotations

import time

import pytest

from flashd.adapters.arrays.messages import logged_in
from flashd.adapters.arrays.metrics import parse_metrics
from flashd.adapters.arrays.reports import parse_listing
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.adapters.guards import reservation
from flashd.config.auth import read_auth
from flashd.config.mistakes import Mistakes, Source
from flashd.model.masking import without_secrets
from flashd.model.volumes import VolumeId
from tests.fuzz.dscli import ARRAY

MUCH = 200_000
SECONDS = 3.0
NO_KEYS = "  PR generation=0x2, there are NO registered reservation keys\n"
HEADER = "ID,Recording,Persistent,Revertible,TargetWriteEnabled,BackgroundCopy,OutOfSyncTracks"


@pytest.fixture(autouse=True)
def _in_time() -> object:
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("flood", ["\n", " \n", "\r\n", "\t"])
def test_a_flood_of_empty_lines_is_no_login(flood: str) -> None:
    assert not logged_in(flood * MUCH)


def test_a_banner_after_empty_lines_is_one() -> None:
    banner = "\n\n  Date/Time: today IBM DSCLI Version: 7 DS: IBM.2107-75ABC01\n"
    assert logged_in(banner)
    assert logged_in(banner.replace("DS: ", "DS:\n"))
    assert not logged_in(banner.replace("Date", "x Date"))


@pytest.mark.parametrize("letter", ["a", "a.", "0000:a", "0000:a.b-"])
def test_a_long_line_before_a_table_is_read_in_time(letter: str) -> None:
    with pytest.raises(NotUnderstoodError):
        parse_listing(f"{letter * MUCH}\n{HEADER},DateSynced,State\n", ARRAY)


def test_a_row_before_the_header_is_seen() -> None:
    for row in ("0001:0002", "x IBM.2107-75ABC01/0001:IBM.2107-75ABC01/0002,1", "0001:I.2-7/0002"):
        with pytest.raises(NotUnderstoodError, match="before the header"):
            parse_listing(f"{row}\n{HEADER},DateSynced,State\n", ARRAY)


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_flood_of_blanks_within_a_value_is_read_in_time(blank: str) -> None:
    text = f"ID 0002{blank * MUCH}x\n"
    with pytest.raises(NotUnderstoodError):
        parse_metrics(text, ARRAY, [VolumeId("0002")], 0.0)


def test_a_flood_of_blanks_in_the_type_of_a_reservation_is_read_in_time() -> None:
    begun = "  PR generation=0x2, Reservation follows:\n Key=0x1\n scope: LU_SCOPE,  type: "
    said = f"{begun}{MUCH * ' '}!"
    told = {"keys/sda": NO_KEYS, "status/keys/sda": "0", "status/reservation/sda": "0"}
    assert "sg_persist ended with" in str(
        reservation._read({**told, "reservation/sda": said}, "sda")
    )


def test_many_zones_that_are_none_are_told_in_time() -> None:
    section = "[IBM.2107-75ABC{:02}]\ntype=ibmds\nhmc1=h\nusername=u\ntimezone={}\n"
    text = "".join(section.format(number, "Europe/Pari" * 50) for number in range(99))
    with pytest.raises(Mistakes):
        read_auth(Source("auth.conf", text))


@pytest.mark.parametrize(
    "piece", ['password="', "://a:", "-pw ", '"-pw" ', "pass", "password= ", "password'", "bearer "]
)
def test_a_flood_of_words_for_a_password_is_blanked_in_time(piece: str) -> None:
    without_secrets(piece * (MUCH // len(piece)))
