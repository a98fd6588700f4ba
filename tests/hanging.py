"""Which clients of a simulated array hang until they are ended, as its journal and Linux tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.sim.array import Array
    from flashd.sim.faults import Fault
    from flashd.sim.journal import Entry

AT_LOGIN = "login-hang"
_HANGS = frozenset(("hang", AT_LOGIN, "closed-output"))


def hangs(fault: str, options: Mapping[str, object]) -> bool:
    """Whether a client that is struck by it hangs until it is ended."""
    return fault in _HANGS and "seconds" not in options


def hung(array: Array) -> int:
    """Count the clients that have done all that they do before they hang."""
    faults = [one for one in array.faults() if hangs(one.name, one.options)]
    at_login = sum(one.fired for one in faults if one.name == AT_LOGIN)
    if not any(one.fired for one in faults):
        return 0
    return at_login + sum(_hung(entry, faults) for entry in array.journal())


def _hung(entry: Entry, faults: list[Fault]) -> bool:
    struck = next((one for one in faults if str(one) in entry.fault), None)
    if struck is None:
        return False
    if struck.name == "closed-output":
        return not Path(f"/proc/{entry.pid}/fd/1").exists()
    return struck.position != "after" or entry.phase != "received"
