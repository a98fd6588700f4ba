"""What each type of guard can be told: the options, without how it looks.

A module holds the guards of a family; `table` names those that come with flashd.
"""

from flashd.config.guards.aix import AixOptions
from flashd.config.guards.arrays import Aimed, HostsOptions, IoOptions
from flashd.config.guards.clusters import (
    OpensvcOptions,
    PacemakerOptions,
    PowerhaOptions,
    VcsOptions,
)
from flashd.config.guards.common import LONGEST_LOOK, GuardOptions
from flashd.config.guards.containers import KubernetesOptions
from flashd.config.guards.network import HttpOptions, TcpOptions
from flashd.config.guards.programs import CommandOptions, ProcessOptions, SystemdOptions
from flashd.config.guards.table import BUILT_IN_GUARDS
from flashd.config.guards.volumes import (
    LvmOptions,
    MountsOptions,
    ScsiReservationOptions,
    VolumesOptions,
)

__all__ = [
    "BUILT_IN_GUARDS",
    "LONGEST_LOOK",
    "Aimed",
    "AixOptions",
    "CommandOptions",
    "GuardOptions",
    "HostsOptions",
    "HttpOptions",
    "IoOptions",
    "KubernetesOptions",
    "LvmOptions",
    "MountsOptions",
    "OpensvcOptions",
    "PacemakerOptions",
    "PowerhaOptions",
    "ProcessOptions",
    "ScsiReservationOptions",
    "SystemdOptions",
    "TcpOptions",
    "VcsOptions",
    "VolumesOptions",
]
