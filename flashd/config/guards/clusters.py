"""Guards that ask a cluster manager."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from flashd.config.durations import format_duration
from flashd.config.guards.common import GuardOptions, LocalHost, where
from flashd.config.values import Flag, Host, Reads, Span, filled, shaped, split_words, written

Nodes = Annotated[
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
]

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
    nodes: Nodes = Field(
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


_RESOURCE = r"[A-Za-z_][A-Za-z0-9_.-]{0,253}"


class PacemakerOptions(GuardOptions):
    """A resource of Pacemaker's is stopped on every node, with every member."""

    proves: ClassVar[bool] = True

    resource: Annotated[
        str,
        Reads(
            shaped(_RESOURCE, "the id of a resource"),
            {"type": "string", "pattern": f"^{_RESOURCE}$"},
        ),
    ] = Field(description="The resource: a group, clone or bundle as a whole, or a single one.")
    nodes: Nodes = Field(
        default=(),
        description="The nodes that the cluster must have; default: those that crm_mon tells.",
    )
    offline_is_down: Flag = Field(
        default=False,
        description="Take a node for down that is offline, clean and not expected; needs fencing.",
    )
    host: LocalHost = None

    def label(self) -> str:
        """Name the resource and where it is asked."""
        return f"pacemaker {self.resource}{where(self.host)}"


_GROUP = r"[A-Za-z][A-Za-z0-9_.-]{0,253}"
_Group = Annotated[
    str,
    Reads(
        shaped(_GROUP, "the name of a group"),
        {"type": "string", "pattern": f"^{_GROUP}$"},
    ),
]


class PowerhaOptions(GuardOptions):
    """A resource group of PowerHA's is offline on every node, and the cluster is stable."""

    proves: ClassVar[bool] = True

    group: _Group = Field(description="The resource group.")
    nodes: Nodes = Field(description="The nodes that the group has, as PowerHA names them.")
    host: LocalHost = None

    def label(self) -> str:
        """Name the group and where it is asked."""
        return f"powerha {self.group}{where(self.host)}"


class VcsOptions(GuardOptions):
    """A service group of Veritas Cluster Server's is offline on every system, all probed."""

    proves: ClassVar[bool] = True

    group: _Group = Field(description="The service group.")
    systems: Nodes = Field(
        default=(),
        description="The systems that the group must have; default: those that hagrp tells.",
    )
    host: LocalHost = None

    def label(self) -> str:
        """Name the group and where it is asked."""
        return f"vcs {self.group}{where(self.host)}"
