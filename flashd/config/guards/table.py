"""The guards that come with flashd, each with what it can be told."""

from collections.abc import Mapping
from types import MappingProxyType

from flashd.config.guards.aix import AixOptions
from flashd.config.guards.arrays import HostsOptions, IoOptions
from flashd.config.guards.clusters import (
    OpensvcOptions,
    PacemakerOptions,
    PowerhaOptions,
    VcsOptions,
)
from flashd.config.guards.common import GuardOptions
from flashd.config.guards.containers import KubernetesOptions
from flashd.config.guards.network import HttpOptions, TcpOptions
from flashd.config.guards.programs import CommandOptions, ProcessOptions, SystemdOptions
from flashd.config.guards.volumes import LvmOptions, MountsOptions, ScsiReservationOptions

BUILT_IN_GUARDS: Mapping[str, type[GuardOptions]] = MappingProxyType(
    {
        "systemd": SystemdOptions,
        "tcp": TcpOptions,
        "process": ProcessOptions,
        "command": CommandOptions,
        "opensvc": OpensvcOptions,
        "hosts": HostsOptions,
        "io": IoOptions,
        "pacemaker": PacemakerOptions,
        "powerha": PowerhaOptions,
        "vcs": VcsOptions,
        "aix": AixOptions,
        "mounts": MountsOptions,
        "lvm": LvmOptions,
        "kubernetes": KubernetesOptions,
        "http": HttpOptions,
        "scsi-reservation": ScsiReservationOptions,
    }
)
