"""The twin of one array, and what it was told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flashd.errors import ConfigError
from flashd.rehearsal.clocks import ArrayClock, to_instant
from flashd.sim import journal, late
from flashd.sim.array import Array
from flashd.sim.errors import SimError
from flashd.sim.keptfile import KeptFile
from flashd.sim.statefile import StateFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from flashd.model.service import Resource, Service
    from flashd.rehearsal.clocks import VirtualClock
    from flashd.rehearsal.mischief import Mischief
    from flashd.rehearsal.terms import Terms
    from flashd.sim.inventory import Inventory
    from flashd.sim.journal import Entry

USER = "rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One command as the array's own journal has it."""

    at: datetime
    array: str
    command: str
    phase: str
    exit: int | None
    acted: tuple[str, ...]
    fault: str

    @property
    def verb(self) -> str:
        """Its first word."""
        return self.command.partition(" ")[0]

    @property
    def changes(self) -> bool:
        """Whether it is one that can change relations."""
        return self.verb in {"mkflash", "resyncflash", "rmflash"}


@dataclass(frozen=True, slots=True)
class Said:
    """What commands that only list said; `told` are seconds after they began.

    `lasts`: a change of relations does not change it.
    """

    out: str
    told: tuple[tuple[float, Told], ...]
    lasts: bool


@dataclass(slots=True)
class Replays:
    """What a login and listings said last, for as long as they must say the same.

    That is until a changing command or a fault, and only where every track of every relation has
    been copied: then no write of a host changes what `lsflash` shows. Where `unwritten`, no host
    writes at all, and what is not copied in the background stays so.

    What does not show relations is said until volumes, hosts or groups change: no command of
    flashd's and none of the faults planted here does that, but to volumes that take their space
    as they are written.
    """

    literal: bool
    unwritten: bool = False
    greeting: str = ""
    idle: bool = False
    said: dict[str, Said] = field(default_factory=dict)

    def greeted(self, said: str) -> None:
        """Keep what a login says that goes well."""
        if not self.literal:
            self.greeting = said

    def drop(self) -> None:
        """Forget it."""
        self.said.clear()

    def changed(self) -> None:
        """Forget what shows relations."""
        for commands in [one for one in self.said if not self.said[one].lasts]:
            del self.said[commands]

    def knows(self, commands: str) -> bool:
        """Whether it knows the answer."""
        return not self.literal and commands in self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """An array in virtual time; `pace` is its clock. Commands and sessions are kept in order."""

    name: str
    array: Array
    file: KeptFile
    clock: VirtualClock
    pace: ArrayClock
    mischief: Mischief
    consoles: tuple[str, ...]
    user: str = USER
    login_seconds: float = 0.0
    command_seconds: float = 0.0
    replays: Replays
    told: list[Told] = field(default_factory=list)
    sessions: list[tuple[datetime, datetime]] = field(default_factory=list)

    def ended(self, began: datetime) -> None:
        """Keep what a session was told, and take it out of the array: a month of it is much."""
        self.sessions.append((began, self.clock.now()))
        if self.replays.idle:
            self.replays.idle = False
            return
        with self.array.file.change() as rows:
            entries = journal.entries(rows)
            journal.forget(rows)
        self.told.extend(self._told(entry) for entry in entries)

    def keep(self, commands: str, out: str, began: datetime) -> None:
        """Keep what a listing said, if it will say the same again."""
        if self.replays.literal or not only_lists(commands):
            return
        lasts = "lsflash" not in commands
        with self.array.inventory() as held:
            done = not held.space_efficient() if lasts else self._still(held)
        with self.array.file.look() as rows:
            done = done and (lasts or not late.waiting(rows))
            told = [self._told(entry) for entry in journal.entries(rows)]
        if done and not any(one.fault or one.exit for one in told):  # refused is not for good
            after = tuple(((one.at - began).total_seconds(), one) for one in told)
            self.replays.said[commands] = Said(out, after, lasts)

    def _still(self, held: Inventory) -> bool:
        """Whether no track of a relation is copied any more."""
        return not held.copying() and (self.replays.unwritten or not held.uncopied())

    def replay(self, commands: str, began: datetime) -> str:
        """Say it again."""
        said = self.replays.said[commands]
        self.told.extend(
            replace(one, at=began + timedelta(seconds=after)) for after, one in said.told
        )
        asked = [line for line in commands.splitlines() if not line.startswith("setenv ")]
        self.pace.wait(self.command_seconds * len(asked))
        self.replays.idle = True
        return said.out

    def _told(self, entry: Entry) -> Told:
        return Told(
            at=to_instant(entry.at),
            array=self.name,
            command=entry.command,
            phase=entry.phase,
            exit=entry.exit,
            acted=entry.acted,
            fault=entry.fault,
        )


def copied(files: Iterable[Path], directory: Path) -> dict[str, Path]:
    """Copy array files, which stay as they are; returns the copies by the arrays' names."""
    found: dict[str, Path] = {}
    for number, file in enumerate(files):
        copy = directory / f"given-{number}.array"
        try:
            with (
                closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as given,
                closing(sqlite3.connect(copy)) as made,
            ):
                given.backup(made)
            serial = Array.open(copy).identity.serial
        except (sqlite3.Error, SimError) as error:
            raise ConfigError(
                f"{file} cannot be read as an array: {error}",
                "Make one with flashd sim make.",
            ) from error
        if serial in found:
            raise ConfigError(f"{file} is a second array {serial}", "Give each array once.")
        found[serial] = copy
    return found


def make_array(
    name: str, services: Sequence[Service], ages: Mapping[str, datetime], directory: Path
) -> Path:
    """Make an array as the services have it configured, last synced at `ages` by service."""
    path = directory / f"{name}.array"
    array = Array.create(path, name, consoles=("rehearsal",), user=USER, password=USER)
    mine = [(one, res) for one in services for res in one.resources if res.array == name]
    volumes = dict.fromkeys(
        str(volume) for _, resource in mine for pair in resource.pairs for volume in pair.volumes
    )
    array.add_volumes(*volumes)
    try:
        for service, resource in mine:
            _establish(array, resource, ages[service.name])
    except SimError as error:
        raise ConfigError(
            f"the twin of {name} does not take the relations as configured: {error}",
            "The real array would refuse them as well; see docs/simulator.md.",
        ) from error
    return path


def only_lists(commands: str) -> bool:
    """Whether nothing among these commands changes anything."""
    return all(line.startswith(("setenv ", "ls")) for line in commands.splitlines())


def _establish(array: Array, resource: Resource, synced: datetime) -> None:
    array.establish(
        *map(str, resource.pairs),
        synced_at=synced.timestamp(),
        record=resource.recording,
        cp=resource.bgcopy,
    )


def open_twin(name: str, path: Path, clock: VirtualClock, terms: Terms, mischief: Mischief) -> Twin:
    """Open an array file in virtual time, by the terms, with a user of our own."""
    pace = ArrayClock(clock)
    file = KeptFile(StateFile.open(path).path)
    array = Array(file, pace)
    array.clear_faults()
    array.add_user(USER, USER)
    if array.switches["date_zone"] == "client":
        array.switch("date_zone", "UTC")  # as flashd has dscli write them
    array.switch("password_expiration_days", "0")  # ours is not the user's
    array.switch("login_seconds", str(terms.login_seconds))
    array.switch("command_seconds", str(terms.command_seconds))
    if terms.copy_rate is not None:
        array.switch("copy_rate", str(terms.copy_rate))
    with array.file.change() as rows:
        journal.forget(rows)
    return Twin(
        name=name,
        array=array,
        file=file,
        clock=clock,
        pace=pace,
        mischief=mischief,
        consoles=array.consoles[:1],
        replays=Replays(literal=terms.literal),
        login_seconds=terms.login_seconds,
        command_seconds=terms.command_seconds,
    )
