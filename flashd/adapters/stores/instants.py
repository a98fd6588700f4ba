"""Instants as whole numbers: they sort, compare, and know no zone to get wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Count microseconds since 1970, exactly; a date without a zone is no instant."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """Give the instant back, in UTC."""
    return _EPOCH + count * _MICROSECOND
