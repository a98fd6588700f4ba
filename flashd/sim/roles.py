"""Which role may do what.

Public material says that op_copy_services may do Copy Services commands and what a monitor may,
that a monitor may look, and that no_access may nothing (V). The rest is recalled (R).
"""

from enum import Enum

from flashd.sim.switches import Positions

ROLES = (
    "admin",
    "op_storage",
    "op_volume",
    "op_copy_services",
    "service",
    "monitor",
    "no_access",
)


class Task(Enum):
    """What a command is about, as far as roles tell it apart."""

    LOOK = "look"
    COPY = "copy services"
    VOLUMES = "volumes and host access"
    OWN_ACCOUNT = "the user's own account"
    USERS = "users and security"


_MAY = {
    Task.LOOK: frozenset(ROLES) - {"no_access"},
    Task.VOLUMES: frozenset(("admin", "op_storage", "op_volume")),
    Task.OWN_ACCOUNT: frozenset(ROLES) - {"no_access"},
    Task.USERS: frozenset(("admin",)),
}


def may(role: str, task: Task, switches: Positions) -> bool:
    """Say whether a role covers a task."""
    if task is Task.COPY:
        return role in switches["copy_services_roles"].split(",")
    return role in _MAY[task]
