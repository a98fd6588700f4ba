"""What no command may ever have as a target, whatever a service says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What the operator protects.

    `volumes` and `groups` stand with their array. `groups` are patterns (`*`, `?`, `[…]`) of a
    volume group's id or name, `hosts` of host connections and `names` of volumes, these two on
    every array: what is in such a group, is mapped to such a host, or is called so, is protected.
    Capitals and small letters are the same.
    """

    volumes: frozenset[tuple[str, str]] = frozenset()
    groups: frozenset[tuple[str, str]] = frozenset()
    hosts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __or__(self, other: Protection) -> Protection:
        """Protect what either does."""
        return Protection(
            volumes=self.volumes | other.volumes,
            groups=self.groups | other.groups,
            hosts=self.hosts | other.hosts,
            names=self.names | other.names,
        )


NOTHING = Protection()
