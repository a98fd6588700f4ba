"""From addresses and a user to a session: find the array, log in."""

import math
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flashd.sim import accounts, faults, instants, journal, messages, mischief, pwfile
from flashd.sim.array import Array
from flashd.sim.commands.command import AUTHENTICATION, CONNECTION
from flashd.sim.errors import SimError
from flashd.sim.faults import Fault
from flashd.sim.nouns import User
from flashd.sim.session import Admission, Refusal

STATE = "FLASHD_SIM"
NOT_STARTED = 63
PORTS = ("1751", "1750", "1718")
"""What the shipped profile says is tried: the newest, then older servers, then the ESS 800."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where to log in, and as whom; a password given wins over the password file.

    `ports` are tried one after the other at each console, `patience` seconds each.
    """

    consoles: tuple[str, ...]
    user: str
    password: str | None
    pwfile: Path
    ports: tuple[str, ...] = PORTS
    patience: float = 20.0


def arrays(environment: Mapping[str, str]) -> tuple[Array, ...]:
    """Return the arrays of this world: the file, or the `*.array` files of the directory."""
    if not (where := environment.get(STATE)):
        raise SimError(f"set {STATE} to an array file, or to a directory of *.array files")
    path = Path(where)
    files = sorted(path.glob("*.array")) if path.is_dir() else [path]
    return tuple(Array.open(file) for file in files)


def admit(world: tuple[Array, ...], credentials: Credentials) -> Admission:
    """Log in at the first console that answers."""
    for console in credentials.consoles:
        array = _managed_by(console, world)
        if array is None:
            _fail_to_connect(world, credentials)
        elif _reachable(array, console, credentials):
            return _log_in(array, console, credentials)
    raise Refusal(messages.UNREACHABLE, CONNECTION)


def errors_to_stdout(world: tuple[Array, ...]) -> bool:
    """Say where a client complains that has no session: as the arrays of this world have it."""
    return any(array.switches["errors_to"] == "stdout" for array in world)


def _fail_to_connect(world: tuple[Array, ...], credentials: Credentials) -> None:
    """Let pass what a console costs that belongs to nobody."""
    slowest = max(world, key=lambda a: a.switches.number("connect_seconds"), default=None)
    if slowest:
        _try_ports(slowest, credentials, len(credentials.ports))


def _try_ports(array: Array, credentials: Credentials, number: int) -> None:
    """Let pass what it costs that nobody answers at a number of ports."""
    each = min(array.switches.number("connect_seconds"), credentials.patience)
    array.clock.wait(number * each)


def _managed_by(console: str, world: tuple[Array, ...]) -> Array | None:
    found = [array for array in world if console in array.consoles]
    if len(found) > 1:
        files = ", ".join(str(array.path) for array in found)
        raise SimError(f"several arrays have the console {console}: {files}")
    return found[0] if found else None


def _reachable(array: Array, console: str, credentials: Credentials) -> bool:
    with array.file.change() as rows:
        fault = faults.strike(rows, faults.names_at(faults.CONNECT), console, array.clock)
    if fault and fault.name == "start-fails":
        _note_failure(array, console, credentials, fault.name)
        text = fault.options.get("text", "the start script found no configuration")
        raise Refusal(f"simulated: {text}", int(fault.number("exit", NOT_STARTED)))
    port, ports = array.switches["console_port"], credentials.ports
    answers = fault is None and port in ports
    if fault and "seconds" in fault.options:
        array.clock.wait(fault.number("seconds", 0))
    else:
        _try_ports(array, credentials, ports.index(port) if answers else len(ports))
    if not answers:
        _note_failure(array, console, credentials, "unreachable")
    return answers


def _note_failure(array: Array, console: str, credentials: Credentials, outcome: str) -> None:
    with array.file.change() as rows:
        journal.note_login(rows, array.clock.now(), _client(console, credentials.user), outcome)


def _log_in(array: Array, console: str, credentials: Credentials) -> Admission:
    instants.reach("login: connected")
    client = _client(console, credentials.user)
    password = _password(console, credentials)
    with array.file.change() as rows:
        fault = faults.strike(rows, faults.names_at(faults.LOGIN), console, array.clock)
        if fault and fault.name == "locked-out":
            accounts.lock(rows, credentials.user)
        if fault and fault.name == "password-expired":
            accounts.set_user(rows, credentials.user, must_change=True)
    if fault and fault.name == "login-hang":
        mischief.stall(fault, array.clock)
    array.clock.wait(array.switches.number("login_seconds"))
    _check_room(array, client)
    with array.file.change() as rows:
        outcome = _authenticate(rows, fault, credentials.user, password, array.clock.now())
        said = outcome if isinstance(outcome, str) else "ok"
        session = journal.note_login(rows, array.clock.now(), client, said)
    if isinstance(outcome, str):
        raise Refusal(messages.login_refused(outcome), AUTHENTICATION)
    instants.reach("login: through")
    return Admission(array=array, client=client, user=outcome, session=session)


def _check_room(array: Array, client: journal.Client) -> None:
    """Refuse a client more than the console bears."""
    limit = array.switches.number("session_limit")
    if math.isinf(limit):
        return
    with array.file.change() as rows:
        others = journal.clients_at(rows, client.hmc) - {client.pid}
        full = len([pid for pid in others if _is_client(pid)]) >= limit
        if full:
            journal.note_login(rows, array.clock.now(), client, "too many sessions")
    if full:
        raise Refusal(messages.too_many_sessions(limit), CONNECTION)


def _is_client(pid: int) -> bool:
    """Say whether a process lives and is a client, not another one with its number."""
    try:
        return b"dscli" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _authenticate(
    rows: sqlite3.Connection, fault: Fault | None, user: str, password: str, at: float
) -> User | str:
    if fault and fault.name == "login-refused":
        return fault.options.get("text", "refused by a fault")
    return accounts.log_in(rows, user, password, at)


def _password(console: str, credentials: Credentials) -> str:
    if credentials.password is not None:
        return credentials.password
    try:
        records = pwfile.read(credentials.pwfile)
        return records[console, credentials.user]
    except SimError as error:
        raise Refusal(messages.login_refused(str(error)), AUTHENTICATION) from error
    except KeyError as error:
        reason = f"{credentials.pwfile} has no record {console}/{credentials.user}"
        raise Refusal(messages.login_refused(reason), AUTHENTICATION) from error


def _client(console: str, user: str) -> journal.Client:
    return journal.Client(pid=os.getpid(), hmc=console, user=user)
