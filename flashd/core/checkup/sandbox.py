"""What the sandbox of the unit keeps from the daemon that it needs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, hint, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flashd.core.checkup.unit import Unit

_CHECK = "sandbox"
_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # nosec B108 # noqa: S108 - as systemd names them
_STATE_KEYS = {
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "RuntimeDirectory": "/run",
}
_READ_ONLY: Mapping[str, tuple[str, ...]] = {
    "strict": ("/",),
    "full": ("/usr", "/boot", "/efi", "/etc"),
    "yes": ("/usr", "/boot", "/efi"),
    "true": ("/usr", "/boot", "/efi"),
}
_ALWAYS_WRITABLE = ("/dev", "/proc", "/sys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the configuration has the daemon use: paths, addresses and users, each by its name.

    `raises_rights` are programs that need more rights than the daemon has.
    """

    read: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sees_processes: bool = False
    needs_bus: bool = False
    java: bool = True
    raises_rights: tuple[str, ...] = ()
    owner: str = ""
    auth: str = ""


def judge_sandbox(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    """Compare a unit with what is needed."""
    found = [
        *_hidden(unit, needs),
        *_read_only(unit, needs),
        *_cut_off(unit, needs),
        *_families(unit, needs),
        *_processes(unit, needs),
        *_memory(unit, needs),
        *_rights(unit, needs),
        *_user(unit, needs),
        *_credentials(unit, needs),
    ]
    yield from found
    if not found:
        yield ok(_CHECK, f"{unit.name} lets through all that the configuration needs")


def _below(path: str, tops: tuple[str, ...]) -> bool:
    return any(path == top or path.startswith(f"{top.rstrip('/')}/") for top in tops)


def _plain(words: tuple[str, ...]) -> tuple[str, ...]:
    """Take away the marks before a path: `-` (may be missing) and `+` (below the root)."""
    return tuple(word.lstrip("-+") for word in words)


def _hidden(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    """Tell which paths the daemon does not see."""
    home = unit.word("ProtectHome", "no").lower()
    for name, path in {**needs.read, **needs.written}.items():
        written = name in needs.written
        if _below(path, _HOMES) and (
            home in {"yes", "true", "tmpfs"} or (written and home != "no")
        ):
            yield problem(
                _CHECK,
                f"ProtectHome={home} keeps {name} {path} from the daemon",
                "Move it elsewhere, such as /usr/local or /var/lib/flashd.",
            )
        if _below(path, _TEMPORARY) and _own_temporary(unit):
            yield problem(
                _CHECK,
                f"PrivateTmp= gives the daemon temporary files of its own: it does not see"
                f" {name} {path}",
                "Move it elsewhere, such as /usr/local or /var/lib/flashd.",
            )
        if _below(path, _plain(unit.words("InaccessiblePaths"))):
            yield problem(
                _CHECK,
                f"InaccessiblePaths= keeps {name} {path} from the daemon",
                "Take that path out of it by a drop-in: systemctl edit flashd",
            )


def _own_temporary(unit: Unit) -> bool:
    return unit.word("PrivateTmp").lower() in {"yes", "true", "disconnected"}


def _read_only(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    """Tell which paths the daemon cannot write."""
    mode = unit.word("ProtectSystem", "no").lower()
    closed = (*_READ_ONLY.get(mode, ()), *_plain(unit.words("ReadOnlyPaths")))
    opened = (*_plain(unit.words("ReadWritePaths")), *_ALWAYS_WRITABLE)
    for key, top in _STATE_KEYS.items():
        opened += tuple(f"{top}/{one.partition(':')[0]}" for one in unit.words(key))
    if _own_temporary(unit):
        opened += _TEMPORARY
    for name, path in needs.written.items():
        if _below(path, closed) and not _below(path, opened):
            yield problem(
                _CHECK,
                f"ProtectSystem={mode} makes {name} {path} read-only",
                f"Add ReadWritePaths={path} by a drop-in: systemctl edit flashd",
            )


def _cut_off(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    """Tell which addresses the daemon cannot reach."""
    if unit.on("PrivateNetwork") and needs.addresses:
        yield problem(
            _CHECK,
            "PrivateNetwork=yes leaves the daemon without a network",
            "Take it out by a drop-in: systemctl edit flashd",
        )
    allowed, denied = unit.networks("IPAddressAllow"), unit.networks("IPAddressDeny")
    for name, addresses in needs.addresses.items():
        for text in addresses:
            address = ipaddress.ip_address(text.partition("%")[0])
            if any(address in one for one in allowed):
                continue
            if any(address in one for one in denied):
                yield problem(
                    _CHECK,
                    f"IPAddressDeny= drops packets to {name} {text}",
                    f"Add IPAddressAllow={text} by a drop-in: systemctl edit flashd",
                )


def _families(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    """Tell which kinds of sockets the daemon may not make."""
    words = unit.words("RestrictAddressFamilies")
    if not words:
        return
    listed = {word.lstrip("~") for word in words}
    inverted = words[0].startswith("~")
    for family in sorted(_families_of(needs)):
        if (family in listed) == inverted:
            yield problem(
                _CHECK,
                f"RestrictAddressFamilies= lacks {family}",
                f"Add RestrictAddressFamilies={family} by a drop-in: systemctl edit flashd",
            )


def _families_of(needs: Needs) -> set[str]:
    texts = [text.partition("%")[0] for found in needs.addresses.values() for text in found]
    kinds = {ipaddress.ip_address(text).version for text in texts}
    families = {"AF_INET6" if kind == 6 else "AF_INET" for kind in kinds}  # noqa: PLR2004
    return families | ({"AF_UNIX"} if needs.needs_bus else set())


def _processes(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    """Tell what keeps /proc from the daemon."""
    if unit.word("ProcSubset", "all") == "pid":
        yield problem(
            _CHECK,
            "ProcSubset=pid hides /proc/sys, where the daemon reads which boot this is",
            "Set ProcSubset=all by a drop-in: systemctl edit flashd",
        )
    hiding = unit.word("ProtectProc", "default")
    if needs.sees_processes and hiding != "default":
        yield problem(
            _CHECK,
            f"ProtectProc={hiding} hides the processes that guards look for: they know nothing",
            "Set ProtectProc=default by a drop-in: systemctl edit flashd",
        )
    if needs.sees_processes and unit.on("PrivatePIDs"):
        yield problem(
            _CHECK,
            "PrivatePIDs=yes hides the processes that guards look for: they know nothing",
            "Set PrivatePIDs=no by a drop-in: systemctl edit flashd",
        )


def _memory(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    if needs.java and unit.on("MemoryDenyWriteExecute"):
        yield problem(
            _CHECK,
            "MemoryDenyWriteExecute=yes ends the Java of dscli, whose compiler writes code",
            "Set MemoryDenyWriteExecute=no by a drop-in: systemctl edit flashd",
        )


def _rights(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    if unit.on("NoNewPrivileges"):
        for program in needs.raises_rights:
            yield problem(
                _CHECK,
                f"NoNewPrivileges=yes keeps {program} from raising its rights",
                "Have the guard do without it, or set NoNewPrivileges=no by a drop-in.",
            )


def _user(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    user = unit.word("User", "root")
    if needs.owner and user != needs.owner:
        yield problem(
            _CHECK,
            f"the unit runs as {user}, and the state belongs to {needs.owner}",
            "Give the state directory to the user of the unit, with all that is in it.",
        )


def _credentials(unit: Unit, needs: Needs) -> Iterator[Diagnosis]:
    words = [*unit.words("LoadCredential"), *unit.words("LoadCredentialEncrypted")]
    passed = dict(word.partition(":")[::2] for word in words)
    user = unit.word("User", "root")
    if "auth.conf" not in passed and user != "root":
        yield problem(
            _CHECK,
            f"no LoadCredential= hands auth.conf over, which {user} cannot open",
            f"Add LoadCredential=auth.conf:{needs.auth} by a drop-in: systemctl edit flashd",
        )
    elif needs.auth and passed.get("auth.conf") not in {needs.auth, "", None}:
        yield hint(
            _CHECK,
            f"LoadCredential= hands {passed['auth.conf']} over, not {needs.auth}",
            "The daemon uses that one; these checks looked at the other.",
        )
