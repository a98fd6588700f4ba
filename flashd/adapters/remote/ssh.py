"""Questions by the system's own ssh: its known hosts, bastions and crypto policy hold here too."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.processes import Completed, Ending, run
from flashd.adapters.remote import words as said
from flashd.adapters.remote.files import distrust_of_files
from flashd.adapters.remote.frame import Frame, Torn, question, read
from flashd.adapters.remote.identity import compared, stranger
from flashd.adapters.threads import beside
from flashd.ports.remote import Answer, Silence

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.adapters.remote.turns import Turns
    from flashd.config.ssh import HostPin, SshSettings

_LOST = 255  # of ssh itself; also of a remote shell that was killed
_FRAME_ROOM = 1 << 16  # bytes beside the answer itself: the frame, a banner
_LEAST = 0.05  # seconds; with less there is no use in starting ssh
_LONGEST = 30
_WIDTH = 1000
_SHELL = {"SHELL": "/bin/sh"}
"""ssh has `$SHELL` read its ProxyCommand, which is quoted for sh; a service's user has nologin."""

# Of several values for one option ssh takes the first, so these stand before any file. What older
# versions do not know yet is named in the first one, and absent there anyway.
_FIXED = (
    "IgnoreUnknown=KnownHostsCommand,ForkAfterAuthentication,SessionType,StdinNull",
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "VerifyHostKeyDNS=no",
    "UpdateHostKeys=no",
    "NoHostAuthenticationForLocalhost=no",
    "CheckHostIP=no",
    "CanonicalizeHostname=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "NumberOfPasswordPrompts=0",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "TCPKeepAlive=yes",
    "ConnectionAttempts=1",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ForwardX11Trusted=no",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "ControlMaster=no",
    "ControlPath=none",
    "ControlPersist=no",
    "ForkAfterAuthentication=no",
    "SessionType=default",
    "StdinNull=no",
    "RequestTTY=no",
    "EscapeChar=none",
    "LogLevel=INFO",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshRemote:
    """One session a question; nothing is kept open, and nothing but an answer comes back.

    `key` is the private key, where there is one: a site with Kerberos may have none.
    """

    settings: SshSettings
    key: Path | None
    turns: Turns

    async def ask(
        self, host: str, words: tuple[str, ...], *, deadline: float, cap: int
    ) -> Answer | Silence:
        """Ask once; what is not one whole answer of that host is silence."""
        loop, pin = asyncio.get_running_loop(), self.settings.pin(host)
        try:
            async with asyncio.timeout_at(deadline):
                if distrust := await beside(partial(distrust_of_files, self.settings, self.key)):
                    return Silence(distrust)
        except TimeoutError:
            return Silence(f"the files that ssh needs for {host} could not be read in time")
        bastion = (_bastion(pin)[1],) if pin.jump else ()
        turn = self.turns.turn(host, *bastion)
        try:
            async with asyncio.timeout_at(deadline):
                await turn.__aenter__()
        except TimeoutError:
            return Silence(
                f"{host} was not asked in time: other questions were before this one",
                {"host": host},
            )
        try:
            found = await self._converse(host, words, deadline - loop.time(), cap)
            self.turns.heard(host, answered=isinstance(found, Answer))
            return found
        finally:
            await turn.__aexit__(None, None, None)

    async def _converse(
        self, host: str, words: tuple[str, ...], left: float, cap: int
    ) -> Answer | Silence:
        if left < _LEAST:
            return Silence(f"{host} was not asked in time", {"host": host})
        nonce = secrets.token_hex(16)
        seconds = min(max(int(left) + 1, 1), _LONGEST)
        try:
            argv = command_line(self.settings, self.key, host, question(nonce, seconds, words))
            limit, room = timedelta(seconds=left), cap + _FRAME_ROOM
            done = await run(argv, limit=limit, more_environment=_SHELL, cap=room)
        except (OSError, ValueError) as error:
            return Silence(f"ssh cannot be run: {error}", {"host": host})
        return judge(done, nonce, host, self.settings)


def command_line(settings: SshSettings, key: Path | None, host: str, asked: str) -> tuple[str, ...]:
    """Write the command line of ssh; it holds no secret."""
    pin = settings.pin(host)
    user = pin.user or settings.user
    jump = ("-o", f"ProxyCommand={_through(settings, key, pin)}") if pin.jump else ()
    return (
        *_options(settings, key, host),
        *jump,
        *("-T", "-l", user),
        *(("-p", str(pin.port)) if pin.port else ()),
        *("--", pin.address or host, asked),
    )


def _options(settings: SshSettings, key: Path | None, host: str) -> tuple[str, ...]:
    seconds = int(settings.connect_timeout.total_seconds())
    more = (
        f"UserKnownHostsFile={_quoted(settings.known_hosts)}",
        f"HostKeyAlias={host}",
        f"ConnectTimeout={seconds}",
        *((f"IdentityFile={_quoted(key)}",) if key else ()),
    )
    options = [word for option in (*_FIXED, *more) for word in ("-o", option)]
    return (str(settings.path), "-F", str(settings.config or "none"), *options)


def _quoted(path: Path | None) -> str:
    """Write a path as ssh takes it in an option: it splits at blanks, and reads quotes and %."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'


def _bastion(pin: HostPin) -> tuple[str, str, str]:
    """Tell user, name and port of the bastion; empty what is not said."""
    user, _, place = (pin.jump or "").rpartition("@")
    name, _, port = place.partition(":")
    return user, name, port


def _through(settings: SshSettings, key: Path | None, pin: HostPin) -> str:
    """Write the way through a bastion: with the same options, which -J would not pass on."""
    user, name, port = _bastion(pin)
    words = (
        *_options(settings, key, name),
        *("-T", "-l", user or settings.user),
        *(("-p", port) if port else ()),
    )
    quoted = " ".join(shlex.quote(word).replace("%", "%%") for word in words)
    return f"{quoted} -W '[%h]:%p' -- {shlex.quote(name)}"


def judge(done: Completed, nonce: str, host: str, settings: SshSettings) -> Answer | Silence:
    """Take what ssh brought for an answer, if it is one, whole, and of the host that was meant."""
    names = _names(settings, host)
    try:
        frame = read(done.output, nonce)
    except Torn as torn:
        return Silence(_why(done, nonce, names, torn), _account(done, host))
    if done.ending is not Ending.EXITED or done.exit_status != 0:
        return Silence(_unfinished(done, names), _account(done, host))
    pin = settings.pin(host)
    evidence = {**_account(done, host), **_told(frame)}
    if strange := stranger(host, pin, frame.host):
        return Silence(f"{host}: {strange}", evidence)
    if frame.status is None:
        refusal = frame.body.decode("utf-8", "backslashreplace").strip().replace("\n", " ")
        return Silence(f"flashd-probe on {host} refused: {_harmless(refusal)}", evidence)
    return Answer(
        exit_status=frame.status,
        output=frame.body,
        errors=done.errors,
        machine=frame.host.machine or frame.host.name or "",
        facts={"host": host, "compared": compared(host, pin), **_told(frame)},
    )


def _names(settings: SshSettings, host: str) -> said.Names:
    return {
        "host": host,
        "user": settings.pin(host).user or settings.user,
        "key": str(settings.key),
        "known_hosts": str(settings.known_hosts),
    }


def _why(done: Completed, nonce: str, names: said.Names, torn: Torn) -> str:
    """Say why there is no whole answer; the exit status alone tells nothing."""
    began = f"FLASHD-BEGIN {nonce} ".encode() in done.output
    if done.ending is Ending.EXITED and done.exit_status == _LOST and not began:
        return said.no_session(done.errors.decode("utf-8", "backslashreplace"), names)
    if done.ending is Ending.EXITED and done.exit_status == _LOST:
        return said.lost_session(names)
    if done.exit_status is not None and done.exit_status < 0:
        return f"ssh was killed by signal {-done.exit_status}"
    if done.ending is Ending.EXITED and not done.output and done.exit_status:
        return said.no_probe(done.exit_status, names)
    if done.ending is not Ending.EXITED:
        return _unfinished(done, names, began=began)
    first = done.output.split(b"\n", 1)[0].decode("utf-8", "backslashreplace")
    told = "" if first.startswith("FLASHD-") or not first else f" (it began: {_harmless(first)})"
    return f"{names['host']} gave no usable answer: {torn}{told}"


def _unfinished(done: Completed, names: said.Names, *, began: bool = True) -> str:
    if done.ending is Ending.FLOODED:
        return f"{names['host']} wrote too much, and the session was ended"
    if done.ending is Ending.TIMED_OUT:
        end = "did not finish its answer" if began else "did not answer"
        return f"{names['host']} {end} in time, and the session was ended"
    return f"the answer of {names['host']} is whole, but ssh ended with {done.exit_status}"


def _account(done: Completed, host: str) -> dict[str, object]:
    """Tell of a session without what it brought: command lines of others may be in it."""
    errors = done.errors[:4000].decode("utf-8", "backslashreplace").splitlines()
    return {
        "host": host,
        "command": list(done.argv),
        "ending": done.ending.value,
        "exit_status": done.exit_status,
        "errors": [_harmless(line) for line in errors if line.strip()][:5],
    }


def _told(frame: Frame) -> dict[str, object]:
    told = frame.host
    return {"system": told.system, "hostname": told.name, "machine_id": told.machine}


def _harmless(line: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)[:_WIDTH]
