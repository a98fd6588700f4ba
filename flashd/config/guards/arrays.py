"""Guards that look at the targets themselves, as their arrays show them."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from flashd.config.guards.common import GuardOptions, Timeout
from flashd.model.volumes import VolumeId

Targets = tuple[tuple[str, VolumeId], ...]


@dataclass(frozen=True, slots=True)
class Aimed:
    """The options of such a guard, with the targets of its service, each with its array."""

    options: "ArrayGuardOptions"
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
