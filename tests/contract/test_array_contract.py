"""What every way to reach an array promises, whatever goes wrong with it.

The array is the simulated one, dscli its real process. What the array did is in its journal; no
answer may claim more, and no error may say that nothing was sent where something came in.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli
from flashd.adapters.arrays.interactive import InteractiveArray
from flashd.adapters.arrays.kept import Kept
from flashd.adapters.arrays.messages import login_refused_in
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.adapters.processes import lives
from flashd.errors import ArrayRejected, ArrayUnreachable, LoginRefused, TooLate
from flashd.model.inventory import EVERYTHING, Part
from flashd.model.run import Account
from flashd.model.volumes import VolumeId
from flashd.sim.array import Array
from flashd.sim.faults import KINDS
from tests.contract.arrays import ARRAY, HMC1, HMC2, PLENTY, SIMULATED, Heard, cleared, pairs_of
from tests.hanging import hung
from tests.leaping import over
from tests.switches.pairwise import pairwise
from tests.switches.positions import all_positions, dice, moved, put, seed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from flashd.model.run import Answer
    from flashd.ports.array import ArrayBackend
    from flashd.sim.journal import Entry
    from tests.switches.pairwise import Row

AGED = 1_411_074_244.0
PAIRS = "0001:0002 0101:0102 0003:0004"
RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp {PAIRS}"
WITHDRAW = f"rmflash -dev {ARRAY} -quiet {PAIRS}"
ESTABLISH = f"mkflash -dev {ARRAY} -persist -nocp -tgtse 0005:0006 0007:0008 0009:000A"
COMMANDS = (RESYNC, WITHDRAW, ESTABLISH)
LISTING = f"lsflash -l -dev {ARRAY} 0000-FFFF"
SET = "setenv -banner off -header on -format delim"
IN_TIME = f"within {PLENTY:g} s"


class Oneshot:
    """One client a command."""

    def __call__(self, dscli: Dscli) -> ArrayBackend:
        return OneshotArray(dscli, SystemClock(), LinuxHost())

    async def close(self) -> None:
        """Nothing is kept."""


class Interactive:
    """Sessions that are kept, until the house is left."""

    def __init__(self) -> None:
        self.told: list[str | None] = []
        self.kept: list[Kept] = []

    def __call__(self, dscli: Dscli) -> ArrayBackend:
        self.kept.append(Kept(dscli, idle=PLENTY, most=1, tell=self.told.append))
        oneshot = OneshotArray(dscli, SystemClock(), LinuxHost())
        return InteractiveArray(oneshot, self.kept[-1])

    async def close(self) -> None:
        """See that nothing is left."""
        for one in self.kept:
            await one.close()


IMPLEMENTATIONS: Mapping[str, type[Oneshot | Interactive]] = {
    "oneshot": Oneshot,
    "interactive": Interactive,
}


@dataclass(frozen=True)
class House:
    """A simulated array and a way to reach it."""

    sim: Array
    dscli: Dscli
    make: Oneshot | Interactive

    @property
    def keeps(self) -> bool:
        return isinstance(self.make, Interactive)

    def backend(self, environment: Mapping[str, str] | None = None) -> ArrayBackend:
        more = {**self.dscli.environment, **(environment or {})}
        return self.make(replace(self.dscli, environment=more))

    def limited(self) -> AbstractAsyncContextManager[None]:
        """Have the time of a client be over once it hangs; else it never is."""
        return over(PLENTY, partial(hung, self.sim))

    def entries(self) -> list[Entry]:
        """What the array was asked, without what a client does by itself."""
        entries = self.sim.journal()
        return [one for one in entries if one.command.partition(" ")[0] not in {"setenv", "quit"}]

    def commands(self) -> list[str]:
        return [entry.command for entry in self.entries()]

    def changes(self) -> list[str]:
        return [one for one in self.commands() if one in COMMANDS]

    def outcomes(self) -> list[str]:
        return [login.outcome for login in self.sim.logins()]


@pytest_asyncio.fixture(params=IMPLEMENTATIONS)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    sim = Array.create(tmp_path / "a.array", ARRAY, consoles=(HMC1, HMC2))
    sim.add_volumes(*(f"{n:04X}" for n in range(1, 11)), "0101", "0102")
    sim.establish(*PAIRS.split(), synced_at=AGED)
    pwfile = tmp_path / "a.pwfile"
    sim.write_pwfile(pwfile)
    argv = (str(SIMULATED), "-hmc1", HMC1, "-hmc2", HMC2, "-user", "opensvc")
    environment = {**SPEAK_UTC, "FLASHD_SIM": str(sim.path)}
    dscli = Dscli(ARRAY, (*argv, "-pwfile", str(pwfile)), environment, PLENTY, "make it anew")
    made = House(sim, dscli, IMPLEMENTATIONS[request.param]())
    yield made
    await made.make.close()


async def change(backend: ArrayBackend, command: str, heard: Heard | None = None) -> Answer:
    """Send a command, and see that nothing of the client is left, unless it is kept."""
    async with backend.session(heard or Heard(), command) as session:
        group = session.carrier.group
        answer = await session.change(*cleared(command), math.inf)
    assert lives(group) is (group in kept_by(backend))
    return answer


def kept_by(backend: ArrayBackend) -> frozenset[int]:
    return backend.kept.groups if isinstance(backend, InteractiveArray) else frozenset()


# What is counted


async def test_counters_are_moved_by_hosts_and_by_nothing_else(house: House) -> None:
    volumes = [VolumeId("0002"), VolumeId("0001")]
    before = await house.backend().counters(volumes, heard := Heard())
    assert [one.volume for one in before] == volumes
    assert len(house.outcomes()) == 1, "one login for all"
    asked = f"showfbvol -dev {ARRAY} -metrics -bnr off -fmt default 0002"
    assert heard.sent_lines[0].startswith(f"{asked}; ")
    for _ in range(8):
        house.sim.write("0001")
    await change(house.backend(), RESYNC)
    target, source = await house.backend().counters(volumes, Heard())
    assert target.values == before[0].values, "a background copy is none of a host's"
    moved = {key: by - before[1].values[key] for key, by in source.values.items()}
    assert {key: by for key, by in moved.items() if by} == {"normwritereq": 8, "bytewrit": 2}
    assert source.taken > before[1].taken


@pytest.mark.parametrize("fault", ["garbage", "refused", "lost-answer"])
async def test_counters_are_told_whole_or_not_at_all(house: House, fault: str) -> None:
    house.sim.add_fault(fault, "showfbvol", times=-1)
    with pytest.raises((ArrayUnreachable, ArrayRejected)):
        await house.backend().counters([VolumeId("0002")], Heard())


async def test_counters_of_a_volume_that_is_not_there_are_an_error(house: House) -> None:
    with pytest.raises((ArrayUnreachable, ArrayRejected)):
        await house.backend().counters([VolumeId("0002"), VolumeId("0FFF")], Heard())


# What a copy could harm


SURVEYS: Mapping[str, tuple[frozenset[Part], list[str]]] = {
    "nothing on demand": (frozenset(), ["lspprc", "lsfbvol", "lspprc"]),
    "everything": (
        EVERYTHING,
        ["lsfbvol", "lspprc", "lshostconnect", "lsvolgrp", "lsfbvol", "lshostconnect", "lspprc"],
    ),
}


@pytest.mark.parametrize(("parts", "reports"), SURVEYS.values(), ids=SURVEYS.keys())
async def test_an_inventory_is_one_login_and_what_was_demanded(
    house: House, parts: frozenset[Part], reports: list[str]
) -> None:
    """Where one stream has all answers its end is marked by the image, demanded or not."""
    mark = Part.IMAGE in parts or not house.keeps
    found = await house.backend().inventory(heard := Heard(), parts)
    verbs = [one.partition(" ")[0] for one in house.commands()]
    assert verbs == [*reports, *(["lssi"] if mark else [])]
    assert found.parts == (parts | {Part.IMAGE} if mark else parts)
    assert (found.reach is None) is (Part.REACH not in parts)
    assert len(found.volumes) == 12
    assert house.outcomes() == ["ok"]
    assert heard.sent_lines == ["; ".join(house.commands())]


@pytest.mark.parametrize("fault", ["garbage", "refused", "lost-answer"])
@pytest.mark.parametrize("report", ["lspprc", "lsfbvol"])
async def test_an_inventory_is_told_whole_or_not_at_all(
    house: House, fault: str, report: str
) -> None:
    house.sim.add_fault(fault, report, times=-1)
    with pytest.raises((ArrayUnreachable, ArrayRejected)):
        await house.backend().inventory(Heard(), frozenset())


# What arrives


async def test_a_listing_is_one_login_and_the_two_known_commands(house: House) -> None:
    heard = Heard()
    listing = await house.backend().observe(heard)
    assert house.commands() == [LISTING]
    assert house.outcomes() == ["ok"]
    assert [str(pair) for pair in listing.relations] == sorted(PAIRS.split())
    assert listing.array == ARRAY
    assert listing.began_at < listing.ended_at
    assert {one.synced.label for one in listing.relations.values() if one.synced} == {"UTC"}
    assert heard.sent_lines == [LISTING if house.keeps else f"{SET}; {LISTING}"]
    assert heard.clients == [" ".join(house.dscli.argv)]
    status = None if house.keeps else 0
    assert [(command, status) for command, status, _ in heard.answers] == [(LISTING, status)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.split()[0])
async def test_a_change_is_one_login_and_that_command_alone(house: House, command: str) -> None:
    heard = Heard()
    answer = await change(house.backend(), command, heard)
    assert house.commands() == [command]
    assert house.outcomes() == ["ok"]
    assert answer.all_accepted
    status = None if house.keeps else 0
    assert (answer.refused, answer.exit_status, answer.reason) == (False, status, "")
    assert heard.sent_lines == [command]
    assert heard.answers == [(command, status, answer.output)]
    assert list(answer.accounts) == list(pairs_of(command))


async def test_a_session_that_sends_nothing_leaves_no_trace_but_its_login(house: House) -> None:
    backend = house.backend()
    async with backend.session(Heard(), RESYNC) as session:
        group = session.carrier.group
        assert lives(group)
    assert lives(group) is house.keeps
    await house.make.close()
    assert not lives(group)
    assert (house.commands(), house.outcomes()) == ([], ["ok"])


async def test_the_carrier_names_the_group_that_is_there(house: House) -> None:
    host = LinuxHost()
    async with house.backend().session(Heard(), RESYNC) as session:
        carrier = session.carrier
        assert carrier.boot_id == host.boot_id
        assert await host.end(carrier) is True
        assert not lives(carrier.group)


async def test_the_client_lives_in_utc_and_in_c_without_what_is_ours(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, "1")
    for name, value in {"TZ": "Asia/Tokyo", "LC_ALL": "fr_FR.UTF-8", "LANG": "fr_FR"}.items():
        monkeypatch.setenv(name, value)
    async with house.backend({"EXTRA": "mine"}).session(Heard(), RESYNC) as session:
        environ = environ_of(session.carrier.group)
    found = dict(line.partition("=")[::2] for line in environ if line)
    assert {k: found.get(k) for k in ("TZ", "LC_ALL", "LANG", "EXTRA")} == {
        "TZ": "UTC",
        "LC_ALL": "C",
        "LANG": "C",
        "EXTRA": "mine",
    }
    ours = ("NOTIFY_", "WATCHDOG_", "LISTEN_", "CREDENTIALS_")
    assert not [name for name in found if name.startswith(ours)]


def environ_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/environ").read_text().split("\0")


async def test_an_array_without_relations_is_listed_as_empty(house: House) -> None:
    for pair in PAIRS.split():
        house.sim.drop_relation(pair)
    assert (await house.backend().observe(Heard())).relations == {}


# Where it cannot be reached, or says no


async def test_the_second_console_is_taken_where_the_first_is_gone(house: House) -> None:
    house.sim.add_fault("unreachable", HMC1, times=-1)
    backend = house.backend()
    await backend.observe(Heard())
    assert (await change(backend, RESYNC)).all_accepted
    assert [(one.hmc, one.outcome) for one in house.sim.logins()] == [
        (HMC1, "unreachable"),
        (HMC2, "ok"),
    ] * (2 if isinstance(backend, OneshotArray) else 1)


@pytest.mark.parametrize("what", ["observe", "change"])
async def test_without_a_console_nothing_is_sent(house: House, what: str) -> None:
    house.sim.add_fault("unreachable", times=-1)
    with pytest.raises(ArrayUnreachable, match="no connection"):
        await ask(house.backend(), what)
    assert house.commands() == []
    assert house.outcomes() == ["unreachable"] * 2


@pytest.mark.parametrize("what", ["observe", "change"])
async def test_a_refused_login_is_not_tried_again(house: House, what: str) -> None:
    house.sim.add_user("opensvc", "another")
    with pytest.raises(LoginRefused, match="wrong password") as raised:
        await ask(house.backend(), what)
    assert raised.value.hint == "make it anew"
    assert (house.commands(), house.outcomes()) == ([], ["wrong password"])
    assert [user.failed_logins for user in house.sim.users()] == [1]


@pytest.mark.parametrize("what", ["observe", "change"])
async def test_a_login_that_hangs_is_ended(house: House, what: str) -> None:
    house.sim.add_fault("login-hang")
    heard = Heard()
    with pytest.raises(ArrayUnreachable, match=f"did not log in {IN_TIME}"):
        async with house.limited():
            await ask(house.backend(), what, heard)
    assert (house.commands(), heard.sent_lines) == ([], [])
    assert [status for _, status, _ in heard.answers] == [None]


async def test_a_user_who_may_not_is_told_so(house: House) -> None:
    house.sim.add_user("opensvc", "opensvc", role="monitor")
    answer = await change(house.backend(), RESYNC)
    assert answer.refused
    assert "Unsupported task" in answer.reason
    house.sim.add_user("opensvc", "opensvc", role="no_access")
    with pytest.raises(ArrayRejected, match="may not"):
        await house.backend().observe(Heard())


async def test_a_user_who_may_not_stops_no_logins_whatever_the_exit_code(house: House) -> None:
    """It may be that of a refused login, and then the answer was taken for a doubt."""
    house.sim.add_user("opensvc", "opensvc", role="monitor")
    house.sim.switch("stream_exit", "first-error")
    house.sim.switch("not_permitted_exit", "5")
    answer = await change(house.backend(), RESYNC)
    assert (answer.exit_status, answer.refused) == (None if house.keeps else 5, True)
    assert not login_refused_in(answer)
    house.sim.add_user("opensvc", "opensvc", role="no_access")
    with pytest.raises(ArrayRejected, match="may not"):
        await house.backend().observe(Heard())


async def test_a_client_that_is_not_there_is_rejected(house: House, tmp_path: Path) -> None:
    (text := tmp_path / "text").write_text("no program")
    for program in (tmp_path / "absent", tmp_path, text, text / "below"):
        gone = replace(house.dscli, argv=(str(program),))
        with pytest.raises(ArrayRejected, match="cannot be started"):
            await house.make(gone).observe(Heard())
    text.chmod(0o755)
    with pytest.raises(ArrayRejected, match="cannot be started"):
        await house.make(replace(house.dscli, argv=(str(text),))).observe(Heard())


async def ask(backend: ArrayBackend, what: str, heard: Heard | None = None) -> object:
    if what == "observe":
        return await backend.observe(heard or Heard())
    return await change(backend, RESYNC, heard)


# Faults


LISTING_FAULTS: Mapping[str, tuple[dict[str, Any], str]] = {
    "refused": ({}, "CMUN03099E"),
    "die-before": ({}, "exit code -9"),
    "die-after": ({}, "exit code -9"),
    "lost-answer": ({}, "no table|no connection .*: exit code 0"),  # the latter of one that is kept
    "cut-short in a row": ({"bytes": 600}, "does not end"),
    "cut-short at the rule": ({"rows": 0}, "no row"),
    "garbage": ({}, "no text"),
    "language": ({}, "lacks the column TargetWriteEnabled"),
    "flood": ({}, "more than 16777216 bytes"),
    "hang": ({}, f"no whole answer {IN_TIME}"),
}


OF_A_PROMPT = ("early-prompt", "extra-prompt", "no-prompt", "late-words")


@pytest.mark.parametrize("name", OF_A_PROMPT)
async def test_where_nobody_is_prompted_no_prompt_is_disturbed(house: House, name: str) -> None:
    house.sim.add_fault(name, "resyncflash")
    assert (await change(house.backend(), RESYNC)).all_accepted


async def test_a_console_that_goes_in_mid_session_leaves_the_outcome_open(house: House) -> None:
    """The next login goes to the other one, which knows."""
    house.sim.add_fault("console-gone", "resyncflash", position="after")
    answer = await change(house.backend(), RESYNC)
    assert (answer.all_accepted, answer.refused) == (False, False)
    assert (await house.backend().observe(Heard())).relations
    assert [login.hmc for login in house.sim.logins() if login.outcome == "ok"] == [HMC1, HMC2]


def kind_of(name: str) -> str:
    """Tell the simulator's name of a fault that a table names with its options."""
    return name.partition(" ")[0]


@pytest.mark.parametrize("name", LISTING_FAULTS)
async def test_a_listing_is_whole_or_none(house: House, name: str) -> None:
    options, words = LISTING_FAULTS[name]
    house.sim.add_fault(kind_of(name), "lsflash", times=-1, **options)
    heard = Heard()
    with pytest.raises(ArrayUnreachable, match=words):
        async with house.limited():
            await house.backend().observe(heard)
    assert len(house.outcomes()) == len(heard.answers) <= (2 if house.keeps else 1)
    assert all(len(output) < 1_000_000 for *_, output in heard.answers)


def test_every_fault_of_the_simulator_is_tried_here_or_on_the_engine() -> None:
    engine = Path(__file__).parents[1] / "integration" / "engine"
    tables = [Path(__file__), *engine.rglob("test_*.py")]
    tried = "".join(path.read_text(encoding="utf-8") for path in tables)
    assert [name for name in KINDS if f'"{name}' not in tried] == []


FAULTS: Mapping[str, dict[str, Any]] = {
    "none": {},
    "refused": {},
    "refused with exit 0": {"exit": 0},
    "refused with exit 3": {"exit": 3},
    "die-before": {},
    "die-after": {},
    "die-before by TERM": {"signal": 15},
    "lost-answer": {},
    "lost-answer with exit 2": {"exit": 2},
    "lost-answer with exit 5": {"exit": 5},
    "lie": {},
    "partial": {},
    "partial in silence": {"silent": "yes"},
    "cut-short in the first line": {"bytes": 40},
    "cut-short in an id": {"bytes": 125},
    "cut-short between": {"rows": 2},
    "garbage": {},
    "language": {},
}
WRAPPER = {"FLASHD_SIM_WRAPPER": ("", "1")}
ROWS = pairwise(
    {"fault": tuple(FAULTS), "command": COMMANDS, **WRAPPER, **all_positions()}, dice("answers")
)


def positioned(house: House, row: Row) -> dict[str, str]:
    """Put the array into these positions; return the environment that belongs to them."""
    print(f"FLASHD_TEST_SEED={seed()} {moved(row)}")  # noqa: T201 - shown where it fails
    put(house.sim, row)
    words = row["command"].split() if "-tgtse" in row.get("command", "") else []
    for pair in [word for word in words if ":" in word]:
        house.sim.set_volume(pair.partition(":")[2], space_efficient=True)
    if (fault := row.get("fault", "none")) != "none":
        house.sim.add_fault(kind_of(fault), row["command"].split()[0], **FAULTS[fault])
    return {"FLASHD_SIM_WRAPPER": row["FLASHD_SIM_WRAPPER"]}


def row_id(row: Row) -> str:
    return f"{row['command'].split()[0]}-{row['fault']}"


@pytest.mark.parametrize("row", ROWS, ids=row_id)
async def test_no_answer_claims_more_than_the_array_did(house: House, row: Row) -> None:
    environment = positioned(house, row)
    answer = await change(house.backend(environment), row["command"])

    (entry,) = house.entries()
    assert entry.command == row["command"]
    assert house.outcomes() == ["ok"]
    acted = {pair for pair, account in answer.accounts.items() if str(pair) in entry.acted}
    accepted = {p for p, account in answer.accounts.items() if account is Account.ACCEPTED}
    rejected = {p for p, account in answer.accounts.items() if account is Account.REJECTED}
    assert accepted <= acted or row["fault"] == "lie"
    assert not rejected & acted
    assert not (answer.refused and (acted or accepted))
    assert answer.refused is (
        row["fault"] in {"refused", "refused with exit 0"} or lost(house, row)
    )
    if row["fault"] in {"none", "lie", "language"}:
        assert answer.all_accepted
    elif row["fault"] == "partial":
        assert (len(accepted), len(rejected)) == (1, 2)
    elif answer.refused:
        assert len(rejected) == len(answer.accounts)
    else:
        assert not answer.all_accepted
        assert answer.reason


def lost(house: House, row: Row) -> bool:
    """Whether a refusal came without the exit code that makes a doubt of it."""
    without = house.keeps or row["stream_exit"] == "zero"
    return row["fault"] == "refused with exit 3" and without


LISTINGS = pairwise({**WRAPPER, **all_positions()}, dice("listings"))


@pytest.mark.parametrize("row", LISTINGS, ids=lambda row: row["stream_exit"])
async def test_a_listing_is_the_same_in_every_position(house: House, row: Row) -> None:
    environment = positioned(house, row)
    listing = await house.backend(environment).observe(Heard())
    assert [str(pair) for pair in listing.relations] == sorted(PAIRS.split())
    assert all(not one.unread for one in listing.relations.values())


@pytest.mark.parametrize("row", LISTINGS, ids=lambda row: row["stream_exit"])
async def test_an_empty_array_is_listed_as_empty_in_every_position(house: House, row: Row) -> None:
    for pair in PAIRS.split():
        house.sim.drop_relation(pair)
    assert (await house.backend(positioned(house, row)).observe(Heard())).relations == {}


# Ends that are ours


@pytest.mark.parametrize("wrapper", ["", "1"])
@pytest.mark.parametrize("position", ["before", "after"])
async def test_at_the_time_limit_all_of_the_client_is_killed(
    house: House, position: str, wrapper: str
) -> None:
    house.sim.add_fault("hang", "resyncflash", position=position)
    async with house.limited():
        answer = await change(house.backend({"FLASHD_SIM_WRAPPER": wrapper}), RESYNC)
    (entry,) = house.entries()
    assert entry.phase == ("received" if position == "before" else "acted")
    assert (answer.exit_status, answer.refused) == (None, False)
    assert answer.reason == f"dscli gave no whole answer {IN_TIME} and was killed"
    assert set(answer.accounts.values()) == {Account.SILENT}


async def test_a_flood_is_bounded(house: House) -> None:
    house.sim.add_fault("flood", "resyncflash", position="after")
    answer = await change(house.backend(), RESYNC)
    assert (answer.exit_status, answer.refused) == (None, False)
    assert "more than 16777216 bytes" in answer.reason
    assert len(answer.output) < 1_000_000


@pytest.mark.parametrize("wrapper", ["", "1"])
async def test_cancelled_all_of_the_client_is_killed(house: House, wrapper: str) -> None:
    house.sim.add_fault("hang", "resyncflash")
    backend = house.backend({"FLASHD_SIM_WRAPPER": wrapper})
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def act() -> None:
        async with backend.session(Heard(), RESYNC) as session:
            started.set_result(session.carrier.group)
            await session.change(*cleared(RESYNC), math.inf)

    task = asyncio.create_task(act())
    group = await started
    await until(lambda: bool(house.entries()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not lives(group)
    assert [entry.phase for entry in house.entries()] == ["received"]


async def test_cancelled_while_it_logs_in_the_client_is_killed(house: House) -> None:
    house.sim.add_fault("login-hang")
    task = asyncio.create_task(house.backend().observe(Heard()))
    await until(lambda: any(fault.fired for fault in house.sim.faults()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not clients_of(house.sim)


def clients_of(sim: Array) -> list[Path]:
    return [one for one in Path("/proc").glob("[0-9]*/environ") if names(one, sim.path)]


def names(environ: Path, what: Path) -> bool:
    try:
        return f"FLASHD_SIM={what}".encode() in environ.read_bytes()
    except OSError:
        return False


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has become true that another process does."""
    async with asyncio.timeout(PLENTY):
        while not await asyncio.to_thread(happened):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def test_a_client_that_ends_before_its_command_has_done_nothing(house: House) -> None:
    heard = Heard()
    said = "lost before the command was written" if house.keeps else "dscli failed: exit code -9"
    with pytest.raises(ArrayUnreachable, match=said):  # noqa: PT012 - the whole session
        async with house.backend().session(heard, RESYNC) as session:
            await LinuxHost().end(session.carrier)
            await session.change(*cleared(RESYNC), math.inf)
    assert house.commands() == []
    answered = [] if house.keeps else [(RESYNC, -9)]
    assert [(command, status) for command, status, _ in heard.answers] == answered


async def test_many_at_once_do_not_mix(house: House) -> None:
    backend = house.backend()
    listings = await asyncio.gather(*(backend.observe(Heard()) for _ in range(6)))
    assert {len(listing.relations) for listing in listings} == {3}
    assert house.outcomes() == ["ok"] * (1 if house.keeps else 6)


async def test_invariant_1_nothing_is_written_once_the_readings_have_grown_old(
    house: House,
) -> None:
    backend = house.backend()
    async with backend.session(Heard(), RESYNC) as session:
        with pytest.raises(TooLate):
            await session.change(*cleared(RESYNC), -math.inf)
    assert not house.sim.journal("resyncflash")
