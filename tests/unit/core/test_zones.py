"""What abbreviations of time zones can mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flashd.core.zones import offsets

CASES = {
    "Z": [0],
    "WET": [0],
    "CET": [60],
    "CEST": [120],
    "NPT": [345],
    "NST": [-210],
    "BST": [60, 360, 660],  # London, Dhaka, Bougainville
    "CST": [-360, -300, 480, 570, 630],  # Chicago, Havana, Shanghai, Adelaide in winter and summer
    "IST": [60, 120, 330],  # Dublin, Jerusalem, Kolkata
    "EST": [-300, 600, 660],  # New York, Sydney in winter and summer
}
ANYWHERE = [-12 * 60, 14 * 60]


@pytest.mark.parametrize(("label", "minutes"), CASES.items())
def test_tells_every_meaning_of_an_abbreviation(label: str, minutes: list[int]) -> None:
    assert offsets(label) == tuple(timedelta(minutes=m) for m in minutes)


@pytest.mark.parametrize("label", ["XYZ", "", "cet", "LMT", "CETX"])
def test_takes_an_abbreviation_that_it_does_not_know_for_any_place_on_earth(label: str) -> None:
    assert offsets(label) == tuple(timedelta(minutes=m) for m in ANYWHERE)


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Paris",
        "Europe/London",
        "Europe/Dublin",
        "Europe/Moscow",
        "Europe/Lisbon",
        "Europe/Athens",
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
        "America/Anchorage",
        "America/Havana",
        "America/St_Johns",
        "America/Halifax",
        "Pacific/Honolulu",
        "Pacific/Auckland",
        "Pacific/Guam",
        "Pacific/Pago_Pago",
        "Asia/Tokyo",
        "Asia/Shanghai",
        "Asia/Kolkata",
        "Asia/Jerusalem",
        "Asia/Karachi",
        "Asia/Seoul",
        "Asia/Hong_Kong",
        "Asia/Manila",
        "Asia/Jakarta",
        "Asia/Makassar",
        "Asia/Jayapura",
        "Australia/Sydney",
        "Australia/Adelaide",
        "Australia/Darwin",
        "Australia/Perth",
        "Africa/Johannesburg",
        "Africa/Nairobi",
        "Africa/Lagos",
        "Africa/Cairo",
    ],
)
def test_knows_what_each_zone_has_meant_by_its_abbreviations(name: str) -> None:
    zone = ZoneInfo(name)
    for number in range(38 * 12):
        moment = datetime(2000 + number // 12, number % 12 + 1, 15, tzinfo=UTC).astimezone(zone)
        label = moment.tzname() or ""
        assert label == "GMT" or moment.utcoffset() in offsets(label)  # GMT is certain, no guess
