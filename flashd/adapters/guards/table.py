"""The guards that come with flashd."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.command import CommandGuard
from flashd.adapters.guards.process import ProcessGuard
from flashd.adapters.guards.systemd import SystemdGuard
from flashd.adapters.guards.tcp import TcpGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flashd.ports.guard import Guard

BUILT_IN: Mapping[str, Callable[[Any], Guard]] = MappingProxyType(
    {
        "systemd": SystemdGuard,
        "tcp": TcpGuard,
        "process": ProcessGuard,
        "command": CommandGuard,
    }
)
"""What makes a guard of each type, given that type's options."""
