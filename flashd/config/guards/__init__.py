"""What each type of guard can be told: the options, without how it looks.

A module holds the guards of a family; `table` names those that come with flashd.
"""

from flashd.config.guards.arrays import Aimed, HostsOptions
from flashd.config.guards.clusters import OpensvcOptions
from flashd.config.guards.common import LONGEST_LOOK, GuardOptions
from flashd.config.guards.network import TcpOptions
from flashd.config.guards.programs import CommandOptions, ProcessOptions, SystemdOptions
from flashd.config.guards.table import BUILT_IN_GUARDS

__all__ = [
    "BUILT_IN_GUARDS",
    "LONGEST_LOOK",
    "Aimed",
    "CommandOptions",
    "GuardOptions",
    "HostsOptions",
    "OpensvcOptions",
    "ProcessOptions",
    "SystemdOptions",
    "TcpOptions",
]
