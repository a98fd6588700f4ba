"""What every type of guard can be told, and the keys that several of them share."""

import shlex
from abc import abstractmethod
from collections.abc import Hashable
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretBytes, SecretStr

from flashd.config.durations import format_duration
from flashd.config.values import Host, Section, Span
from flashd.model.volumes import VolumeId

LONGEST_LOOK = timedelta(seconds=30)
"""No older reading may be acted on, so a look that takes longer is of no use."""


def _short(span: timedelta) -> timedelta:
    if span > LONGEST_LOOK:
        raise ValueError(
            f"{format_duration(span)} is too long: a reading older than"
            f" {format_duration(LONGEST_LOOK)} cannot be used; a bare number is minutes"
        )
    return span


_SECRETS = (SecretStr, SecretBytes)


def _in_words(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return format_duration(value)
        case tuple():
            return shlex.join(map(str, value))  # two lists never have the same words
        case _:
            return str(value)


Timeout = Annotated[Span, AfterValidator(_short)]


class GuardOptions(Section):
    """What every type of guard has; each type says whether it can prove or only veto."""

    proves: ClassVar[bool]

    timeout: Timeout = Field(
        default=timedelta(seconds=20),
        description="How long a look may take, 30s at most; after that its answer is unknown.",
    )

    def aim(self, targets: tuple[tuple[str, VolumeId], ...]) -> Hashable:
        """Give the options as the guard gets them, told the targets of its service by array."""
        del targets
        return self

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Put what decides on its answer in words, key by key: how long it may take does not.

        All defaults are among them: they may be others in another version of flashd.
        """
        options = ((key, getattr(self, key)) for key in type(self).model_fields)
        return tuple(
            (key, _in_words(value))
            for key, value in options
            if key != "timeout" and value is not None and not isinstance(value, _SECRETS)
        )

    def sought(self) -> tuple[str, ...]:
        """Tell the WWIDs of the volumes that it names, 32 hex digits in lower case."""
        return ()

    @abstractmethod
    def label(self) -> str:
        """Name this guard in evidence; unlike any other guard of the same service."""


def where(host: str | None) -> str:
    """Name the host in a guard's label; nothing where it is this one."""
    return f" on {host}" if host else ""


LocalHost = Annotated[Host | None, Field(description="The host to look at; absent: this host.")]
