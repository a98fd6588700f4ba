"""What it costs to connect, and to wait for an answer: in a time of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from flashd.sim import connection
from flashd.sim.array import Array
from flashd.sim.layout import Layout
from flashd.sim.session import Refusal
from flashd.sim.terminal import Mode
from tests.unit.sim.inside import (
    HMC1,
    HMC2,
    CountingClock,
    Streams,
    array_in,
    credentials,
    logged_in,
)


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def array(tmp_path: Path, clock: CountingClock) -> Array:
    made = array_in(tmp_path, clock)
    made.switch("connect_seconds", "20")
    return made


@pytest.mark.parametrize(
    ("consoles", "ports", "patience", "cost"),
    [
        (("10.9.9.9",), connection.PORTS, 20, 60),
        (("10.9.9.9", "10.9.9.8"), connection.PORTS, 20, 120),
        (("10.9.9.9", "10.9.9.8"), ("1750",), 20, 40),
        (("10.9.9.9",), connection.PORTS, 5, 15),
        (("10.9.9.9",), connection.PORTS, 60, 60),
    ],
)
def test_a_console_that_is_not_there_costs_each_port_its_time(
    array: Array,
    clock: CountingClock,
    consoles: tuple[str, ...],
    ports: tuple[str, ...],
    patience: float,
    cost: float,
) -> None:
    wanted = replace(credentials(), consoles=consoles, ports=ports, patience=patience)
    with pytest.raises(Refusal) as refused:
        connection.admit((array,), wanted)
    assert (refused.value.code, clock.waited) == (3, cost)


@pytest.mark.parametrize(
    ("answers_at", "ports", "cost"),
    [
        ("1751", connection.PORTS, 0),
        ("1750", connection.PORTS, 20),
        ("1718", connection.PORTS, 40),
        ("1750", ("1750",), 0),
    ],
)
def test_an_older_console_is_found_after_the_newer_ports(
    array: Array, clock: CountingClock, answers_at: str, ports: tuple[str, ...], cost: float
) -> None:
    array.switch("console_port", answers_at)
    admission = connection.admit((array,), replace(credentials(), ports=ports))
    assert (admission.client.hmc, clock.waited) == (HMC1, cost)


def test_a_console_is_not_there_for_who_asks_at_another_port(
    array: Array, clock: CountingClock
) -> None:
    with pytest.raises(Refusal):
        connection.admit((array,), replace(credentials(), ports=("1750",)))
    assert clock.waited == 20
    assert [login.outcome for login in array.logins()] == ["unreachable"]


def test_the_second_console_costs_the_time_of_the_first(array: Array, clock: CountingClock) -> None:
    array.add_fault("unreachable", HMC1)
    admission = connection.admit((array,), replace(credentials(), consoles=(HMC1, HMC2)))
    assert (admission.client.hmc, clock.waited) == (HMC2, 60)


@pytest.mark.parametrize(
    ("seconds", "on_timeout", "code", "synced"),
    [
        ("900", "acts", 0, True),
        ("901", "acts", 3, True),
        ("901", "undone", 3, False),
    ],
)
def test_a_client_gives_up_and_the_array_may_have_acted(
    array: Array, clock: CountingClock, seconds: str, on_timeout: str, code: int, *, synced: bool
) -> None:
    array.write("0001")
    array.switch("command_seconds", seconds)
    array.switch("on_timeout", on_timeout)
    streams = Streams()
    session = logged_in(array, streams)
    assert session.perform("resyncflash -record -persist 0001:0002") == code
    assert clock.waited == 900
    assert (array.content("0002") == "0001@1") is synced
    assert session.broken is session.ended is (code == 3)
    assert ("no answer within 900 s" in streams.err) is (code == 3)
    phase = array.journal("resyncflash")[0].phase
    assert phase == ("acted" if synced else "received")


def test_a_session_that_idles_too_long_is_gone_and_sends_nothing(
    array: Array, clock: CountingClock
) -> None:
    array.switch("idle_seconds", "60")
    streams = Streams()
    session = logged_in(array, streams)
    clock.wait(60)
    assert session.perform("lsflash 0001") == 0
    clock.wait(60)
    assert session.perform("rmflash -quiet 0003:0004") == 0
    clock.wait(61)
    assert session.perform("rmflash -quiet 0001:0002") == 3
    assert session.broken is session.ended is True
    assert "idle too long" in streams.err
    assert array.relation("0001:0002")
    assert [entry.phase for entry in array.journal("rmflash")] == ["acted", "refused"]


def test_the_patience_of_a_client_is_its_profile_s(array: Array, clock: CountingClock) -> None:
    array.switch("command_seconds", "31")
    layout = Layout(banner=False, timeout=30)
    session = logged_in(array, Streams(), Mode.SINGLE_SHOT, layout)
    assert (session.perform("lssi"), clock.waited) == (3, 30)
