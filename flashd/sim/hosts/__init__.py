"""Hosts around the array: their connections, volume groups, mounts, reservations, and harm.

A host is known by the name of its host connections, one for each of its ports.
"""

from flashd.sim.hosts.nouns import BUILT_IN, Harm, HostConnection, VolumeGroup

__all__ = ["BUILT_IN", "Harm", "HostConnection", "VolumeGroup"]
