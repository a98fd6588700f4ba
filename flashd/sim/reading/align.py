"""Put the fields of a line under their columns, where there are more fields than columns.

dscli does not quote: a delimiter inside a value cuts it in two. What the cells of each column look
like decides which fields belong together.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

Looks = Mapping[str, re.Pattern[str]]
_MOST_TIMES, _MOST_MORE = 4, 64  # fields for the columns: no cell holds more delimiters than that
_ENOUGH = 2  # ways to read a line: more than one is told, not chosen


def align(
    columns: Sequence[str], fields: Sequence[str], joint: str, looks: Looks
) -> tuple[tuple[str, ...], ...]:
    """Return the ways to read a line, at most two: none fits, one does, or it is ambiguous."""
    spare = len(fields) - len(columns)
    if spare < 0 or len(fields) > _MOST_TIMES * len(columns) + _MOST_MORE:
        return ()

    def cell(first: int, after: int) -> str:
        return joint.join(fields[first:after])

    def fits(column: int, text: str) -> bool:
        look = looks.get(columns[column])
        return look.fullmatch(text.strip()) is not None if look else True

    return _ways(len(columns), len(fields), cell, fits)


def _ways(
    columns: int,
    fields: int,
    cell: Callable[[int, int], str],
    fits: Callable[[int, str], bool],
) -> tuple[tuple[str, ...], ...]:
    @cache
    def rest(column: int, at: int) -> tuple[tuple[str, ...], ...]:
        """Read the columns from `column` on out of the fields from `at` on."""
        if column == columns:
            return ((),) if at == fields else ()
        found: list[tuple[str, ...]] = []
        for after in range(at + 1, fields - (columns - column - 1) + 1):
            text = cell(at, after)
            if fits(column, text):
                found += [(text, *way) for way in rest(column + 1, after)]
            if len(found) >= _ENOUGH:
                break
        return tuple(found[:_ENOUGH])

    return rest(0, 0)
