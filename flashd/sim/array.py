"""The face of one simulated array, for its own commands and for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flashd.sim import (
    accounts,
    codelevel,
    faults,
    flashcopy,
    journal,
    late,
    meddling,
    pwfile,
    switches,
)
from flashd.sim.clock import HOST, Clock
from flashd.sim.errors import SimError
from flashd.sim.faults import Fault
from flashd.sim.ids import Pair, volume_id
from flashd.sim.inventory import Inventory, array_time, positions
from flashd.sim.journal import Entry, Login
from flashd.sim.nouns import DEFAULT_BLOCKS, Mount, Pool, Relation, RemoteCopy, User, Volume
from flashd.sim.statefile import StateFile
from flashd.sim.switches import Positions

DEFAULT_SERIAL = "IBM.2107-75ABC01"
DEFAULT_CONSOLE = "10.10.10.10"
DEFAULT_USER = "opensvc"
DEFAULT_PASSWORD = "opensvc"  # nosec B105 # noqa: S105 - of a simulated array


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an array calls itself."""

    serial: str
    wwnn: str
    model: str
    code_level: str


class Array:
    """One array; every call is a transaction of its own, safe among processes and threads.

    Instants are seconds since the epoch: those of relations by the array's clock, those of the
    journal by `clock`, which is the host's unless the array is run in virtual time.
    """

    def __init__(self, file: StateFile, clock: Clock = HOST) -> None:
        self.file = file
        self.clock = clock

    @classmethod
    def create(
        cls,
        path: Path | str,
        serial: str = DEFAULT_SERIAL,
        *,
        consoles: Sequence[str] = (DEFAULT_CONSOLE,),
        user: str = DEFAULT_USER,
        password: str = DEFAULT_PASSWORD,
        role: str = "op_copy_services",
    ) -> "Array":
        """Make an array without volumes and with one user; see `add_volumes`, `establish`."""
        wwnn = "5005076303" + "".join(c if c in "0123456789ABCDEF" else "0" for c in serial[-6:])
        array = cls(StateFile.create(Path(path)))
        with _whole_or_gone(array.path), array.file.change() as rows:
            rows.execute(
                "INSERT INTO array (serial, wwnn, model, code_level) VALUES (?, ?, ?, ?)",
                (serial, wwnn, "981", VERSION_OF_MICROCODE),
            )
            rows.executemany(
                "INSERT INTO console VALUES (?)", [(c,) for c in dict.fromkeys(consoles)]
            )
            accounts.add_user(rows, user, password, role, array.clock.now())
        return array

    @classmethod
    def open(cls, path: Path | str, clock: Clock = HOST) -> "Array":
        """Open an array that was made before."""
        return cls(StateFile.open(Path(path)), clock)

    @property
    def path(self) -> Path:
        """The file that is the array."""
        return self.file.path

    @property
    def identity(self) -> Identity:
        """What the array calls itself."""
        with self.file.look() as rows:
            row = rows.execute("SELECT serial, wwnn, model, code_level FROM array").fetchone()
        return Identity(serial=row[0], wwnn=row[1], model=row[2], code_level=row[3])

    @property
    def consoles(self) -> tuple[str, ...]:
        """Addresses under which the array is managed."""
        with self.file.look() as rows:
            found = rows.execute("SELECT address FROM console ORDER BY rowid")
            return tuple(address for (address,) in found)

    @contextmanager
    def inventory(self) -> Iterator[Inventory]:
        """Change volumes and relations together."""
        with self.file.change() as rows:
            yield late.settled(rows, self.clock)

    # Volumes and their contents

    def add_volumes(
        self,
        *ids: str,
        blocks: int = DEFAULT_BLOCKS,
        space_efficient: bool = False,
        pool: str = "P0",
    ) -> None:
        """Make volumes; each holds its own first content, `0001@0`."""
        with self.inventory() as held:
            for text in ids:
                name = volume_id(text)
                if held.volume(name):
                    raise SimError(f"volume {name} exists already")
                volume = Volume(id=name, name=f"vol_{name}", content=f"{name}@0", blocks=blocks)
                held.put_volume(replace(volume, space_efficient=space_efficient, pool=pool))

    def volumes(self) -> tuple[Volume, ...]:
        """Return all volumes by id."""
        with self.inventory() as held:
            return held.volumes()

    def volume(self, text: str) -> Volume:
        """Return one volume."""
        with self.inventory() as held:
            return held.need_volume(volume_id(text))

    def set_volume(self, text: str, **changes: object) -> Volume:
        """Change what a volume is, by the field names of `Volume`."""
        with self.inventory() as held:
            changed = replace(held.need_volume(volume_id(text)), **changes)  # type: ignore[arg-type]
            held.put_volume(changed)
        return changed

    def content(self, text: str) -> str:
        """Return what a volume holds, as the name of the write that it came from."""
        return self.volume(text).content

    def write(self, text: str) -> str:
        """Let a host write to a volume; return the new content, or `queued` if it is frozen."""
        with self.inventory() as held:
            written = flashcopy.write(held, held.need_volume(volume_id(text)))
        if isinstance(written, flashcopy.Refused):
            raise SimError(written.reason)
        return written.content if written else flashcopy.QUEUED

    def one_point_in_time(self, *targets: str) -> bool:
        """Say whether these targets hold what their sources held at one and the same instant.

        The order of all writes decides, not what was asked for. What hosts have written to since,
        what is unpredictable and what was reverted is no copy of any instant.
        """
        return flashcopy.one_point_in_time([self.volume(target) for target in targets])

    # Pools, logical subsystems, hosts, other arrays

    def put_pool(self, pool: str, **facts: Any) -> None:  # noqa: ANN401 - of a Pool's fields
        """Describe an extent pool; one that is not described never runs full."""
        with self.inventory() as held:
            held.put_pool(Pool(id=pool, **facts))

    def space_left(self, pool: str) -> float:
        """How many tracks a pool has left."""
        with self.inventory() as held:
            return held.space_left(pool)

    def set_long_busy(self, lss: str, seconds: int) -> None:
        """Set the timer that ends a freeze of a logical subsystem."""
        with self.inventory() as held:
            held.set_long_busy(lss, seconds)

    def mount(self, host: str, *volumes: str, writing: bool = True) -> None:
        """Let a host use volumes; one that is `writing` writes around every FlashCopy command."""
        with self.inventory() as held:
            for volume in map(held.need_volume, map(volume_id, volumes)):
                held.put_mount(
                    Mount(host=host, volume=volume.id, writing=writing, seen=volume.content)
                )

    def unmount(self, host: str, *volumes: str) -> None:
        """Let a host use volumes no longer."""
        with self.inventory() as held:
            for text in volumes:
                held.drop_mount(host, volume_id(text))

    def reserve(self, host: str, *volumes: str) -> None:
        """Let a host hold SCSI reservations."""
        with self.inventory() as held:
            for text in volumes:
                held.reserve(held.need_volume(volume_id(text)).id, host)

    def reserved_by(self, text: str) -> str | None:
        """Return the host that holds a reservation of a volume."""
        with self.inventory() as held:
            return held.reserved_by(volume_id(text))

    def mirror(self, primary: str, secondary: str, **facts: Any) -> None:  # noqa: ANN401 - of a RemoteCopy's fields
        """Let a volume be the primary of a remote mirror."""
        with self.inventory() as held:
            name = held.need_volume(volume_id(primary)).id
            copy = RemoteCopy(primary_volume=name, secondary_volume=secondary, **facts)
            held.put_remote_copy(copy)

    def set_code_level(self, level: str) -> None:
        """Set the level of the microcode, such as 88.30 for release 8.3."""
        codelevel.parse(level)
        with self.file.change() as rows:
            rows.execute("UPDATE array SET code_level = ?", (level,))

    # Relations

    def establish(
        self, *pairs: str, synced_at: float | None = None, record: bool = True, cp: bool = True
    ) -> None:
        """Make persistent relations, recording unless told; `synced_at` dates them back."""
        options = flashcopy.Options(record=record, persist=True, background_copy=cp)
        with self.inventory() as held:
            for pair in map(Pair.parse, pairs):
                made = flashcopy.establish(held, pair, flashcopy.fitted(held, pair, options))
                if isinstance(made, flashcopy.Refused):
                    raise SimError(f"{pair}: {made.reason}")
                if synced_at is not None:
                    aged = replace(made, created_at=synced_at, synced_at=synced_at)
                    held.put_relation(replace(aged, copy_from=synced_at))

    def relations(self) -> tuple[Relation, ...]:
        """Return all relations by source and target."""
        with self.inventory() as held:
            return held.relations()

    def relation(self, pair: str) -> Relation:
        """Return the relation of one pair."""
        with self.inventory() as held:
            return held.need_relation(Pair.parse(pair))

    def set_relation(self, pair: str, /, **changes: object) -> Relation:
        """Put a relation into any state, allowed or not."""
        with self.inventory() as held:
            relation = held.need_relation(Pair.parse(pair))
            changed = replace(relation, **changes)  # type: ignore[arg-type]
            other = held.onto_target(changed.pair.target)
            if other not in {None, relation}:
                raise SimError(f"volume {changed.pair.target} is the target of another relation")
            held.drop_relation(relation.pair)
            held.put_relation(changed)
        return changed

    def drop_relation(self, pair: str) -> None:
        """Let a relation be gone, as after maintenance."""
        with self.inventory() as held:
            held.drop_relation(held.need_relation(Pair.parse(pair)).pair)

    def reverse_relation(self, pair: str) -> None:
        """Swap the roles, as reverseflash does; the contents stay."""
        with self.inventory() as held:
            swapped = flashcopy.swap(held, held.need_relation(Pair.parse(pair)))
        if isinstance(swapped, flashcopy.Refused):
            raise SimError(f"{pair}: {swapped.reason}")

    def out_of_sync_tracks(self, pair: str) -> int:
        """How many tracks of a pair are not copied yet."""
        with self.inventory() as held:
            return held.out_of_sync(held.need_relation(Pair.parse(pair)))

    # Clock, switches, accounts

    def now(self) -> float:
        """Return what the array's clock shows, in seconds since the epoch."""
        with self.file.look() as rows:
            return array_time(rows, self.clock)

    def set_clock(self, *, offset: float = 0.0) -> None:
        """Let the array's clock run `offset` seconds ahead of the host's."""
        self._move_clock(offset, None)

    def show_time(self, at: float, *, runs: bool = True) -> None:
        """Set the array's clock to `at`; let it run on from there, or stand still."""
        self._move_clock(at - self.clock.now(), None if runs else at)

    def _move_clock(self, offset: float, stands_at: float | None) -> None:
        with self.file.change() as rows:
            held = Inventory(rows, self.clock)
            rows.execute(
                "UPDATE array SET clock_offset = ?, clock_stands_at = ?", (offset, stands_at)
            )
            if (now := array_time(rows, self.clock)) < held.at:
                held.keep_progress(now)

    @property
    def switches(self) -> Positions:
        """Where the switches stand."""
        with self.file.look() as rows:
            return positions(rows)

    def switch(self, name: str, value: str) -> None:
        """Move a switch."""
        checked = switches.find(name).check(value)
        with self.inventory() as held:
            held.move_switch(name, checked)

    def add_user(self, name: str, password: str, role: str = "op_copy_services") -> None:
        """Make an account, or give it a new password and role."""
        with self.file.change() as rows:
            accounts.add_user(rows, name, password, role, self.clock.now())

    def write_pwfile(
        self, path: Path | str, user: str = DEFAULT_USER, password: str = DEFAULT_PASSWORD
    ) -> None:
        """Make the password file that managepwfile would make for all consoles."""
        pwfile.write(Path(path), dict.fromkeys(((c, user) for c in self.consoles), password))

    def users(self) -> tuple[User, ...]:
        """Return all accounts."""
        with self.file.look() as rows:
            return accounts.users(rows, self.clock.now())

    def set_user(
        self, name: str, *, locked: bool | None = None, must_change: bool | None = None
    ) -> None:
        """Lock an account or unlock it; let its password be expired, or be its user's own."""
        with self.file.change() as rows:
            if accounts.find(rows, name, self.clock.now()) is None:
                raise SimError(f"there is no user {name}")
            accounts.set_user(rows, name, locked=locked, must_change=must_change)

    # Faults and journal

    def add_fault(
        self,
        name: str,
        command: str = "*",
        *,
        position: str = "",
        nth: int = 1,
        times: int = 1,
        when: faults.When = faults.ANY_TIME,
        **options: object,
    ) -> None:
        """Let a fault strike the `nth` command like `command`, `times` times (`ALWAYS`: -1)."""
        fault = faults.plan(name, position, **{key: str(value) for key, value in options.items()})
        if name == "others-change":
            meddling.changes(fault.options.get("text", ""))  # so that a mistake shows now
        with self.file.change() as rows:
            planned = replace(fault, pattern=command, nth=nth, times=times, when=when)
            faults.add(rows, faults.checked(planned))

    def clear_faults(self, name: str = "*") -> None:
        """Forget the faults of a name, or all."""
        with self.file.change() as rows:
            faults.clear(rows, name)

    def faults(self) -> tuple[Fault, ...]:
        """Return all faults, spent ones too."""
        with self.file.look() as rows:
            return faults.planned(rows)

    def journal(self, verb: str = "") -> tuple[Entry, ...]:
        """Return the commands in the order in which they came, or those of one verb."""
        with self.file.look() as rows:
            idle = not late.waiting(rows)
            entries = journal.entries(rows)
        if not idle:
            with self.file.change() as rows:
                late.settled(rows, self.clock)
                entries = journal.entries(rows)
        return tuple(e for e in entries if not verb or e.command.split()[:1] == [verb])

    def logins(self) -> tuple[Login, ...]:
        """Return all login attempts in order."""
        with self.file.look() as rows:
            return journal.logins(rows)


VERSION_OF_MICROCODE = "88.57.2.0"


@contextmanager
def _whole_or_gone(path: Path) -> Iterator[None]:
    """Leave no half-made array: it would be taken for a whole one."""
    try:
        yield
    except BaseException:
        path.unlink()
        raise
