"""What no command may ever have as a target, whatever a service says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What the operator protects.

    `volumes` and `groups` stand with their array; a group is meant by its id or its name. `hosts`
    and `names` are patterns (`*`, `?`, `[…]`) of host connections and of volumes, in any case and
    on every array: what is mapped to such a host, or is called so, is protected.
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
