"""Where the state and the logins are, as a `flashd.yaml` with mistakes in it still tells.

A default is believed only where the file surely says nothing else: in another store flashd would
know nothing of holds, of open runs and of what it accepted last.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flashd.config.document import Block, read
from flashd.config.files import SETTINGS
from flashd.config.mistakes import Source
from flashd.config.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


KEYS = ("state", "auth", "pwfiles")

_USER = r"(?P<user>\bpostgres\w*(?:\+\w*)?://[^:/@\s]*)"
_PASSWORD = re.compile(rf"{_USER}:.*@", re.DOTALL)
"""As SQLAlchemy reads it: a slash or a question mark can be part of a password."""

_WRITTEN = re.compile(rf"{_USER}:[^\s\"']*@")
"""The same in the text of a file, where a quote or a blank ends it."""

_PLAIN = r"""(?P<quote>["']?)(?P<value>[^\s"'\[\]{}&*!|>%@`#,][^\s"'#]*)(?P=quote)"""


def whereabouts(source: Source, directory: Path) -> Settings | None:
    """Read the keys that say where things are; all else has its default. None: it is not sure."""
    document = read(source)
    if document.mistakes:
        found = _by_lines(source.text)
    elif document.root is None:
        found = {}
    elif isinstance(document.root, Block):
        found = _of_block(document.root)
    else:
        found = None
    if found is None:
        return None
    text = "".join(f"{key}: {value}\n" for key, value in found.items())
    return read_settings(type(source)(source.file, text), directory)[0]


def _of_block(block: Block) -> dict[str, str] | None:
    """Pick the keys; a key that may be meant for one of them leaves it open what was meant."""
    others = [key for key in block if key not in Settings.model_fields]
    if any(get_close_matches(key.lower(), KEYS) for key in others):
        return None
    found = {key: block[key] for key in KEYS if key in block}
    if not all(isinstance(value, str) for value in found.values()):
        return None
    return {key: _quoted(str(value)) for key, value in found.items()}


def _by_lines(text: str) -> dict[str, str] | None:
    """Pick the keys from a text that is no YAML: each stands on a line of its own, or nowhere."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, str] = {}
    for key in KEYS:
        named = [line for line in lines if re.search(rf"\b{key}\b", line, re.IGNORECASE)]
        if not named:
            continue
        match = re.fullmatch(rf"{key}:[ \t]+{_PLAIN}\s*(#.*)?", named[0])
        if match is None or len(named) > 1:
            return None
        found[key] = _quoted(match["value"])
    return found


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def without_password(texts: Mapping[str, str]) -> dict[str, str]:
    """Take the password of the store's URL out of files that are kept in that very store.

    Nobody needs it there: where the store is, the present files say before it can be opened. It
    is taken out of comments as well; and where YAML writes it in another way than it is read, by
    escapes or over several lines, only what the file says is kept, not how.
    """
    if SETTINGS not in texts:
        return dict(texts)
    text = _WRITTEN.sub(r"\g<user>@", texts[SETTINGS])
    root = read(Source(SETTINGS, text)).root
    if isinstance(root, Block) and _PASSWORD.search(state := str(root.get("state"))):
        text = json.dumps({**root, "state": _PASSWORD.sub(r"\g<user>@", state)})
    return {**texts, SETTINGS: text}
