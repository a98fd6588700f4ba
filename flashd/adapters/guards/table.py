"""The guards that come with flashd."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.aix import AixGuard
from flashd.adapters.guards.command import CommandGuard
from flashd.adapters.guards.hosts import HostsGuard
from flashd.adapters.guards.http import HttpGuard
from flashd.adapters.guards.io import IoGuard, Samples
from flashd.adapters.guards.kubernetes import KubernetesGuard
from flashd.adapters.guards.lvm import LvmGuard
from flashd.adapters.guards.mounts import MountsGuard
from flashd.adapters.guards.opensvc import OpensvcGuard
from flashd.adapters.guards.pacemaker import PacemakerGuard
from flashd.adapters.guards.powerha import PowerhaGuard
from flashd.adapters.guards.process import ProcessGuard, read_processes
from flashd.adapters.guards.reservation import ScsiReservationGuard
from flashd.adapters.guards.shared import Shared
from flashd.adapters.guards.systemd import SystemdGuard
from flashd.adapters.guards.tcp import TcpGuard
from flashd.adapters.guards.vcs import VcsGuard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from flashd.adapters.guards.io import Count, Steady
    from flashd.model.inventory import Inventory
    from flashd.ports.guard import Guard
    from flashd.ports.remote import Remote

_ON_ANY_HOST: Mapping[str, Callable[..., Guard]] = MappingProxyType(
    {
        "systemd": SystemdGuard,
        "process": ProcessGuard,
        "command": CommandGuard,
        "opensvc": OpensvcGuard,
        "pacemaker": PacemakerGuard,
        "powerha": PowerhaGuard,
        "vcs": VcsGuard,
        "aix": AixGuard,
        "mounts": MountsGuard,
        "lvm": LvmGuard,
        "scsi-reservation": ScsiReservationGuard,
    }
)

BUILT_IN: Mapping[str, Callable[[Any], Guard]] = MappingProxyType(
    {
        **_ON_ANY_HOST,
        "tcp": TcpGuard,
        "http": HttpGuard,
        "kubernetes": KubernetesGuard,
        "hosts": HostsGuard,
        "io": IoGuard,
    }
)
"""What makes a guard of each type, given that type's options."""


def asking(remote: Remote) -> dict[str, Callable[[Any], Guard]]:
    """Make those of the built-in guards that look at a host able to ask another one.

    Those of many services that look at the processes of this one share a reading.
    """
    able = {kind: partial(make, remote=remote) for kind, make in _ON_ANY_HOST.items()}
    shared = Shared(read_processes).get
    return {**able, "process": partial(ProcessGuard, remote=remote, reading=shared)}


def asking_arrays(
    stock: Callable[[str], Awaitable[Inventory]], count: Count, steady: Steady
) -> dict[str, Callable[[Any], Guard]]:
    """Make those of the built-in guards that look at an array able to ask it.

    Guards of many services share one reading, which begins after each of them has asked; what was
    counted is kept, so that a second look has something to compare with. `steady` tells the
    monotonic clock by which it was.
    """
    shared: dict[str, Shared[Inventory]] = {}

    def ask(array: str) -> Awaitable[Inventory]:
        return shared.setdefault(array, Shared(partial(stock, array))).get()

    return {
        "hosts": partial(HostsGuard, stock=ask),
        "io": partial(IoGuard, count=count, steady=steady, samples=Samples()),
    }
