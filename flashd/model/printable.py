"""Words from outside, made fit to be shown."""

from __future__ import annotations


def harmless(text: str) -> str:
    """Spell out what could command a terminal, or begin a line of its own."""
    return text if text.isprintable() else "".join(map(_spelled, text))


def _spelled(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]
