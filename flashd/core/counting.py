"""Numbers of things in words that are shown to people."""

from __future__ import annotations


def counted(number: int, one: str, more: str = "") -> str:
    """Say how many of something there are: `1 service`, `2 services`; `more` is an odd plural."""
    return f"{number} {one if number == 1 else more or f'{one}s'}"
