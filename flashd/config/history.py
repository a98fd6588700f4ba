"""`history` of `flashd.yaml`: how much of the past is kept."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from flashd.config.values import Section, Span, bounded
from flashd.model.history import USUAL, Retention

_FEWEST, _MOST = 1_000, 100_000_000


def _a_day(span: timedelta) -> timedelta:
    if span < timedelta(days=1):
        raise ValueError("must be at least 1d; a bare number is minutes")
    return span


class HistorySettings(Section):
    """How much of the past is kept; a service's last run and what is open always are."""

    keep: Annotated[Span, AfterValidator(_a_day)] = Field(
        default=USUAL.keep, description="A run is pruned so long after its end, 1d or more."
    )
    at_most: Annotated[int, bounded(_FEWEST, _MOST)] = Field(
        default=USUAL.at_most, description="Of more runs the oldest are pruned."
    )

    @property
    def retention(self) -> Retention:
        """What is kept, in the daemon's words."""
        return Retention(keep=self.keep, at_most=self.at_most)
