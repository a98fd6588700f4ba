"""flashd sim show and journal: what an array holds, and what it was told."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import array_file, as_json
from flashd.sim.cli.surroundings import hosts_facts, hosts_pictures
from flashd.sim.commands import lsflash
from flashd.sim.commands.command import Call
from flashd.sim.faults import Fault
from flashd.sim.grammar import Request
from flashd.sim.journal import Entry
from flashd.sim.layout import Layout, Report, render
from flashd.sim.nouns import User, Volume


@click.command()
@array_file
@as_json
def show(array: Array, *, as_json: bool) -> None:
    """Show volumes with their contents, relations, hosts, accounts, switches and faults."""
    click.echo(json.dumps(_facts(array), indent=2) if as_json else _picture(array))


@click.command()
@array_file
@as_json
def journal(array: Array, *, as_json: bool) -> None:
    """Show the commands that came in, in order, and what became of them."""
    entries = array.journal()
    if as_json:
        logins = [{**asdict(login), "at": _iso(login.at)} for login in array.logins()]
        click.echo(json.dumps({"logins": logins, "commands": [_command(e) for e in entries]}))
        return
    columns = ("At", "Session", "Pid", "HMC", "User", "Phase", "Exit", "Fault", "Command")
    click.echo(_table(columns, tuple(_line(entry) for entry in entries)))


def _facts(array: Array) -> dict[str, object]:
    report = _relations(array)
    return {
        "array": {**asdict(array.identity), "consoles": array.consoles},
        "clock": _iso(array.now()),
        "users": [asdict(user) for user in array.users()],
        "volumes": [asdict(volume) for volume in array.volumes()],
        "relations": [dict(zip(report.columns, row, strict=True)) for row in report.rows],
        **hosts_facts(array),
        "switches": dict(array.switches.moved),
        "faults": [{**asdict(fault), "spent": fault.spent} for fault in array.faults()],
    }


def _picture(array: Array) -> str:
    identity, relations = array.identity, _relations(array)
    moved = array.switches.moved
    parts = (
        f"{identity.serial}  consoles {', '.join(array.consoles)}  clock {_iso(array.now())}",
        _table(
            ("Volume", "Name", "Blocks", "Space", "Content"), tuple(map(_volume, array.volumes()))
        ),
        _table(relations.columns, relations.rows),
        *hosts_pictures(array),
        _table(
            ("User", "Role", "FailedLogins", "Locked", "PwExpired"),
            tuple(map(_user, array.users())),
        ),
        _table(("Switch", "Moved to"), tuple(moved.items())),
        _table(
            ("Fault", "Command", "Nth", "Times", "When", "Struck"),
            tuple(
                (str(f), f.pattern, str(f.nth), str(f.times), _when(f), str(f.fired))
                for f in array.faults()
            ),
        ),
    )
    return "\n\n".join(parts)


def _relations(array: Array) -> Report:
    identity = array.identity
    request = Request("lsflash", frozenset({"-l"}), {}, ("0000-FFFF",))
    with array.inventory() as held:
        answer = lsflash.run(Call(request, held, identity))
    return answer.report or Report(lsflash.SHORT + lsflash.LONG, ())


def _when(fault: Fault) -> str:
    when = fault.when
    at = "-" if when.at is None else f"{_iso(when.at)} ({when.clock})"
    return at if when.chance is None else f"{at}, chance {when.chance:g} of seed {when.seed}"


def _volume(volume: Volume) -> tuple[str, ...]:
    space = "ESE" if volume.space_efficient else "Standard"
    return (volume.id, volume.name, str(volume.blocks), space, volume.content)


def _user(user: User) -> tuple[str, ...]:
    yes_no = ("yes" if state else "no" for state in (user.locked, user.expired))
    return (user.name, user.role, str(user.failed_logins), *yes_no)


def _line(entry: Entry) -> tuple[str, ...]:
    code = "-" if entry.exit is None else str(entry.exit)
    who = (str(entry.session), str(entry.pid), entry.hmc, entry.user)
    return (_iso(entry.at), *who, entry.phase, code, entry.fault or "-", entry.command)


def _command(entry: Entry) -> dict[str, object]:
    answered = None if entry.answered_at is None else _iso(entry.answered_at)
    return {**asdict(entry), "at": _iso(entry.at), "answered_at": answered}


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    return "\n".join(render(Report(columns, rows), Layout()))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
