"""Sessions that are kept: on a real terminal with the simulated dscli, whatever it does there.

The array's own journal says what it was told and what it did.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli, Open
from flashd.adapters.arrays.dialogue import Turn, dialogue
from flashd.adapters.arrays.interactive import LONGEST, InteractiveArray
from flashd.adapters.arrays.kept import LINGER_SECONDS, Kept
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.adapters.processes import lives
from flashd.errors import ArrayError, ArrayRejected, ArrayUnreachable, LoginRefused
from flashd.model.inventory import EVERYTHING, Part
from flashd.model.run import Account
from flashd.model.volumes import VolumeId
from flashd.sim.array import Array
from tests.contract.arrays import (
    ARRAY,
    HMC1,
    HMC2,
    PLENTY,
    SIMULATED,
    Heard,
    cleared,
    fake_dscli,
    struck,
)
from tests.hanging import hung
from tests.leaping import over
from tests.switches.pairwise import pairwise
from tests.switches.positions import dice, put, seed, terminal_positions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from flashd.model.run import Answer
    from tests.switches.pairwise import Row

PAIRS = "0001:0002 0101:0102 0003:0004"
RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp {PAIRS}"
WITHDRAW = f"rmflash -dev {ARRAY} -quiet {PAIRS}"
ESTABLISH = f"mkflash -dev {ARRAY} -persist -nocp 0005:0006 0007:0008"


@dataclass
class House:
    """A simulated array, and sessions with it."""

    sim: Array
    dscli: Dscli
    told: list[str | None] = field(default_factory=list)
    made: list[Kept] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)

    def array(
        self, *, idle: float = PLENTY, most: int = 1, timeout: float = PLENTY, **environment: str
    ) -> InteractiveArray:
        more = {**self.dscli.environment, **environment}
        dscli = replace(self.dscli, timeout=timeout, environment=more)
        self.made.append(Kept(dscli, idle=idle, most=most, tell=self.told.append))
        oneshot = OneshotArray(dscli, SystemClock(), LinuxHost())
        return InteractiveArray(oneshot, self.made[-1])

    def logins(self) -> list[tuple[str, str]]:
        return [(login.hmc, login.outcome) for login in self.sim.logins()]

    def changes(self) -> list[str]:
        verbs = ("resyncflash", "rmflash", "mkflash")
        return [one.command for one in self.sim.journal() if one.command.startswith(verbs)]

    def truth(self) -> list[str]:
        return sorted(str(one.pair) for one in self.sim.relations())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    sim = Array.create(tmp_path / "a.array", ARRAY, consoles=(HMC1, HMC2))
    sim.add_volumes(*(f"{n:04X}" for n in range(1, 11)), "0101", "0102")
    sim.establish(*PAIRS.split())
    pwfile = tmp_path / "a.pwfile"
    sim.write_pwfile(pwfile)
    argv = (str(SIMULATED), "-hmc1", HMC1, "-hmc2", HMC2, "-user", "opensvc")
    environment = {**SPEAK_UTC, "FLASHD_SIM": str(sim.path)}
    dscli = Dscli(ARRAY, (*argv, "-pwfile", str(pwfile)), environment, PLENTY, "make it anew")
    made = House(sim, dscli)
    yield made
    for one in made.made:
        await one.close()


async def change(array: InteractiveArray, command: str, heard: Heard | None = None) -> Answer:
    async with array.session(heard or Heard(), command) as session:
        return await session.change(*cleared(command), math.inf)


async def listed(array: InteractiveArray) -> list[str]:
    return sorted(map(str, (await array.observe(Heard())).relations))


async def gone(group: int) -> None:
    async with asyncio.timeout(PLENTY):
        while await asyncio.to_thread(lives, group):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


# One login


async def test_all_of_a_batch_is_one_login(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    await array.inventory(Heard(), EVERYTHING)
    for _ in range(3):
        assert (await change(array, RESYNC)).all_accepted
    await array.inventory(Heard(), EVERYTHING)
    assert await listed(array) == house.truth()
    assert house.logins() == [(HMC1, "ok")]
    asked = [one.command.partition(" ")[0] for one in house.sim.journal()]
    assert asked.count("lssi") == 1, "what a console has is asked once a login"
    assert [asked.count(one) for one in ("lspprc", "lshostconnect")] == [4, 4], "each time twice"
    assert house.told == []


BARE = ["lspprc", "lsfbvol", "lspprc"]
WHOLE = ["lsfbvol", "lspprc", "lshostconnect", "lsvolgrp", "lsfbvol", "lshostconnect", "lspprc"]
"""Each answer of a session ends with a prompt of its own: no end mark is asked."""


NONE: frozenset[Part] = frozenset()


def surveyed(house: House) -> list[str]:
    verbs = [one.command.partition(" ")[0] for one in house.sim.journal()]
    return [one for one in verbs if one in {*WHOLE, "lssi"}]


async def test_an_array_is_asked_for_what_is_demanded_and_its_image_once_a_login(
    house: House,
) -> None:
    array = house.array()
    bare = await array.inventory(Heard(), NONE)
    assert (bare.reach, bare.image, bare.parts) == (None, None, NONE)
    assert surveyed(house) == BARE
    reach = await array.inventory(Heard(), {Part.REACH})
    assert (reach.volumes, reach.parts) == (bare.volumes, frozenset({Part.REACH}))
    image = await array.inventory(Heard(), {Part.IMAGE})
    assert (image.reach, image.parts) == (None, frozenset({Part.IMAGE}))
    assert surveyed(house) == [*BARE, *WHOLE, *BARE, "lssi"]
    whole = await array.inventory(Heard(), EVERYTHING)
    assert (whole.reach, whole.image) == (reach.reach, image.image)
    assert (await array.inventory(Heard(), {Part.IMAGE})).image == image.image
    assert surveyed(house) == [*BARE, *WHOLE, *BARE, "lssi", *WHOLE, *BARE]
    assert house.logins() == [(HMC1, "ok")]


async def test_what_goes_by_oneshot_after_all_is_asked_with_an_end_mark(house: House) -> None:
    house.sim.add_fault("no-prompt", "lsfbvol")
    found = await house.array().inventory(Heard(), NONE)
    assert surveyed(house) == [*BARE[:2], *BARE, "lssi"]
    assert (found.parts, len(found.volumes)) == (frozenset({Part.IMAGE}), 12)
    assert len(house.told) == 1


async def test_it_is_closed_when_nobody_uses_it_and_opened_again(house: House) -> None:
    array = house.array(idle=0.05)
    await array.observe(Heard())
    (group,) = array.kept.groups
    await gone(group)
    assert array.kept.groups == frozenset()
    assert house.sim.journal()[-1].command == "quit"
    await array.observe(Heard())
    assert house.logins() == [(HMC1, "ok")] * 2


async def test_while_it_is_used_it_is_not_closed(house: House) -> None:
    house.sim.switch("command_seconds", "0.3")
    array = house.array(idle=0.1)
    for _ in range(2):
        assert (await change(array, RESYNC)).all_accepted
    assert len(house.changes()) == 2


async def test_while_a_command_is_to_come_it_is_not_closed(house: House) -> None:
    """Guards may look for longer than a session may be idle."""
    array = house.array(idle=0.01)
    async with array.session(Heard(), RESYNC) as session:
        await asyncio.sleep(0.1)  # the idle time, ten times
        array.kept.retire()
        assert (await session.change(*cleared(RESYNC), math.inf)).all_accepted
        (group,) = array.kept.groups
    await gone(group)
    assert house.logins() == [(HMC1, "ok")]


async def test_after_a_command_that_never_came_it_grows_idle(house: House) -> None:
    array = house.array(idle=0.01)
    async with array.session(Heard(), RESYNC):
        (group,) = array.kept.groups
    await gone(group)


@pytest.mark.parametrize("most", [1, 2])
async def test_at_most_so_many_are_open(house: House, most: int) -> None:
    house.sim.switch("command_seconds", "0.2")
    array = house.array(most=most)
    listings = await asyncio.gather(*(array.observe(Heard()) for _ in range(5)))
    assert {len(one.relations) for one in listings} == {3}
    assert house.logins() == [(HMC1, "ok")] * most
    assert len(array.kept.groups) == most


async def test_who_waits_for_a_session_takes_the_first_that_is_free(house: House) -> None:
    array = house.array(most=2)
    house.sim.add_fault("hang", "resyncflash")
    async with array.session(Heard(), RESYNC) as session:
        work = session.change(*cleared(RESYNC), math.inf)
        async with cancelled(lambda: work), asyncio.timeout(PLENTY):
            await asyncio.to_thread(struck, house.sim)
            await asyncio.gather(*(array.observe(Heard()) for _ in range(3)))
    assert house.logins() == [(HMC1, "ok")] * 2


async def test_what_is_asked_leaves_a_session_alone_that_waits_for_its_command(
    house: House,
) -> None:
    array = house.array(most=2)
    await asyncio.gather(array.observe(Heard()), array.observe(Heard()))
    async with array.session(Heard(), RESYNC) as session:
        for _ in range(2):
            async with array.kept.session(Heard()) as other:
                assert other.partner.group != session.carrier.group


async def test_a_guard_may_ask_while_a_session_waits_for_its_command(house: House) -> None:
    array = house.array()
    async with array.session(Heard(), RESYNC) as session:
        async with asyncio.timeout(PLENTY):
            counted = await array.counters([VolumeId("0002")], Heard())
        assert len(counted) == 1
        assert (await session.change(*cleared(RESYNC), math.inf)).all_accepted
    assert house.logins() == [(HMC1, "ok")]


async def test_another_way_to_the_array_closes_the_sessions_of_the_old_one(house: House) -> None:
    array = house.array(idle=10 * LINGER_SECONDS)
    await array.observe(Heard())
    (group,) = array.kept.groups
    array.kept.retire()
    await gone(group)
    for _ in range(2):  # who began by it, and is not done
        await array.observe(Heard())
    assert house.logins() == [(HMC1, "ok")] * 2
    assert 0 < left(array.kept) <= LINGER_SECONDS
    array.kept.retire()
    assert len(array.kept.groups) == 1, "told twice, it is retired once"
    array.kept.revive()
    await array.observe(Heard())
    assert left(array.kept) > LINGER_SECONDS
    assert house.logins() == [(HMC1, "ok")] * 2


def left(kept: Kept) -> float:
    """Tell in how many seconds the one session is closed that nobody uses."""
    (timer,) = kept._timers.values()
    return timer.when() - asyncio.get_running_loop().time()


async def test_a_session_that_waits_for_its_command_is_not_closed_for_want_of_use(
    house: House,
) -> None:
    array = house.array(idle=0.02)
    async with array.session(Heard(), RESYNC) as session:
        await array.observe(Heard())
        array.kept.retire()
        await array.kept.make_room()
        await asyncio.sleep(0.1)
        assert (await session.change(*cleared(RESYNC), math.inf)).all_accepted
    await gone(session.carrier.group)
    assert house.logins() == [(HMC1, "ok")]


async def test_nothing_is_said_to_a_session_that_logs_out(house: House) -> None:
    array = house.array()
    async with array.session(Heard(), RESYNC) as session:
        closing = asyncio.create_task(array.kept.close())
        await asyncio.sleep(0)
        with pytest.raises(ArrayUnreachable, match="was lost before the command was written"):
            await session.change(*cleared(RESYNC), math.inf)
        await closing
    assert house.changes() == []


async def test_one_that_has_not_logged_out_yet_is_one_of_those_that_are_open(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    (group,) = array.kept.groups
    room = asyncio.create_task(array.kept.make_room())
    await asyncio.sleep(0)
    async with array.kept.session(Heard()):
        assert not lives(group)
    await room


# What a terminal must not carry


def command_of(size: int) -> str:
    """Make a command of just so many bytes; nobody reads it."""
    start = f"resyncflash -dev {ARRAY} -persist -record -cp"
    return f"{start} {'0001:0002 ' * size}"[:size]


async def test_a_command_over_1000_bytes_goes_by_oneshot(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    (group,) = array.kept.groups
    async with array.session(Heard(), command_of(LONGEST)) as session:
        assert session.carrier.group == group
    async with array.session(Heard(), command_of(LONGEST + 1)) as session:
        assert session.carrier.group != group
        assert not lives(group), "one session at a time"
    assert house.logins() == [(HMC1, "ok")] * 2


async def test_a_session_that_was_had_for_a_short_command_takes_no_long_one(house: House) -> None:
    sources = [f"{n:04X}" for n in range(0x1000, 0x1000 + LONGEST // 10)]
    long = f"rmflash -dev {ARRAY} -quiet {' '.join(f'{one}:0002' for one in sources)}"
    assert len(long) > LONGEST
    array = house.array()
    async with array.session(Heard(), WITHDRAW) as session:
        with pytest.raises(ArrayRejected, match="too long for a terminal"):
            await session.change(*cleared(long), math.inf)
        assert not house.changes()
        assert (await session.change(*cleared(WITHDRAW), math.inf)).all_accepted


async def test_400_pairs_are_one_command_that_arrives_whole(house: House) -> None:
    sources = [f"{n // 200 + 0x10:02X}{n % 200:02X}" for n in range(400)]
    pairs = [f"{one}:{int(one, 16) + 0x2000:04X}" for one in sources]
    house.sim.add_volumes(*(volume for pair in pairs for volume in pair.split(":")))
    house.sim.establish(*pairs)
    array = house.array()
    await array.observe(Heard())
    answer = await change(array, f"resyncflash -dev {ARRAY} -persist -record -cp {' '.join(pairs)}")
    assert answer.all_accepted
    (entry,) = house.sim.journal("resyncflash")
    assert entry.acted == tuple(pairs)
    assert len(house.logins()) == 2
    assert len(await listed(array)) == 403


# What a terminal shows


@pytest.mark.parametrize("width", [10, 80, 30_000])
@pytest.mark.parametrize("echo", ["kernel", "client", "off", "twice"])
@pytest.mark.parametrize("wrap", ["none", "newline", "space-cr"])
async def test_no_answer_depends_on_the_width(
    house: House, width: int, echo: str, wrap: str
) -> None:
    house.sim.switch("terminal_echo", echo)
    house.sim.switch("terminal_wrap", wrap)
    async with dialogue(house.dscli.argv, house.dscli.environment, width) as client:
        assert (await client.greeting(PLENTY)).whole
        assert (await client.tell("setenv -banner off", PLENTY)).text == ""
        heard = await client.tell(RESYNC, PLENTY)
        assert heard.turn is Turn.PROMPTED
        await client.leave()
    said = "CMUC00168I resyncflash: FlashCopy volume pair {} successfully resynchronized.\n"
    assert heard.text == "".join(said.format(pair) for pair in PAIRS.split())


FAULTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "none": ("", {}),
    "refused": ("refused", {}),
    "die-before": ("die-before", {}),
    "die-after": ("die-after", {}),
    "hang before": ("hang", {"position": "before"}),
    "hang after": ("hang", {"position": "after"}),
    "lost-answer": ("lost-answer", {}),
    "console-gone before": ("console-gone", {"position": "before"}),
    "console-gone after": ("console-gone", {"position": "after"}),
    "lie": ("lie", {}),
    "partial": ("partial", {}),
    "partial in silence": ("partial", {"silent": "yes"}),
    "cut-short in the first line": ("cut-short", {"bytes": 40}),
    "cut-short in an id": ("cut-short", {"bytes": 125}),
    "cut-short between": ("cut-short", {"rows": 1}),
    "garbage": ("garbage", {}),
    "glued": ("glued", {}),
    "wrapped": ("wrapped", {"bytes": 40}),
    "noise": ("noise", {"how": "cr"}),
    "drip": ("drip", {}),
    "flood": ("flood", {"position": "after"}),
    "warnings": ("warnings", {}),
    "confused": ("confused", {}),
    "previous-answer": ("previous-answer", {}),
    "early-prompt, all done": ("early-prompt", {"position": "after", "seconds": "0.3"}),
    "early-prompt, nothing yet": ("early-prompt", {"position": "before", "seconds": "0.3"}),
    "extra-prompt": ("extra-prompt", {"seconds": "0.1"}),
    "no-prompt": ("no-prompt", {}),
    "late-words": ("late-words", {"seconds": "0.1"}),
}
WRAPPER = {"FLASHD_SIM_WRAPPER": ("", "1")}
TABLE = {"fault": tuple(FAULTS), **WRAPPER, **terminal_positions()}
CHANGES = pairwise({"command": (RESYNC, WITHDRAW, ESTABLISH), **TABLE}, dice("kept changes"))
LISTINGS = pairwise(TABLE, dice("kept listings"))


def placed(house: House, row: Row, verb: str, nth: int) -> InteractiveArray:
    print(f"FLASHD_TEST_SEED={seed()} {row}")  # noqa: T201 - shown where it fails
    put(house.sim, {key: value for key, value in row.items() if key in terminal_positions()})
    name, options = FAULTS[row["fault"]]
    if name:
        house.sim.add_fault(name, verb, nth=nth, **options)
    return house.array(FLASHD_SIM_WRAPPER=row["FLASHD_SIM_WRAPPER"])


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: f"{row['command'][:3]}-{row['fault']}")
async def test_a_fault_in_the_middle_of_a_change_is_survived(house: House, row: Row) -> None:
    """No answer claims more than the array did, nothing is sent twice, and one can go on."""
    array = placed(house, row, row["command"].split()[0], 1)
    assert await listed(array) == house.truth()
    try:
        async with over(PLENTY, partial(hung, house.sim)):
            answer = await change(array, row["command"], house.heard)
    except ArrayUnreachable:
        assert house.changes() == [], "nothing was sent, it says"
        answer = None
    assert len(house.changes()) == (answer is not None)
    assert await listed(array) == house.truth()
    if answer is None:
        return
    entry = next(one for one in house.sim.journal() if one.command == row["command"])
    accepted = {str(p) for p, one in answer.accounts.items() if one is Account.ACCEPTED}
    rejected = {str(p) for p, one in answer.accounts.items() if one is Account.REJECTED}
    assert accepted <= set(entry.acted) or row["fault"] == "lie"
    assert not rejected & set(entry.acted)
    assert not (answer.refused and entry.acted)
    if row["fault"] in {"none", "lie", "extra-prompt", "late-words", "drip", "warnings"}:
        assert answer.all_accepted
    elif not answer.all_accepted:
        assert answer.reason


@pytest.mark.parametrize("row", LISTINGS, ids=lambda row: row["fault"])
async def test_a_fault_in_the_middle_of_a_listing_is_survived(house: House, row: Row) -> None:
    """What is told is what is there, or nothing is; and the next one is told."""
    array = placed(house, row, "lsflash", 2)
    assert await listed(array) == house.truth()
    house.sim.drop_relation("0003:0004")
    try:
        async with over(PLENTY, partial(hung, house.sim)):
            found = await listed(array)
    except ArrayError:
        found = house.truth()
    if row["fault"] not in {"previous-answer", "cut-short between"}:  # no reader can tell those
        assert found == house.truth()
    assert await listed(array) == house.truth()
    assert len(house.told) <= 1


async def test_a_prompt_before_the_answer_is_not_its_end(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    house.sim.add_fault("early-prompt", "resyncflash", position="after", seconds="0.5")
    assert (await change(array, RESYNC)).all_accepted, "it was waited for"
    assert len(house.changes()) == 1
    assert await listed(array) == house.truth()


async def test_a_session_that_does_not_tell_of_every_pair_is_not_gone_on_with(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    house.sim.add_fault("partial", "resyncflash", silent="yes")
    answer = await change(array, RESYNC)
    assert list(answer.accounts.values()).count(Account.SILENT) == 2
    assert answer.reason == "dscli said nothing of 0101:0102, 0003:0004"
    assert array.kept.groups == frozenset()


ALWAYS_READS = """#!{python}
import sys, threading, time
def say(text):
    print(text + "dscli> ", end="", flush=True)
def late():
    time.sleep(2)
    say("CMUC00168I resyncflash: FlashCopy volume pair 0001:0002 successfully resynchronized.\\n")
say("")
for line in sys.stdin:
    if line.startswith("resyncflash"):
        threading.Thread(target=late).start()
    elif not line.startswith("quit"):
        say("")
    else:
        break
"""


async def test_a_client_that_reads_all_the_time_is_not_cut_off(tmp_path: Path) -> None:
    """As line editors do; what it is at is the array's."""
    dscli = fake_dscli(tmp_path, ALWAYS_READS.format(python=sys.executable), {})
    told: list[str | None] = []
    kept = Kept(dscli, idle=PLENTY, most=1, tell=told.append)
    array = InteractiveArray(OneshotArray(dscli, SystemClock(), LinuxHost()), kept)
    command = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002"
    async with array.session(Heard(), command) as session:
        answer = await session.change(*cleared(command), math.inf)
    assert answer.all_accepted
    assert len(kept.groups) == 1
    assert told == []
    await kept.close()


async def test_nobody_else_can_write_to_its_terminal() -> None:
    script = (
        "import asyncio, os\n"
        "from flashd.adapters.terminals import on_a_terminal\n"
        "async def start():\n"
        "    async with on_a_terminal(['/bin/cat'], more_environment={}, cap=9) as cat:\n"
        "        print(oct(os.stat(f'/proc/{cat.group}/fd/0').st_mode & 0o777))\n"
        "asyncio.run(start())\n"
    )
    usual = "mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts /dev/pts"
    set_up = f'{usual} && mount --bind /dev/pts/ptmx /dev/ptmx && exec "$@"'
    within = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", set_up, "sh")
    child = await asyncio.create_subprocess_exec(*within, sys.executable, "-c", script, stdout=-1)
    said, _ = await child.communicate()
    assert said == b"0o600\n"


async def test_a_host_without_a_terminal_says_so() -> None:
    script = (
        "import asyncio, resource\n"
        "from flashd.adapters.terminals import NoTerminalError, on_a_terminal\n"
        "async def start():\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))\n"
        "    async with on_a_terminal(['/bin/true'], more_environment={}, cap=9): pass\n"
        "try: asyncio.run(start())\n"
        "except NoTerminalError as error: print('none:', error)\n"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=-1)
    said, _ = await child.communicate()
    assert said.startswith(b"none: [Errno 24]")


async def test_trouble_is_told_once_and_the_array_goes_by_oneshot(house: House) -> None:
    house.sim.add_fault("no-prompt", "lsflash", times=2)
    array = house.array()
    for _ in range(3):
        assert await listed(array) == house.truth()
    assert house.told == ["dscli waits for input without showing its prompt, and was killed"]
    assert len(house.logins()) == 4, "the one that was closed, and one for each listing"
    assert array.kept.groups == frozenset()
    assert (await change(array, RESYNC)).all_accepted
    assert len(house.logins()) == 5


async def test_the_end_of_the_trouble_is_told_once(house: House) -> None:
    house.sim.add_fault("no-prompt", "lsflash", times=1)
    told = house.told
    kept = Kept(house.dscli, idle=PLENTY, most=1, tell=told.append, distrust=0)
    array = InteractiveArray(OneshotArray(house.dscli, SystemClock(), LinuxHost()), kept)
    for _ in range(3):
        assert await listed(array) == house.truth()
    assert told == ["dscli waits for input without showing its prompt, and was killed", None]
    await kept.close()


async def test_while_it_goes_by_oneshot_no_old_answer_ends_the_trouble(house: House) -> None:
    house.sim.add_fault("no-prompt", "lsflash", times=1)
    told = house.told
    kept = Kept(house.dscli, idle=PLENTY, most=1, tell=told.append)
    array = InteractiveArray(OneshotArray(house.dscli, SystemClock(), LinuxHost()), kept)
    assert await listed(array) == house.truth()
    kept.trust()
    await kept.distrust("once more")
    assert told == ["dscli waits for input without showing its prompt, and was killed"]
    await kept.close()


async def test_what_is_said_unasked_is_no_answer_to_the_next(house: House) -> None:
    house.sim.add_fault("late-words", "lsflash", seconds="0")
    array = house.array()
    for _ in range(2):
        assert await listed(array) == house.truth()
    assert (await change(array, RESYNC)).all_accepted


async def test_where_a_prompt_comes_too_often_the_next_command_goes_by_oneshot(
    tmp_path: Path,
) -> None:
    late = "(sleep 0.2; printf 'dscli> ') &"
    dscli = fake_dscli(tmp_path, SCRIPT.format(starts=tmp_path / "starts", answer=late), {})
    array = InteractiveArray(
        OneshotArray(dscli, SystemClock(), LinuxHost()),
        Kept(dscli, idle=PLENTY, most=1, tell=lambda _: None),
    )
    async with array.session(Heard(), RESYNC) as session:
        await asyncio.sleep(0.4)
        with pytest.raises(ArrayUnreachable, match="said what nobody asked"):
            await session.change(*cleared(RESYNC), math.inf)
    assert array.kept.distrusted
    await array.kept.close()


async def test_after_a_change_that_shows_no_prompt_the_next_one_goes_by_oneshot(
    tmp_path: Path,
) -> None:
    starts, told = tmp_path / "starts", list[str | None]()
    said = " ".join(f"'CMUC00168I resyncflash: {pair} done.'" for pair in PAIRS.split())
    answer = f"""case "$line" in resync*) printf '%s\\n' {said}; read -r line;; esac"""
    dscli = fake_dscli(tmp_path, SCRIPT.format(starts=starts, answer=answer), {})
    kept = Kept(dscli, idle=PLENTY, most=1, tell=told.append)
    array = InteractiveArray(OneshotArray(dscli, SystemClock(), LinuxHost()), kept)
    assert (await change(array, RESYNC)).all_accepted
    assert told == ["dscli waits for input without showing its prompt, and was killed"]
    assert kept.distrusted
    await kept.close()


REFUSED = "CMUC00191E dscli: The user name or the password is not valid."
SCRIPT = """#!/bin/sh
echo >> {starts}
n=0
printf 'dscli> '
while read -r line; do
    n=$((n + 1))
    {answer}
    printf 'dscli> '
done
exit 5
"""
AMID = "in the middle of a session"
REFUSALS = {
    "before a prompt": f"printf '{REFUSED}\\ndscli> '; read -r line; exit 5",
    "before another question": f"printf '{REFUSED}\\nPassword: '; read -r line; exit 5",
    "at the first setting": f"printf 'dscli> '; read -r line; echo '{REFUSED}'; exit 5",
    AMID: (
        "printf 'dscli> '; read -r line; printf 'dscli> '; read -r line; printf 'dscli> '; "
        "read -r line; printf 'CMUC00234I lsflash: No Flash Copy found.\\ndscli> '; "
        f"read -r line; echo '{REFUSED}'; exit 3"
    ),
}


async def test_a_refused_login_is_not_tried_another_way(tmp_path: Path) -> None:
    for place, (when, script) in enumerate(REFUSALS.items()):
        where = tmp_path / str(place)
        where.mkdir()
        dscli = fake_dscli(where, f"#!/bin/sh\necho >> {where}/starts\n{script}\n", {})
        kept = Kept(dscli, idle=PLENTY, most=1, tell=lambda _: None)
        array = InteractiveArray(OneshotArray(dscli, SystemClock(), LinuxHost()), kept)
        if when == AMID:
            await array.observe(Heard())
        with pytest.raises(LoginRefused):
            await array.observe(Heard())
        assert (where / "starts").read_text() == "\n", f"a second login, refused {when}"
        await kept.close()


ENDINGS = {
    0: "no connection to the management console: exit code 0",
    3: "no connection to the management console: exit code 3",
    7: "dscli failed: exit code 7",
    63: "dscli cannot be started: exit code 63",
}


@pytest.mark.parametrize(("status", "words"), ENDINGS.items())
async def test_how_a_client_ended_is_told_as_it_was(
    tmp_path: Path, status: int, words: str
) -> None:
    answer = f"""case "$line" in ls*) exit {status};; esac"""
    dscli = fake_dscli(tmp_path, SCRIPT.format(starts=tmp_path / "starts", answer=answer), {})
    kept = Kept(dscli, idle=PLENTY, most=1, tell=lambda _: None)
    array = InteractiveArray(OneshotArray(dscli, SystemClock(), LinuxHost()), kept)
    with pytest.raises(ArrayError) as raised:
        await array.observe(Heard())
    assert raised.value.message.startswith(words)
    await kept.close()


@dataclass
class GateOf(Open):
    """A gate before which the last of these password files lies."""

    files: list[str]

    def pwfile(self) -> str:
        return self.files[-1]


async def test_with_another_password_file_it_is_logged_in_anew(house: House) -> None:
    files = ["the old one"]
    gate = GateOf(files)
    kept = Kept(house.dscli, idle=PLENTY, most=1, tell=house.told.append, gate=gate)
    house.made.append(kept)
    array = InteractiveArray(house.array().oneshot, kept)
    async with array.session(Heard(), RESYNC) as session:
        files.append("the new one")
        await array.observe(Heard())
        assert (await session.change(*cleared(RESYNC), math.inf)).all_accepted
    assert house.logins() == [(HMC1, "ok")], "who was promised a session has it to the end"
    for _ in range(2):
        await array.observe(Heard())
    assert house.logins() == [(HMC1, "ok")] * 2


async def test_a_session_that_the_console_has_ended_is_opened_anew(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    (group,) = array.kept.groups
    os.killpg(group, signal.SIGKILL)
    house.sim.add_fault("die-before", "lsflash")
    with pytest.raises(ArrayUnreachable):
        await array.observe(Heard())  # a new session, and that is struck: there is no third one
    assert await listed(array) == house.truth()
    assert house.logins() == [(HMC1, "ok")] * 3
    assert house.told == []


@dataclass
class Lenient(Heard):
    """A witness by whom the console lets everybody idle, once somebody was told to be late."""

    sim: Array = field(kw_only=True)

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        super().answered(command, exit_status, output, failed=failed)
        self.sim.switch("idle_seconds", "unlimited")


@pytest.mark.parametrize("after", ["ends", "prompts"])
async def test_a_console_that_lets_nobody_idle_is_logged_in_to_again(
    house: House, after: str
) -> None:
    house.sim.switch("after_idle", after)
    array = house.array()
    await array.observe(Heard())
    house.sim.switch("idle_seconds", "0")
    found = await array.observe(lenient := Lenient(sim=house.sim))
    assert sorted(map(str, found.relations)) == house.truth()
    assert "CMUN02096E" in lenient.answers[0][2]
    assert house.logins() == [(HMC1, "ok")] * 2
    assert house.told == []


@pytest.mark.parametrize("after", ["ends", "prompts"])
async def test_the_second_console_takes_over_in_mid_session(house: House, after: str) -> None:
    house.sim.switch("after_loss", after)
    array = house.array()
    await array.observe(Heard())
    house.sim.add_fault("console-gone", "lsflash")
    assert await listed(array) == house.truth()
    assert [hmc for hmc, outcome in house.logins() if outcome == "ok"] == [HMC1, HMC2]
    assert house.told == []


async def test_nothing_is_left_where_the_sessions_are_closed(house: House) -> None:
    array = house.array(most=2)
    await asyncio.gather(array.observe(Heard()), array.observe(Heard()))
    groups = array.kept.groups
    await array.kept.close()
    assert not any(map(lives, groups))


@asynccontextmanager
async def cancelled(work: Callable[[], Any]) -> AsyncIterator[asyncio.Task[Any]]:
    task = asyncio.create_task(work())
    yield task
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelled_in_a_listing_the_session_is_gone(house: House) -> None:
    array = house.array()
    await array.observe(Heard())
    (group,) = array.kept.groups
    house.sim.add_fault("hang", "lsflash")
    async with cancelled(lambda: array.observe(Heard())):
        await asyncio.to_thread(struck, house.sim)
    await gone(group)
    assert await listed(array) == house.truth()


async def test_volumes_of_another_moment_are_not_those_of_now(house: House) -> None:
    """A target may be another's by now: where that matters the volumes are asked twice."""
    array = house.array()
    await array.inventory(Heard(), {Part.REACH})
    house.sim.set_volume("0002", name="production")
    house.sim.add_fault("previous-answer", "lsfbvol")
    found = await array.inventory(Heard(), {Part.REACH})
    assert found.volumes[VolumeId("0002")].name == "production"
    assert "asked twice" in str(house.told)
