from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from flashd.config.zone import find_zone, host_zone

PARIS = "Europe/Paris"


def compiled(name: str) -> Path:
    """Find a compiled zone, of the system or of the tzdata package."""
    for place in [*map(Path, TZPATH), Path(__import__("tzdata").__path__[0], "zoneinfo")]:
        if (place / name).is_file():
            return place / name
    raise AssertionError(name)


@pytest.mark.parametrize(
    "tz",
    [PARIS, f":{PARIS}", f"/usr/share/zoneinfo/{PARIS}", f":/usr/share/zoneinfo/posix/{PARIS}"],
)
def test_tz_comes_first(tz: str, tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    found = host_zone({"TZ": tz}, tmp_path)
    assert (found.zone.key, found.doubt) == (PARIS, "")


def test_a_tz_that_names_no_zone_is_told(tmp_path: Path) -> None:
    found = host_zone({"TZ": "CET-1CEST"}, tmp_path)
    assert found.zone.key == "UTC"
    assert found.doubt == "TZ is 'CET-1CEST', which names no time zone"


@pytest.mark.parametrize(
    "target", [f"/usr/share/zoneinfo/{PARIS}", f"../usr/share/zoneinfo/{PARIS}"]
)
def test_the_link_has_the_name(target: str, tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to(target)
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    found = host_zone({}, tmp_path)
    assert (found.zone.key, found.doubt) == (PARIS, "")


def test_debian_has_the_name_of_a_copy(tmp_path: Path) -> None:
    shutil.copy(compiled(PARIS), tmp_path / "localtime")
    (tmp_path / "timezone").write_text(f"{PARIS}\n")
    assert host_zone({}, tmp_path).zone is ZoneInfo(PARIS)


def test_a_copy_without_a_name_has_the_rules(tmp_path: Path) -> None:
    shutil.copy(compiled(PARIS), tmp_path / "localtime")
    first, second = host_zone({}, tmp_path), host_zone({}, tmp_path)
    assert (first.zone.key, first.doubt) == ("localtime", "")
    assert first.zone is second.zone


def test_a_host_without_a_zone_is_in_utc(tmp_path: Path) -> None:
    found = host_zone({}, tmp_path)
    assert (found.zone.key, found.doubt) == ("UTC", "")


def test_a_zone_that_cannot_be_told_is_utc_with_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_text("no zone")
    found = host_zone({}, tmp_path)
    assert found.zone.key == "UTC"
    assert found.doubt == f"{tmp_path}/localtime is no time zone"


@pytest.mark.parametrize(
    "name", ["", "/", "..", "../x", "Europe", "Nowhere/City", "a\0b", "x" * 5000]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert find_zone(name) is None
