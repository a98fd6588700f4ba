"""What no text of another's may bring into a log, a reason or the history: a password."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(?i)(?<!\S)(-pw|-passwd|-password)([^\S\n]+)(\S+)"
    r"|(passw(?:or)?d[\"']?[=:])([^\S\n]*)(?!CM[A-Z]{2,3}[0-9]{4})(\S+)"
)
"""A message's id after `Enter your password:` is none, and what it says must not be lost."""


def without_secrets(text: str) -> str:
    """Blank what follows a password option: no secret is ever put in, this is the net."""
    return _SECRET.sub(lambda m: f"{m[1] or m[4]}{m[2] or m[5]}********", text)
