"""One refused login stops them all, until the password file is another one."""

from __future__ import annotations

import asyncio
import math
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.adapters.arrays.logins import Logins
from flashd.adapters.arrays.oneshot import SPEAK_UTC, Dscli, OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.config.pwfile import fingerprint
from flashd.config.settings import Settings
from flashd.errors import ArrayUnreachable, LoginRefused, LoginStopped, StoreError
from flashd.sim.array import Array
from flashd.wiring import Home
from tests.contract.arrays import ARRAY, HMC1, PLENTY, SIMULATED, Heard, cleared, fake_dscli

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from flashd.model.lease import Held, Holder
    from flashd.model.observation import Breaker
    from flashd.ports.store import LoginStore

RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002"


@dataclass(frozen=True)
class House:
    """An array, its password file, and the state store, opened anew at each use."""

    root: Path
    sim: Array
    dscli: Dscli

    @property
    def pwfile(self) -> Path:
        return self.root / "a.pwfile"

    def logins(self) -> list[str]:
        return [login.outcome for login in self.sim.logins()]

    @asynccontextmanager
    async def store(self) -> AsyncIterator[LoginStore]:
        """Open the store that flashd opens."""
        settings = Settings().with_state(f"sqlite:///{self.root}/flashd.db")
        async with Home(self.root).store_of(settings) as store:
            yield store

    @asynccontextmanager
    async def array(self, username: str = "opensvc") -> AsyncIterator[BreakerArray]:
        async with self.store() as store:
            yield self.array_with(store, username)

    def array_with(self, store: LoginStore, username: str = "opensvc") -> BreakerArray:
        logins = Logins(
            array=ARRAY,
            username=username,
            pwfile=lambda: fingerprint(self.pwfile),
            remedy="make it anew",
            store=store,
            clock=SystemClock(),
            host=LinuxHost(),
        )
        inner = OneshotArray(self.dscli, SystemClock(), LinuxHost(), gate=logins.one)
        return BreakerArray(inner, logins)


@pytest.fixture
def house(tmp_path: Path) -> House:
    sim = Array.create(tmp_path / "a.array", ARRAY, consoles=(HMC1,))
    sim.add_volumes("0001", "0002")
    sim.establish("0001:0002")
    sim.write_pwfile(tmp_path / "a.pwfile")
    argv = (str(SIMULATED), "-hmc1", HMC1, "-user", "opensvc", "-pwfile", f"{tmp_path}/a.pwfile")
    environment = {**SPEAK_UTC, "FLASHD_SIM": str(sim.path)}
    return House(tmp_path, sim, Dscli(ARRAY, argv, environment, PLENTY, "make it anew"))


async def use(array: BreakerArray, what: str) -> None:
    if what == "observe":
        await array.observe(Heard())
        return
    async with array.session(Heard(), RESYNC) as session:
        await session.change(*cleared(RESYNC), math.inf)


WAYS = [("observe", "observe"), ("observe", "change"), ("change", "observe"), ("change", "change")]


@pytest.mark.parametrize(("first", "second"), WAYS)
async def test_after_a_refused_login_none_reaches_the_array(
    house: House, first: str, second: str
) -> None:
    house.sim.add_user("opensvc", "another")
    async with house.array() as array:
        with pytest.raises(LoginRefused, match="wrong password"):
            await use(array, first)
        for _ in range(3):
            with pytest.raises(LoginStopped, match=r"stopped since .* wrong password") as raised:
                await use(array, second)
    assert raised.value.hint == "make it anew"
    assert house.logins() == ["wrong password"]


async def test_a_restart_does_not_forget(house: House) -> None:
    house.sim.add_user("opensvc", "another")
    async with house.array() as array:
        with pytest.raises(LoginRefused):
            await array.observe(Heard())
    async with house.array() as array:
        with pytest.raises(LoginStopped):
            await array.observe(Heard())
    assert house.logins() == ["wrong password"]


@pytest.mark.parametrize("how", ["touched", "new", "of another user"])
async def test_another_password_file_or_user_lets_one_login_through(house: House, how: str) -> None:
    house.sim.add_user("opensvc", "another")
    async with house.array() as array:
        with pytest.raises(LoginRefused):
            await array.observe(Heard())
    if how == "touched":
        os.utime(house.pwfile)
    elif how == "new":
        house.sim.write_pwfile(house.pwfile)
    async with house.array("other" if how == "of another user" else "opensvc") as array:
        with pytest.raises(LoginRefused, match="wrong password"):
            await array.observe(Heard())
        with pytest.raises(LoginStopped):
            await array.observe(Heard())
    assert house.logins() == ["wrong password"] * 2


async def test_with_the_right_password_all_is_well_again(house: House) -> None:
    house.sim.add_user("opensvc", "another")
    async with house.array() as array:
        with pytest.raises(LoginRefused):
            await array.observe(Heard())
        house.sim.write_pwfile(house.pwfile, password="another")
        await use(array, "observe")
        await use(array, "change")
        assert await array.logins.store.breaker(ARRAY) is None
    assert house.logins() == ["wrong password", "ok", "ok"]


async def test_other_failures_stop_nothing(house: House) -> None:
    house.sim.add_fault("unreachable")
    async with house.array() as array:
        with pytest.raises(ArrayUnreachable):
            await array.observe(Heard())
        await array.observe(Heard())
    assert house.logins() == ["unreachable", "ok"]


async def test_a_file_that_came_while_the_old_one_was_tried_is_not_blamed(house: House) -> None:
    """The client replaces the password file, as a person might, before it says that it failed."""
    script = '#!/bin/sh\ncp "$PWFILE" "$PWFILE.new"; mv "$PWFILE.new" "$PWFILE"; exit 5\n'
    dscli = fake_dscli(house.root, script, {"PWFILE": str(house.pwfile)})
    async with replace(house, dscli=dscli).array() as array:
        with pytest.raises(LoginRefused):
            await array.observe(Heard())
    async with house.array() as array:
        await array.observe(Heard())
    assert house.logins() == ["ok"]


async def test_a_login_that_is_refused_in_a_session_stops_them_too(house: House) -> None:
    script = "#!/bin/sh\nprintf 'dscli> '; read -r line; echo CMUC00191E made up; exit 5\n"
    async with replace(house, dscli=fake_dscli(house.root, script, {})).array() as array:
        async with array.session(Heard(), RESYNC) as session:
            assert session.carrier.group > 0
            answer = await session.change(*cleared(RESYNC), math.inf)
        assert not answer.refused
        with pytest.raises(LoginStopped, match="CMUC00191E"):
            await array.observe(Heard())


@dataclass
class FullStore:
    """A store on a full disk: it can be read, and not be written until there is room."""

    inner: LoginStore
    full: bool = True

    async def breaker(self, array: str) -> Breaker | None:
        return await self.inner.breaker(array)

    async def open_breaker(self, breaker: Breaker) -> None:
        if self.full:
            raise StoreError("no space left on device")
        await self.inner.open_breaker(breaker)

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        return await self.inner.acquire(names, holder, now)

    async def renew(self, holder: Holder, now: datetime) -> int:
        return await self.inner.renew(holder, now)

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        await self.inner.release(names, holder)

    async def held(self) -> Mapping[str, Held]:
        return await self.inner.held()

    async def close_breaker(self, array: str) -> None:
        await self.inner.close_breaker(array)


async def test_what_the_store_cannot_take_holds_all_the_same(house: House) -> None:
    house.sim.add_user("opensvc", "another")
    async with house.store() as store:
        full = FullStore(store)
        with pytest.raises(LoginRefused):
            await house.array_with(full).observe(Heard())
        with pytest.raises(LoginStopped):
            await house.array_with(full).observe(Heard())
        assert await store.breaker(ARRAY) is None
        full.full = False
        with pytest.raises(LoginStopped):
            await house.array_with(full).observe(Heard())
        assert await store.breaker(ARRAY) is not None
    assert house.logins() == ["wrong password"]


async def test_a_new_file_lets_one_through_even_where_the_store_took_nothing(house: House) -> None:
    house.sim.add_user("opensvc", "another")
    async with house.store() as store:
        with pytest.raises(LoginRefused):
            await house.array_with(FullStore(store)).observe(Heard())
        house.sim.write_pwfile(house.pwfile, password="another")
        await house.array_with(store).observe(Heard())
        await house.array_with(store).observe(Heard())
    assert house.logins() == ["wrong password", "ok", "ok"]


@pytest.mark.parametrize("processes", [1, 2])
async def test_of_several_logins_at_once_one_is_refused_and_the_others_are_not_tried(
    house: House, processes: int
) -> None:
    house.sim.add_user("opensvc", "another")
    house.sim.switch("login_seconds", "0.3")
    async with AsyncExitStack() as opened:
        arrays = [await opened.enter_async_context(house.array()) for _ in range(processes)]
        looks = [array.observe(Heard()) for array in arrays for _ in range(3)]
        ended = await asyncio.gather(*looks, return_exceptions=True)
    assert all(isinstance(one, LoginRefused) for one in ended)
    assert house.logins() == ["wrong password"]


async def test_a_password_that_was_good_is_refused_once_when_it_is_no_more(house: House) -> None:
    house.sim.switch("login_seconds", "0.3")
    async with house.array() as array:
        await array.observe(Heard())
        house.sim.add_user("opensvc", "another")
        looks = [array.observe(Heard()) for _ in range(3)]
        ended = await asyncio.gather(*looks, return_exceptions=True)
    assert all(isinstance(one, LoginRefused) for one in ended)
    assert house.logins() == ["ok", "wrong password"]
