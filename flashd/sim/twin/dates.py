"""Instants out of dates like Java's: `Thu Sep 18 23:04:04 CEST 2014`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from flashd.sim import bounds
from flashd.sim.errors import SimError

_HOURS = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "MET": 1,
    "MEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "SAST": 2,
    "JST": 9,
    "KST": 9,
    "HKT": 8,
    "SGT": 8,
    "EDT": -4,
    "PST": -8,
    "PDT": -7,
    "MDT": -6,
    "CDT": -5,
    "BST": 1,
    "IST": 5.5,
    "EST": -5,
    "CST": -6,
    "MST": -7,
    "AEST": 10,
    "AEDT": 11,
    "BRT": -3,
}
"""Offsets from UTC that the abbreviations of zones commonly mean."""

AMBIGUOUS = frozenset(("BST", "IST", "EST", "CST", "MST", "PST"))
"""Those that several zones use, for different offsets."""

_NO_ZONE = "%a %b %d %H:%M:%S %Y"


class BadDateError(ValueError):
    """A date that cannot be read."""


@dataclass(frozen=True, slots=True)
class Zone:
    """How the abbreviations in dates are read: as those of a named zone, or as they are common."""

    name: str = ""

    def __post_init__(self) -> None:
        if self.name and self.name not in available_timezones():
            raise SimError(f"there is no zone {self.name!r}; write Europe/Paris")

    def instant(self, text: str) -> float | None:
        """Read a date as seconds since the epoch; `-` is none."""
        if text == "-":
            return None
        words = text.split()
        label = words.pop(4) if len(words) == 6 else ""  # noqa: PLR2004 - the words of such a date
        try:
            local = datetime.strptime(" ".join(words), _NO_ZONE)  # noqa: DTZ007 - the zone comes next
        except ValueError:
            raise BadDateError(f"{text!r} is no date like Thu Sep 18 23:04:04 CEST 2014") from None
        at = self._placed(local, label).timestamp()
        if not bounds.is_instant(at):
            raise BadDateError(f"{text!r} is not between the years 1900 and 2200")
        return at

    def _placed(self, local: datetime, label: str) -> datetime:
        if self.name:
            return _in_zone(local, ZoneInfo(self.name), label)
        if label not in _HOURS:
            raise BadDateError(f"{label!r} is no abbreviation of a zone that is known here")
        return local.replace(tzinfo=timezone(timedelta(hours=_HOURS[label])) if label else UTC)


def _in_zone(local: datetime, zone: ZoneInfo, label: str) -> datetime:
    """Place a local time that may come twice: the abbreviation tells which one is meant."""
    both = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    return next((one for one in both if one.tzname() == label), both[0])


def label_of(text: str) -> str:
    """Return the abbreviation of the zone in a date, or nothing."""
    words = text.split()
    return words[4] if len(words) == 6 else ""  # noqa: PLR2004 - the words of such a date
