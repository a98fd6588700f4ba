"""The guards that come with flashd, each with what it can be told."""

from collections.abc import Mapping
from types import MappingProxyType

from flashd.config.guards.arrays import HostsOptions
from flashd.config.guards.clusters import OpensvcOptions
from flashd.config.guards.common import GuardOptions
from flashd.config.guards.network import TcpOptions
from flashd.config.guards.programs import CommandOptions, ProcessOptions, SystemdOptions

BUILT_IN_GUARDS: Mapping[str, type[GuardOptions]] = MappingProxyType(
    {
        "systemd": SystemdOptions,
        "tcp": TcpOptions,
        "process": ProcessOptions,
        "command": CommandOptions,
        "opensvc": OpensvcOptions,
        "hosts": HostsOptions,
    }
)
