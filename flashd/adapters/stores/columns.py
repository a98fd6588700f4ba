"""How values stand in columns, the same in every database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Text
from sqlalchemy.types import TypeDecorator

from flashd.adapters.stores.instants import from_micros, to_micros

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Instant(TypeDecorator[datetime]):
    """An instant as an integer."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Write."""
        del dialect
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read."""
        del dialect
        return None if value is None else from_micros(value)


class Words(TypeDecorator[str]):
    """Text from outside, which may hold what no database takes.

    Bytes that were no UTF-8 arrive as lone surrogates, and PostgreSQL takes no NUL: both are
    kept readable, as backslash escapes, rather than that a record is lost for them.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write."""
        del dialect
        if value is None:
            return None
        return value.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


class Json(TypeDecorator[object]):
    """Nested values as ASCII JSON in a text column, so that any text goes and comes back."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Write."""
        del dialect
        return None if value is None else json.dumps(value, default=_plain, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Read."""
        del dialect
        return None if value is None else json.loads(value)


def _plain(value: object) -> object:
    """Put evidence that JSON does not know in plain words: it is for people."""
    match value:
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(key): item for key, item in value.items()}
        case set() | frozenset():
            return sorted(map(str, value))
        case _:
            return str(value)
