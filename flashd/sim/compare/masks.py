"""What of an answer may be shown to anybody: words that any dscli says, and no site's own."""

import re
import tomllib
from pathlib import Path

_TABLES: dict[str, str] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
COLUMNS = frozenset(_TABLES["columns"].split())
"""Words of column names that public material shows; others are shown only beside them."""

_WORDS = frozenset(_TABLES["words"].split())
_NAME = re.compile(r"[A-Za-z][A-Za-z ]{0,23}(?: ?\([A-Za-z0-9^ ]{1,8}\))?")
_EDGES = ".,;:!?()[]'\"="
HIDDEN = "…"
ZONES = frozenset(_TABLES["zones"].split())


def text(said: str, also: frozenset[str]) -> str:
    """Show the words that any dscli says, and `also`; all else, once in a row, is hidden."""
    shown: list[str] = []
    for word in said.split():
        keep = usual(word, also)
        if keep or shown[-1:] != [HIDDEN]:
            shown.append(word if keep else HIDDEN)
    return " ".join(shown)


def usual(word: str, also: frozenset[str]) -> bool:
    """Say whether any dscli says this word, or it is one of `also`."""
    bare = word.strip(_EDGES)
    return not bare or bare.lower() in _WORDS or bare in also


def columns(names: tuple[str, ...]) -> list[str]:
    """Show the names of a header: the known ones, and in their company what looks like one."""
    header = sum(map(known, names)) * 2 >= len(names)
    return [name if known(name) or (header and _NAME.fullmatch(name)) else HIDDEN for name in names]


def known(name: str) -> bool:
    """Say whether public material shows a column of that name."""
    return bool(name) and all(word in COLUMNS for word in name.split())


def zone(label: str) -> str:
    """Show a zone's label if it is one of the usual ones."""
    return label if label in ZONES else HIDDEN


def pattern(value: str) -> str:
    """Show what an id is made of: an image, a volume, a letter with a number."""
    form = re.sub(r"IBM\.\d{4}-[0-9A-Za-z]{7}", "<image>", value)
    form = re.sub(r"(?<![0-9A-Za-z<])[0-9A-Fa-f]{4}(?![0-9A-Za-z>])", "<volume>", form)
    form = re.sub(r"(?<![0-9A-Za-z<])[A-Z]\d+(?![0-9A-Za-z>])", "<number>", form)
    left = re.sub(r"<image>|<volume>|<number>|[/:,-]", "", form)
    return form if not left else HIDDEN
