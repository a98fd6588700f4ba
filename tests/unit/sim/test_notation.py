"""Ids, instants and durations as they are written; dates as they are shown."""

import pytest

from flashd.sim import bounds
from flashd.sim.cli.arguments import instant, seconds
from flashd.sim.errors import SimError
from flashd.sim.ids import BadIdError, Pair, image_id, same_image, volume_id, volume_range
from flashd.sim.layout import Layout, Report, java_date, render

IMAGE = "IBM.2107-75ABC01"


@pytest.mark.parametrize(
    ("text", "volume"),
    [("0001", "0001"), ("1", "0001"), ("aB", "00AB"), (f"{IMAGE}/0a0b", "0A0B"), (" 12 ", "0012")],
)
def test_a_volume_id_is_four_upper_case_digits(text: str, volume: str) -> None:
    assert volume_id(text, IMAGE) == volume


@pytest.mark.parametrize("text", ["", "00001", "00g1", "0001:0002", "-1", "IBM.2107-75XYZ02/0001"])
def test_what_is_no_volume_id_is_told(text: str) -> None:
    with pytest.raises(BadIdError):
        volume_id(text, IMAGE)


def test_a_pair_and_a_range() -> None:
    assert str(Pair.parse("65:73")) == "0065:0073"
    assert volume_range("10-1f") == ("0010", "001F")
    assert volume_range("10") == ("0010", "0010")
    with pytest.raises(BadIdError, match="source:target"):
        Pair.parse("0001")


def test_an_image_is_named_in_full_or_by_its_serial() -> None:
    assert all(same_image(text, IMAGE) for text in (IMAGE, "2107-75ABC01", "75ABC01"))
    assert not same_image("75ABC02", IMAGE)
    assert not same_image("", IMAGE)


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90s", 90), ("1h30m", 5400), ("-1h", -3600), ("+2d", 172800), ("1.5m", 90)],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


def test_instants() -> None:
    assert instant("26h ago", now=200_000) == 200_000 - 93_600
    assert instant("1970-01-01T01:00:00+01:00", now=0) == 0
    for text in ("26h", "1970-01-01T01:00:00", "ago", "1h ago ago", "x"):
        with pytest.raises(SimError):
            instant(text, now=0)


@pytest.mark.parametrize(
    "text", ["nan", "-inf", "1e400", "9999999999d", "9" * 5000, "9" * 5000 + "d", "-101w101d9999w"]
)
def test_a_duration_has_an_end(text: str) -> None:
    with pytest.raises(SimError, match=r"100 years|not a duration"):
        seconds(text)


def test_a_hundred_years_are_a_duration() -> None:
    assert seconds("-36500d") == -36_500 * 86_400


@pytest.mark.parametrize(
    "text", ["36500d ago", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]
)
def test_an_instant_is_one_that_a_date_can_show(text: str) -> None:
    with pytest.raises(SimError, match="between the years"):
        instant(text, now=0)


@pytest.mark.parametrize(
    "text", ["9" * 5000, str(bounds.MOST + 1), "1e3", "-1", "", "\u00b2", "\u0663"]
)
def test_a_count_is_told_that_no_file_can_hold(text: str) -> None:
    with pytest.raises(SimError, match=r"too large|is no number"):
        bounds.count(text, "tracks")


def test_counts() -> None:
    assert bounds.count(f"{0:05000}", "tracks") == 0
    assert bounds.count(str(bounds.MOST), "tracks") == bounds.MOST


@pytest.mark.parametrize("text", ["75abc01", "2107-75ABC01", IMAGE, f" {IMAGE} "])
def test_a_serial_number_is_completed(text: str) -> None:
    assert image_id(text) == IMAGE


@pytest.mark.parametrize(
    "text", ["", "75ABC0", "75ABC012", "IBM.75ABC01", "IBM.2107-75ABC0/", "x y"]
)
def test_what_is_no_image_is_told(text: str) -> None:
    with pytest.raises(BadIdError, match="write IBM"):
        image_id(text)


def test_a_date_of_none_is_a_dash_and_fractions_are_cut() -> None:
    assert java_date(None, "client") == "-"
    assert java_date(1_411_074_244.999, "Europe/Paris") == "Thu Sep 18 23:04:04 CEST 2014"


def test_without_a_header_there_is_no_rule() -> None:
    report = Report(("A", "Bee"), (("1", "2"), ("33", "4")))
    assert render(report, Layout(header=False)) == ["1  2", "33 4"]
    assert render(report, Layout(format="delim")) == ["A,Bee", "=====", "1,2", "33,4"]
    assert render(report, Layout()) == ["A  Bee", "======", "1  2", "33 4"]
