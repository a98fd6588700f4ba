"""What abbreviations of time zones can mean.

An abbreviation names no zone: `CST` is America's, China's and Cuba's, and `EST` was Australia's
too in older Java. Source: every zone of the tz database between 2000 and 2037, and the
abbreviations of their own that Java prints for zones to which the database gives numbers.
"""

from __future__ import annotations

from datetime import timedelta

_MINUTES_EAST: dict[str, tuple[int, ...]] = {
    "ACDT": (630,),
    "ACST": (570,),
    "ADT": (
        -180,
        240,
    ),
    "AEDT": (660,),
    "AEST": (600,),
    "AKDT": (-480,),
    "AKST": (-540,),
    "AMT": (
        -240,
        240,
    ),
    "ART": (-180,),
    "AST": (
        -240,
        180,
    ),
    "AWDT": (540,),
    "AWST": (480,),
    "AZT": (240,),
    "BDT": (
        360,
        480,
    ),
    "BRST": (-120,),
    "BRT": (-180,),
    "BST": (
        60,
        360,
        660,
    ),
    "CAT": (120,),
    "CDT": (
        -300,
        -240,
        630,
    ),
    "CEST": (120,),
    "CET": (60,),
    "CLST": (-180,),
    "CLT": (-240,),
    "COT": (-300,),
    "CST": (
        -360,
        -300,
        480,
        570,
        630,
    ),
    "ChST": (600,),
    "EAT": (180,),
    "EDT": (
        -240,
        660,
    ),
    "EEST": (180,),
    "EET": (120,),
    "EGST": (180,),
    "EST": (
        -300,
        600,
        660,
    ),
    "GET": (240,),
    "GST": (
        240,
        600,
    ),
    "HDT": (-540,),
    "HKT": (480,),
    "HST": (-600,),
    "ICT": (420,),
    "IDT": (180,),
    "IRDT": (270,),
    "IRKT": (
        480,
        540,
    ),
    "IRST": (210,),
    "IST": (
        60,
        120,
        330,
    ),
    "JST": (540,),
    "KRAT": (
        420,
        480,
    ),
    "KST": (
        510,
        540,
    ),
    "MDT": (-360,),
    "MEST": (120,),
    "MET": (60,),
    "MSD": (240,),
    "MSK": (
        180,
        240,
    ),
    "MST": (-420,),
    "MYT": (480,),
    "NDT": (-150,),
    "NOVT": (
        360,
        420,
    ),
    "NPT": (345,),
    "NST": (-210,),
    "NZDT": (780,),
    "NZST": (720,),
    "PDT": (-420,),
    "PET": (-300,),
    "PHT": (480,),
    "PKST": (360,),
    "PKT": (300,),
    "PST": (
        -480,
        480,
    ),
    "SAMT": (240,),
    "SAST": (120,),
    "SGT": (480,),
    "SST": (
        -660,
        480,
        660,
    ),
    "TRT": (180,),
    "UYT": (-180,),
    "UZT": (300,),
    "VET": (
        -270,
        -240,
    ),
    "VLAT": (
        600,
        660,
    ),
    "WAT": (60,),
    "WEST": (60,),
    "WET": (0,),
    "WIB": (420,),
    "WIT": (540,),
    "WITA": (480,),
    "WST": (
        480,
        780,
    ),
    "YEKT": (
        300,
        360,
    ),
    "Z": (0,),
}
_ANYWHERE = (timedelta(hours=-12), timedelta(hours=14))


def offsets(label: str) -> tuple[timedelta, ...]:
    """Tell the offsets from UTC that an abbreviation can stand for, least first.

    Of one that is not known only the ends are told: some zone on earth.
    """
    known = _MINUTES_EAST.get(label)
    return tuple(timedelta(minutes=m) for m in known) if known else _ANYWHERE
