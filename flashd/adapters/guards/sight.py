"""Whether every process of a host can be seen from where it was looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from flashd.adapters.procfs import Place

# What the kernel calls its first namespaces: PROC_PID_INIT_INO and PROC_USER_INIT_INO.
_FIRST = {"pid": "pid:[4026531836]", "user": "user:[4026531837]"}
_CAP_SYS_PTRACE = 1 << 19
_SHOWS_ALL = frozenset({"0", "off"})
_SHOWS_PTRACEABLE = frozenset({"4", "ptraceable"})


def blindness(proc: Place, groups: Collection[int] | None = None, *, who: str = "flashd") -> str:
    """Say why some processes may be hidden from `who`; empty where all can be seen.

    `groups` are those of whoever looked; by default ours.
    """
    if not _in_first_namespace(proc, "pid"):
        return f"{who} has a process namespace of its own (a container, or PrivatePIDs=)"
    if not _in_first_namespace(proc, "user"):
        return f"{who} has a user namespace of its own (PrivateUsers=), where all others are nobody"
    try:
        (proc / "1" / "stat").read_bytes()
    except OSError:
        return f"process 1 is hidden from {who} (hidepid=, or ProtectProc=)"
    options = _mount_options(proc)
    if options is None:
        return "how /proc is mounted cannot be told"
    hiding = options.get("hidepid", "off")
    if hiding in _SHOWS_ALL or _sees_anyway(proc, hiding, options.get("gid", "0"), groups):
        return ""
    return f"/proc is mounted with hidepid={hiding} (or ProtectProc= is set)"


def _in_first_namespace(proc: Place, kind: str) -> bool:
    return str((proc / "self" / "ns" / kind).readlink()) == _FIRST[kind]


def _mount_options(proc: Place) -> dict[str, str] | None:
    """Read the options of the topmost mount on /proc, if that is a proc file system.

    None also where a word that is no option of it seems to hide something.
    """
    found = None
    for line in (proc / "self" / "mountinfo").read_text("utf-8", "replace").splitlines():
        mount, _, system = line.partition(" - ")
        if mount.split()[4] == "/proc":
            found = (mount.split()[5], *system.split())
    if found is None or found[1] != "proc":
        return None
    words = f"{found[0]},{found[-1]}".split(",")
    options = {key: value for key, _, value in (word.partition("=") for word in words)}
    return None if any("hidepid" in key and key != "hidepid" for key in options) else options


def _sees_anyway(proc: Place, hiding: str, group: str, groups: Collection[int] | None) -> bool:
    """Whether what is hidden from others is shown to us: by a capability, or by the group."""
    if _in_first_namespace(proc, "user") and _capabilities(proc) & _CAP_SYS_PTRACE:
        return True
    ours = {str(gid) for gid in (groups or (os.getegid(), *os.getgroups()))}
    return hiding not in _SHOWS_PTRACEABLE and group in ours


def _capabilities(proc: Place) -> int:
    for line in (proc / "self" / "status").read_text("utf-8", "replace").splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
