"""`ssh` of `flashd.yaml`: how other hosts are asked, and which ones they are."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from flashd.config.values import (
    TEXT,
    AbsolutePath,
    Host,
    Reads,
    Section,
    Span,
    bounded,
    empty_if_absent,
    shaped,
)
from flashd.model.hosts import plain_name

KNOWN_HOSTS = "ssh_known_hosts"

FactsOfHosts = Mapping[str, tuple[tuple[str, str], ...]]
"""By plain name: key and text of what is known of a host."""

_USER = r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}"
_MACHINE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_JUMP = r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?[A-Za-z0-9][A-Za-z0-9._-]{0,252}(:[0-9]{1,5})?"

_User = Annotated[
    str, Reads(shaped(_USER, "the name of a user"), {"type": "string", "pattern": f"^{_USER}$"})
]
_Machine = Annotated[
    str,
    Reads(
        shaped(_MACHINE, "the number of a machine; flashd probe HOST tells it"),
        {"type": "string", "pattern": f"^{_MACHINE}$"},
    ),
]
_Jump = Annotated[str, Reads(shaped(_JUMP, "a bastion; write [USER@]HOST[:PORT]"), TEXT)]


def _in_seconds(span: timedelta) -> timedelta:
    if span < timedelta(seconds=1) or span > timedelta(seconds=30):
        raise ValueError("must be 1s to 30s; a bare number is minutes")
    return span


def _key(value: object) -> Path | None:
    if value is None or value == "none":
        return None
    return value if isinstance(value, Path) else Path(_path(value))


_path = shaped(r"/.+", "a path from / on, nor the word none")


class HostPin(Section):
    """One host: how it is reached, and what shows that it is the one that is meant."""

    hostname: Host | None = Field(
        default=None, description="What the host must call itself, as uname -n there says."
    )
    machine_id: _Machine | None = Field(
        default=None,
        description="The number of its machine: /etc/machine-id, on AIX os_uuid.",
    )
    address: Host | None = Field(
        default=None, description="Where it is; default: its name is looked up."
    )
    port: Annotated[int, bounded(1, 65535)] | None = Field(
        default=None, description="Of its sshd; default: 22, or what the file of 'config' says."
    )
    user: _User | None = Field(default=None, description="As whom to log in there.")
    jump: _Jump | None = Field(
        default=None, description="The bastion on the way, [USER@]HOST[:PORT]."
    )


_NOT_PINNED = HostPin()

_HostName = Annotated[str, Reads(shaped(r"[A-Za-z0-9:][A-Za-z0-9._:%-]{0,252}", "a host"), TEXT)]


def _once(value: Mapping[str, HostPin]) -> Mapping[str, HostPin]:
    plain: dict[str, str] = {}
    for name in value:
        if other := plain.get(plain_name(name)):
            raise ValueError(f"{name!r} and {other!r} are one host")
        plain[plain_name(name)] = name
    return value


class SshSettings(Section):
    """How other hosts are asked."""

    path: AbsolutePath = Field(default=Path("/usr/bin/ssh"), description="The program.")
    user: _User = Field(default="flashd-probe", description="As whom to log in.")
    key: Annotated[Path | None, Reads(_key, {"type": "string"})] = Field(
        default=Path("/var/lib/flashd/probe.key"),
        description="The private key of the probes; none: the file of 'config' says how to log in.",
    )
    known_hosts: AbsolutePath = Field(
        default=Path("/etc/flashd/ssh_known_hosts"),
        description="The host keys; default: ssh_known_hosts beside this file.",
    )
    config: AbsolutePath | None = Field(
        default=None, description="A further file for ssh (-F); default: none is read."
    )
    connect_timeout: Annotated[Span, AfterValidator(_in_seconds)] = Field(
        default=timedelta(seconds=10), description="How long a connection may take, 1s to 30s."
    )
    per_host: Annotated[int, bounded(1, 100)] = Field(
        default=6, description="Sessions at once with a host, and through a bastion."
    )
    total: Annotated[int, bounded(1, 1000)] = Field(
        default=64, description="Sessions at once in all."
    )
    hosts: Annotated[
        Mapping[_HostName, HostPin], BeforeValidator(empty_if_absent), AfterValidator(_once)
    ] = Field(default_factory=dict, description="What is known of single hosts.")

    def facts(self) -> FactsOfHosts:
        """Put in words, by plain name, where hosts are and which machines: an enrolment pins it.

        As whom to log in there says nothing of that.
        """
        return {
            plain_name(name): tuple(
                (f"{key} of its host", str(value))
                for key in HostPin.model_fields
                if key != "user" and (value := getattr(pin, key)) is not None
            )
            for name, pin in self.hosts.items()
        }

    def pin(self, host: str) -> HostPin:
        """Tell what is known of a host."""
        for name, pin in self.hosts.items():
            if plain_name(name) == plain_name(host):
                return pin
        return _NOT_PINNED
