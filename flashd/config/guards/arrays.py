"""Guards that look at the targets themselves, as their arrays show them."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, Field

from flashd.config.durations import format_duration
from flashd.config.guards.common import LONGEST_LOOK, GuardOptions, Timeout
from flashd.config.values import Span
from flashd.model.volumes import VolumeId

Targets = tuple[tuple[str, VolumeId], ...]


Options = TypeVar("Options", bound="ArrayGuardOptions")

LONGEST_WINDOW = timedelta(seconds=25)
"""A look takes the window and two logins, and counts for 30 seconds from its beginning."""


@dataclass(frozen=True, slots=True)
class Aimed(Generic[Options]):
    """The options of such a guard, with the targets of its service, each with its array."""

    options: Options
    targets: Targets


class ArrayGuardOptions(GuardOptions):
    """What guards have that look at the targets of their service; which ones need not be told."""

    timeout: Timeout = Field(
        default=timedelta(seconds=25),
        description="How long a look may take, 30s at most; a login to an array takes seconds.",
    )

    def aim(self, targets: Targets) -> Hashable:
        """Say at which volumes to look."""
        return Aimed(self, targets)


class HostsOptions(ArrayGuardOptions):
    """No host connection is mapped to any target of the service."""

    proves: ClassVar[bool] = True

    def label(self) -> str:
        """Name what it looks at."""
        return "hosts of the targets"


def _window(span: timedelta) -> timedelta:
    if span > LONGEST_WINDOW:
        raise ValueError(
            f"{format_duration(span)} is too long: with two logins a look must take no more than"
            f" {format_duration(LONGEST_LOOK)}; {format_duration(LONGEST_WINDOW)} at most"
        )
    return span


class IoOptions(ArrayGuardOptions):
    """No host reads or writes any target of the service, by the array's counters."""

    proves: ClassVar[bool] = False

    timeout: Timeout = Field(
        default=LONGEST_LOOK, description="How long a look may take, 30s at most, window included."
    )
    window: Annotated[Span, AfterValidator(_window)] = Field(
        default=timedelta(seconds=20),
        description="How far apart two readings are at least that are compared, 25s at most.",
    )

    def label(self) -> str:
        """Name what it looks at."""
        return "io of the targets"
