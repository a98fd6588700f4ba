"""Guards that ask a cluster manager."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from flashd.config.durations import format_duration
from flashd.config.guards.common import GuardOptions, LocalHost, where
from flashd.config.values import Host, Reads, Span, filled, shaped, split_words, written

_VERSIONS = ("2.1", "3")


def _version(value: object) -> str:
    text = written(value)
    if text not in _VERSIONS:
        raise ValueError(f"must be {' or '.join(_VERSIONS)}")
    return text


_SERVICE = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,253}"


def _aged(span: timedelta) -> timedelta:
    if span > timedelta(minutes=30):
        raise ValueError(f"{format_duration(span)} is too long: 30m at most")
    return span


class OpensvcOptions(GuardOptions):
    """A service of OpenSVC's is down on every node, with every resource."""

    proves: ClassVar[bool] = True

    service: Annotated[
        str,
        Reads(
            shaped(_SERVICE, "the name of a service; write it as om does"),
            {"type": "string", "pattern": f"^{_SERVICE}$"},
        ),
    ] = Field(description="The service, as om names it.")
    version: Annotated[str, Reads(_version, {"enum": [*_VERSIONS, 2.1, 3]})] = Field(
        description="That of the agent; its commands and answers differ."
    )
    nodes: Annotated[
        tuple[Host, ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "minItems": 1, "items": {"type": "string"}},
                    {"type": "string"},
                ]
            }
        ),
    ] = Field(
        default=(),
        description="The nodes that the service must have; default: those that om tells.",
    )
    max_age: Annotated[Span, AfterValidator(_aged)] = Field(
        default=timedelta(seconds=60),
        description="How old what om tells of a node may be, 30m at most.",
    )
    host: LocalHost = None

    def label(self) -> str:
        """Name the service and where it is asked."""
        return f"opensvc {self.service}{where(self.host)}"
