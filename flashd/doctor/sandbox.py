"""Look at the installed unit, and at what the configuration has the daemon use."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.guards.here import own_among
from flashd.adapters.processes import run
from flashd.adapters.threads import beside
from flashd.core.checkup.sandbox import Needs
from flashd.core.checkup.unit import Unit, read_unit
from flashd.doctor.client import is_simulated
from flashd.doctor.network import addresses_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flashd.config.auth import Login
    from flashd.config.settings import Settings
    from flashd.config.ssh import SshSettings
    from flashd.model.service import GuardSpec

NAME = "flashd.service"
_PLACES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_LIMIT = timedelta(seconds=10)
_RAISING = frozenset({"sudo", "su", "doas", "pkexec", "runuser"})
_MOST_HOSTS = 200


async def unit_of(file: Path | None) -> Unit | None:
    """Read a unit's file; without one the installed unit, from systemd itself where it runs."""
    if file is None and (found := await _from_systemd()):
        return found
    return await beside(partial(_from_files, file))


async def _from_systemd() -> Unit | None:
    if not _booted():
        return None
    try:
        done = await run(["systemctl", "cat", NAME], limit=_LIMIT)
    except OSError:
        return None
    text = done.output.decode("utf-8", "replace")
    return read_unit(NAME, [text]) if done.exit_status == 0 else None


def _booted() -> bool:
    """Whether systemd runs here; see sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


def _from_files(file: Path | None) -> Unit | None:
    """Read that file; without one what systemd would: the first unit, each drop-in by its name."""
    if file:
        return read_unit(file.name, [file.read_text("utf-8", "replace")])
    units = [file for place in _PLACES if (file := Path(place) / NAME).is_file()]
    if not units:
        return None
    drop_ins = {
        file.name: file
        for place in reversed(_PLACES)
        for file in Path(place, f"{NAME}.d").glob("*.conf")
    }
    files = [units[0], *(drop_ins[name] for name in sorted(drop_ins))]
    return read_unit(NAME, [file.read_text("utf-8", "replace") for file in files])


async def needs_of(
    settings: Settings, logins: Mapping[str, Login], guards: Iterable[GuardSpec], owner: str
) -> Needs:
    """Gather what the daemon will use."""
    specs = list(guards)
    simulated = is_simulated(settings.dscli)
    away = await _asked_by_ssh(specs)
    local = [spec for spec in specs if spec.type != "tcp" and spec not in away]
    reached = [spec for spec in specs if spec.type == "tcp" or spec in away]
    programs = {_program(spec) for spec in local if spec.type == "command"} - {""}
    return Needs(
        read={
            "dscli": str(settings.dscli.path),
            "the pwfiles": str(settings.pwfiles),
            **{f"the guard's program {Path(one).name}": one for one in sorted(programs)},
            **(_for_ssh(settings.ssh) if away else {}),
        },
        written=_written(settings),
        addresses=await _addresses(settings, {} if simulated else logins, reached),
        sees_processes=any(spec.type == "process" for spec in local),
        needs_bus=any(spec.type == "systemd" for spec in local),
        java=not simulated,
        raises_rights=tuple(sorted(one for one in programs if Path(one).name in _RAISING)),
        owner=owner,
        auth=str(settings.auth),
    )


async def _asked_by_ssh(specs: Sequence[GuardSpec]) -> frozenset[GuardSpec]:
    """Pick the guards that look at another host, as they decide it themselves."""
    named = [spec for spec in specs if spec.type != "tcp" and _host(spec)]
    own = await own_among(_host(spec) for spec in named)
    return frozenset(spec for spec in named if _host(spec) not in own)


def _host(spec: GuardSpec) -> str:
    return str(getattr(spec.options, "host", None) or "")


def _for_ssh(ssh: SshSettings) -> dict[str, str]:
    """Tell the files that ssh reads; the key may be a credential of the unit instead."""
    files = {"ssh": ssh.path, "known_hosts": ssh.known_hosts, "ssh.config": ssh.config}
    return {name: str(file) for name, file in files.items() if file is not None}


def _way_to(spec: GuardSpec, ssh: SshSettings) -> str:
    """Tell the host that is connected to: by ssh a bastion, or the address that was pinned."""
    host = _host(spec)
    if spec.type == "tcp":
        return host
    pin = ssh.pin(host)
    if pin.jump:
        return pin.jump.rpartition("@")[2].partition(":")[0]
    return str(pin.address or host)


def _program(spec: GuardSpec) -> str:
    command = getattr(spec.options, "command", ())
    return str(command[0]) if command else ""


def _written(settings: Settings) -> dict[str, str]:
    place = settings.state_file
    return {"the state store": str(place)} if place else {}


async def _addresses(
    settings: Settings, logins: Mapping[str, Login], specs: Iterable[GuardSpec]
) -> dict[str, tuple[str, ...]]:
    hosts: dict[str, str] = {}
    for array, login in logins.items():
        hosts[f"the console {login.hmc1} of {array}"] = login.hmc1
        if login.hmc2:
            hosts[f"the console {login.hmc2} of {array}"] = login.hmc2
    if server := _server(settings):
        hosts["the server of the state store"] = server
    for spec in specs:
        if (host := _way_to(spec, settings.ssh)) and len(hosts) < _MOST_HOSTS:
            hosts[f"the host {host} of a guard"] = host
    found = await asyncio.gather(*(addresses_of(host) for host in hosts.values()))
    return {name: addresses for name, addresses in zip(hosts, found, strict=True) if addresses}


def _server(settings: Settings) -> str:
    if settings.state_file:
        return ""
    from sqlalchemy import make_url  # noqa: PLC0415 - only who has a server needs it

    return make_url(settings.state).host or ""
