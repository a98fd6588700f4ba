"""The line that introduces a session or a command, with the client's time in the client's zone."""

import os
import time
from collections.abc import Mapping

VERSION = "7.8.57.2"

_MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_FORMS = {
    "de": "{day}. {month} {year} %H:%M:%S %Z",
    "fr": "{day} {month} {year} %H:%M:%S %Z",
    "ja": "{year}/%m/%d %H:%M:%S %Z",
    "en": "{month} {day}, {year} {hour}:%M:%S %p %Z",
}
"""Java's long date and time; of these only the English one is on record."""


def banner(
    at: float, device: str, *, date: str = "locale", locale: str = "", two_lines: bool = False
) -> str:
    """Return the banner; `date` is `locale` or `iso8601`, `device` empty where none is meant."""
    told = _iso8601(at) if date == "iso8601" else _long_date(at, locale or _language(os.environ))
    gap = "\n" if two_lines else " "
    return f"Date/Time: {told} IBM DSCLI Version: {VERSION} DS:{gap}{device or '-'}"


def _iso8601(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(at))


def _long_date(at: float, locale: str) -> str:
    language = locale[:2].lower()
    known = language if language in _FORMS else "en"
    local = time.localtime(at)
    months = _MONTHS.get(known, _MONTHS["en"]).split()
    form = _FORMS[known].format(
        day=local.tm_mday,
        month=months[local.tm_mon - 1],
        year=local.tm_year,
        hour=local.tm_hour % 12 or 12,
    )
    return time.strftime(form, local)


def _language(environment: Mapping[str, str]) -> str:
    """Return the language of the user, told as any program on the host is told it."""
    names = ("LC_ALL", "LC_TIME", "LANG")
    return next((environment[name] for name in names if environment.get(name)), "en")
