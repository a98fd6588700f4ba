"""flashd's dscli adapter under every position of the client's switches.

Whatever the client is like, a listing is the whole listing, a change is carried out once, and the
answer says of each pair what became of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.errors import ArrayError, ArrayRejected, ArrayUnreachable, LoginRefused
from flashd.model.run import Account
from flashd.sim.array import Array
from flashd.sim.switches import SWITCHES
from tests.contract.arrays import ARRAY, HMC1, HMC2, PLENTY, SIMULATED, Heard, cleared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flashd.model.run import Answer

PAIRS = ("0001:0002", "0003:0004", "0101:0102")
GOOD = f"resyncflash -dev {ARRAY} -persist -record -cp {' '.join(PAIRS)}"
HALF = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002 0005:0006"
OF_THE_CLIENT = {
    "console_port": ("1751", "1750", "1718"),
    "on_timeout": ("acts", "undone"),
    "errors_to": ("stdout", "stderr"),
    "warnings_to": ("stdout", "stderr"),
    "prompt_to": ("stdout", "stderr"),
    "stream_prompt": ("yes", "no"),
    "trailing_prompt": ("yes", "no"),
    "session_banner": ("one-line", "two-lines"),
    "banner_on_error": ("yes", "no"),
    "banner_blank_line": ("yes", "no"),
    "blank_line_after_answer": ("yes", "no"),
    "default_delimiter": (",", "|"),
    "verbose_says": ("nothing", "a-line"),
    "paging_in_stream": ("ignore", "ask"),
    "dash_in_stream": ("refuse", "read"),
    "unknown_profile_key": ("ignore", "refuse"),
    "output_comes": ("at-once", "at-the-end"),
    "on_error": ("continue", "stop"),
    "stream_exit": ("zero", "first-error", "last"),
    "partial_exit": ("4", "6", "0"),
    "not_permitted_exit": ("4", "2", "5", "6"),
    "expired_password": ("chuser-only", "refuse"),
}
POSITIONS = [(name, where) for name, all_of_it in OF_THE_CLIENT.items() for where in all_of_it]
PROFILES = {
    "verbose": "verbose:\ton",
    "paged": "paging:\ton\nrows:\t2",
    "echo": "echo:\ton\nechoprefix:\tdscli>",
    "full ids": "fullid:\ton",
    "bars": "delim:\t|",
    "semicolons": "delim:\t;",
    "german": "locale:\tde",
    "iso": "banner_date:\tiso8601",
    "stanza": "format:\tstanza",
    "no header": "header:\toff\nbanner:\toff",
}


@dataclass(frozen=True)
class House:
    """A simulated array, and flashd's way to it."""

    sim: Array
    dscli: Dscli

    def backend(self, *more: str, timeout: float = PLENTY) -> OneshotArray:
        dscli = replace(self.dscli, argv=(*self.dscli.argv, *more), timeout=timeout)
        return OneshotArray(dscli, SystemClock(), LinuxHost())

    def acted(self) -> list[tuple[str, ...]]:
        return [entry.acted for entry in self.sim.journal("resyncflash")]


@pytest.fixture
def house(tmp_path: Path) -> House:
    sim = Array.create(tmp_path / "a.array", ARRAY, consoles=(HMC1, HMC2))
    sim.add_volumes("0001", "0002", "0003", "0004", "0005", "0006", "0101", "0102")
    sim.establish(*PAIRS)
    pwfile = tmp_path / "a.pwfile"
    sim.write_pwfile(pwfile)
    argv = (str(SIMULATED), "-hmc1", HMC1, "-user", "opensvc", "-pwfile", str(pwfile))
    environment = {**SPEAK_UTC, "FLASHD_SIM": str(sim.path)}
    return House(sim, Dscli(ARRAY, argv, environment, PLENTY, "make it anew"))


async def change(backend: OneshotArray, command: str) -> Answer:
    async with backend.session(Heard(), command) as session:
        return await session.change(*cleared(command), math.inf)


async def look_and_change(house: House, *more: str) -> None:
    backend = house.backend(*more)
    listing = await backend.observe(Heard())
    assert tuple(map(str, listing.relations)) == PAIRS
    assert not [one.unread for one in listing.relations.values() if one.unread]
    good = await change(backend, GOOD)
    assert (good.all_accepted, good.refused) == (True, False)
    half = await change(backend, HALF)
    assert list(half.accounts.values()) == [Account.ACCEPTED, Account.REJECTED]
    assert not half.refused
    assert house.acted() == [PAIRS, ("0001:0002",)]


@pytest.mark.parametrize(("switch", "position"), POSITIONS)
async def test_each_position_alone(house: House, switch: str, position: str) -> None:
    house.sim.switch(switch, position)
    await look_and_change(house)


@pytest.mark.parametrize("rotation", range(4))
async def test_all_switches_moved_together(house: House, rotation: int) -> None:
    """Each switch at a position of its own; four rounds bring most pairs of them together."""
    for number, (switch, all_of_it) in enumerate(OF_THE_CLIENT.items()):
        house.sim.switch(switch, _turned(all_of_it, rotation, number))
    await look_and_change(house)


def _turned(positions: Sequence[str], rotation: int, number: int) -> str:
    return positions[(rotation + number * (rotation // 2)) % len(positions)]


def test_no_switch_of_the_client_has_another_position() -> None:
    for name, positions in OF_THE_CLIENT.items():
        assert set(SWITCHES[name].accepts) == set(positions), name


@pytest.mark.parametrize("lines", PROFILES.values(), ids=PROFILES.keys())
@pytest.mark.parametrize("verbose", ["nothing", "a-line"])
async def test_any_profile_will_do(house: House, tmp_path: Path, lines: str, verbose: str) -> None:
    house.sim.switch("verbose_says", verbose)
    profile = tmp_path / "profile"
    profile.write_text(f"{lines}\n")
    await look_and_change(house, "-cfg", str(profile))


@pytest.mark.parametrize("rows", range(1, 9))
async def test_a_paged_listing_is_whole_or_none(house: House, tmp_path: Path, rows: int) -> None:
    house.sim.switch("paging_in_stream", "ask")
    profile = tmp_path / "profile"
    profile.write_text(f"paging:\ton\nrows:\t{rows}\n")
    try:
        listing = await house.backend("-cfg", str(profile)).observe(Heard())
    except ArrayUnreachable:
        return
    assert tuple(map(str, listing.relations)) == PAIRS


@pytest.mark.parametrize("exit_code", ["zero", "first-error"])
@pytest.mark.parametrize("expired", ["chuser-only", "refuse"])
async def test_an_expired_password_is_a_refused_login(
    house: House, expired: str, exit_code: str
) -> None:
    """So that nobody goes on asking: flashd's breaker opens at it."""
    house.sim.switch("expired_password", expired)
    house.sim.switch("stream_exit", exit_code)
    house.sim.set_user("opensvc", must_change=True)
    with pytest.raises(LoginRefused):
        await house.backend().observe(Heard())


@pytest.mark.parametrize("position", OF_THE_CLIENT["not_permitted_exit"])
@pytest.mark.parametrize("exit_code", ["zero", "first-error"])
async def test_a_user_who_may_not_is_a_refusal_whatever_the_exit_code(
    house: House, position: str, exit_code: str
) -> None:
    house.sim.switch("not_permitted_exit", position)
    house.sim.switch("stream_exit", exit_code)
    house.sim.switch("copy_services_roles", "admin")
    answer = await change(house.backend(), GOOD)
    assert (answer.all_accepted, answer.refused) == (False, True)
    assert "Unsupported task" in answer.reason
    assert house.acted() == [()]


@pytest.mark.parametrize("position", OF_THE_CLIENT["not_permitted_exit"])
async def test_a_listing_that_is_not_permitted_tells_the_role(house: House, position: str) -> None:
    house.sim.switch("not_permitted_exit", position)
    house.sim.switch("stream_exit", "first-error")
    house.sim.add_user("opensvc", "opensvc", "no_access")
    with pytest.raises(ArrayRejected, match="the user may not do this"):
        await house.backend().observe(Heard())


@pytest.mark.parametrize("on_timeout", OF_THE_CLIENT["on_timeout"])
@pytest.mark.parametrize("exit_code", OF_THE_CLIENT["stream_exit"])
@pytest.mark.parametrize("stream", OF_THE_CLIENT["errors_to"])
async def test_a_client_that_gave_up_leaves_the_outcome_open(
    house: House, tmp_path: Path, on_timeout: str, exit_code: str, stream: str
) -> None:
    for switch, position in {
        "command_seconds": "0.05",
        "on_timeout": on_timeout,
        "stream_exit": exit_code,
        "errors_to": stream,
    }.items():
        house.sim.switch(switch, position)
    profile = tmp_path / "profile"
    profile.write_text("timeout:\t0\n")
    backend = house.backend("-cfg", str(profile))
    answer = await change(backend, GOOD)
    assert set(answer.accounts.values()) == {Account.SILENT}
    assert (answer.refused, answer.exit_status) == (False, 3)
    assert house.acted() == [PAIRS if on_timeout == "acts" else ()]
    with pytest.raises(ArrayError):
        await backend.observe(Heard())
