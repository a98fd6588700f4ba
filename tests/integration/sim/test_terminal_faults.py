"""Every fault in a conversation on a terminal, whoever echoes: what is shown, what comes of it."""

import re
import signal
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from flashd.sim.array import Array
from flashd.sim.faults import CONNECT, KINDS, LOGIN
from tests.servers.typist import PROMPT, Typist
from tests.switches.positions import positions

Sit = Callable[..., Typist]
Eventually = Callable[[Callable[[], object]], None]

RESYNC = "resyncflash -record -persist 0001:0002 0003:0004"
LISTING = "lsflash -bnr off -fmt delim 0001"
ECHOES = positions("terminal_echo")
BOTH = ("0001:0002", "0003:0004")
GOOD = "CMUC00168I resyncflash: FlashCopy volume pair {} successfully resynchronized."
FIRST, SECOND = (GOOD.format(pair) for pair in BOTH)


class Case(NamedTuple):
    """A fault, what the array does of the command that it strikes, and what is shown of it."""

    options: dict[str, Any]
    shown: str
    acted: tuple[str, ...] = BOTH
    command: str = RESYNC


def listing(shown: str, **options: object) -> Case:
    return Case(options, shown, (), LISTING)


WHOLE = re.escape(f"{FIRST}\n{SECOND}\n{PROMPT}")
SURVIVED: Mapping[str, Case] = {
    "refused": Case({}, r"CMUN03099E .* 0001:0002: .*\nCMUN03099E .* 0003:0004: .*\n", ()),
    "lie": Case({}, WHOLE, ()),
    "partial": Case({}, rf"{re.escape(FIRST)}\nCMUN03099E .* 0003:0004: ", BOTH[:1]),
    "hang": Case({"seconds": 0}, WHOLE),
    "cut-short": Case({"bytes": 20}, rf"(?m)^CMUC00168I resyncfla{PROMPT}"),
    "garbage": Case({}, r"502 Bad Gateway"),
    "language": Case({}, r"0003:0004 wurde erfolgreich resynchronisiert\.\n"),
    "glued": Case({}, rf"{re.escape(FIRST + SECOND)}{PROMPT}"),
    "wrapped": Case({"bytes": 40}, r"(?m)^CMUC00168I resyncflash: FlashCopy volume\n"),
    "noise, NUL": Case({"how": "nul"}, r"\0"),
    "noise, utf8": Case({"how": "utf8"}, "\ufffd\ufffd"),
    "noise, cr": Case({"how": "cr"}, r"\rresyncflash"),
    "drip": Case({"seconds": 0}, WHOLE),
    "warnings": Case({}, r"CMUN03099W .*\nCMUC00168I .*\nCMUN03099W .*\nCMUC00168I "),
    "confused": Case({}, r"0001:0002 succ.*\n.* FEFE:FEFF succ"),
    "previous-answer": listing(r"(?m)^ID,SrcLSS,.*\n=+\n0001:0002,"),
    "rows-twice": listing(r"(\n0001:0002,.*){2}\n"),
    "foreign-rows": listing(r"\nIBM\.2107-75ZZZ99/0001:IBM"),
    "columns": listing(r"(?m)^New,ID", how="extra"),
    "others-resync": Case({}, WHOLE),
    "others-withdraw": Case({"pair": "0005:0006"}, WHOLE),
    "others-reverse": Case({"pair": "0101:0102"}, WHOLE),
    "others-change": Case({"pair": "000A:000B", "text": "State=Invalid"}, WHOLE),
    "others-write": Case({}, WHOLE),
    "clock-steps": Case({"seconds": "1"}, WHOLE),
}
"""Those after which the client goes on."""


@pytest.fixture
def start(sit: Sit, login: tuple[str, ...], array: Array) -> Callable[[str], Typist]:
    def begin(echo: str) -> Typist:
        array.switch("terminal_echo", echo)
        typist = sit(*login, columns=200)
        typist.read_until(PROMPT)
        typist.type("setenv -banner off")
        return typist

    return begin


@pytest.mark.parametrize("echo", ECHOES)
def test_a_client_that_goes_on_answers_the_next_command_as_ever(
    start: Callable[[str], Typist], array: Array, echo: str
) -> None:
    """All of them in one conversation; it begins elsewhere in the table for each echo."""
    array.add_volumes("000A", "000B")
    array.establish("0005:0006", "000A:000B")
    typist = start(echo)
    turn = ECHOES.index(echo) * len(SURVIVED) // len(ECHOES)
    names = [*SURVIVED][turn:] + [*SURVIVED][:turn]
    typist.type(LISTING)
    for name in names:
        case = SURVIVED[name]
        kind = name.partition(",")[0]
        array.add_fault(kind, case.command.split()[0], **case.options)
        shown = typist.type(case.command)
        assert re.search(case.shown, shown), (name, shown)
        struck = array.journal()[-1]
        assert struck.fault.startswith(kind)
        assert struck.acted == case.acted, name
        after = typist.type(LISTING)
        assert after.endswith(f"\n{PROMPT}"), name
        assert after.splitlines()[-2].startswith("0001:0002,"), name
        assert array.journal()[-1].fault == ""
    assert typist.leave() == 0


class End(NamedTuple):
    """A fault that ends the client: its exit code, what the array did, and what is shown."""

    options: dict[str, Any]
    exit: int
    acted: tuple[str, ...]
    shown: str = ""


ENDED: Mapping[str, End] = {
    "die-before": End({}, -9, ()),
    "die-after": End({}, -9, BOTH),
    "die-answering": End({"bytes": 30}, -9, BOTH, FIRST[:30]),
    "lost-answer": End({}, 0, BOTH),
    "connection-lost": End({}, 3, (), "CMUN00018E simulated: "),
    "console-gone": End({"position": "after"}, 3, BOTH, "CMUN00018E Unable to connect"),
    "client-timeout": End({"seconds": 0}, 3, BOTH, "CMUN02098E simulated: "),
    "acts-late": End({"seconds": 3600}, -9, ()),
    "closed-output": End({"seconds": 0}, 0, BOTH, SECOND),
    "left-child": End({"seconds": 0}, 0, BOTH, SECOND),
    "wrong-exit": End({"exit": 6}, 6, BOTH, SECOND),
}


def echo_of(name: str) -> str:
    """Tell who echoes where one fault has one conversation."""
    return ECHOES[sorted(KINDS).index(name) % len(ECHOES)]


@pytest.mark.parametrize("name", ENDED)
def test_a_client_that_ends_leaves_the_terminal(
    start: Callable[[str], Typist], array: Array, name: str
) -> None:
    options, code, acted, shown = ENDED[name]
    typist = start(echo_of(name))
    array.add_fault(name, "resyncflash", **options)
    typist.press(f"{RESYNC}\n")
    seen = typist.read_to_the_end()
    assert shown in seen
    assert PROMPT not in seen
    assert typist.exit_code() == code
    assert array.journal()[-1].acted == acted


@pytest.mark.parametrize(("position", "phase"), [("before", "received"), ("after", "acted")])
def test_a_client_that_hangs_is_ended_by_who_hangs_up(
    start: Callable[[str], Typist],
    array: Array,
    eventually: Eventually,
    position: str,
    phase: str,
) -> None:
    typist = start("client")
    array.add_fault("hang", "resyncflash", position=position)
    typist.press(f"{RESYNC}\n")
    eventually(lambda: [e.phase for e in array.journal() if e.fault] == [phase])
    typist.hang_up()
    assert typist.exit_code() == -signal.SIGHUP
    assert array.journal()[-1].answer is None


def test_a_flood_ends_with_the_terminal(start: Callable[[str], Typist], array: Array) -> None:
    typist = start("kernel")
    array.add_fault("flood", "resyncflash", position="after")
    typist.press(f"{RESYNC}\n")
    for _ in range(3):
        typist.read_until("0001:0002,00,0,300,Enabled,")
    typist.hang_up()
    assert typist.exit_code() == -signal.SIGHUP
    assert array.journal()[-1].acted == BOTH


NO_SESSION: Mapping[str, tuple[dict[str, Any], int, str]] = {
    "unreachable": ({}, 3, "CMUN00018E Unable to connect"),
    "start-fails": ({}, 63, "simulated: the start script"),
    "login-refused": ({}, 5, "CMUC00191E "),
    "locked-out": ({}, 5, "CMUC00191E "),
}


@pytest.mark.parametrize("name", NO_SESSION)
def test_without_a_session_there_is_no_prompt(
    sit: Sit, login: tuple[str, ...], array: Array, name: str
) -> None:
    options, code, shown = NO_SESSION[name]
    array.add_fault(name, **options)
    typist = sit(*login)
    seen = typist.read_to_the_end()
    assert seen.startswith(shown)
    assert PROMPT not in seen
    assert typist.exit_code() == code


def test_a_password_that_expired_shows_in_the_answers(
    start: Callable[[str], Typist], array: Array
) -> None:
    array.add_fault("password-expired")
    array.add_fault("login-hang", seconds=0, nth=2)
    typist = start("kernel")
    assert "CMUC00191E resyncflash: " in typist.type(RESYNC)
    assert typist.leave() == 0
    start("kernel")
    assert all(fault.spent for fault in array.faults())


@pytest.mark.parametrize("echo", ECHOES)
def test_what_comes_late_comes_once_the_next_line_is_there(
    start: Callable[[str], Typist], array: Array, echo: str
) -> None:
    typist = start(echo)
    array.add_fault("early-prompt", "resyncflash")
    assert "CMUC00168I" not in typist.type(RESYNC)
    assert array.journal()[-1].acted == BOTH
    shown = typist.type(LISTING)
    assert shown.index(SECOND) < shown.index("\n0001:0002,")

    array.add_fault("extra-prompt", "resyncflash")
    assert SECOND in typist.type(RESYNC)
    assert "0001:0002," not in typist.type(LISTING)
    assert "0001:0002," in typist.read_until(PROMPT)

    array.add_fault("late-words", "resyncflash", text="anything")
    assert SECOND in typist.type(RESYNC)
    shown = typist.type(LISTING)
    assert shown.index("anything\n") < shown.index("ID,SrcLSS")

    array.add_fault("no-prompt", "resyncflash")
    assert PROMPT not in typist.type(RESYNC, f"{SECOND}\n")
    shown = typist.type(LISTING)
    assert shown.startswith(LISTING * (echo != "off"))
    assert "0001:0002," in shown
    assert typist.leave() == 0


def test_or_it_comes_by_itself_seconds_later(start: Callable[[str], Typist], array: Array) -> None:
    typist = start("kernel")
    array.add_fault("early-prompt", "resyncflash", seconds=0)
    assert "CMUC00168I" not in typist.type(RESYNC)
    assert typist.read_until(f"{SECOND}\n") == f"{FIRST}\n{SECOND}\n"
    array.add_fault("extra-prompt", "lsflash", seconds=0)
    assert "\n0001:0002," in typist.type(LISTING)
    assert typist.read_until(PROMPT) == PROMPT
    array.add_fault("late-words", "resyncflash", seconds=0)
    assert SECOND in typist.type(RESYNC)
    assert typist.read_until("\n").startswith("CMUC09097I simulated: ")


def test_a_prompt_may_come_before_the_array_has_done_anything(
    start: Callable[[str], Typist], array: Array
) -> None:
    typist = start("kernel")
    array.add_fault("early-prompt", "resyncflash", position="before")
    typist.type(RESYNC)
    assert array.journal()[-1].phase == "received"
    assert SECOND in typist.type(LISTING)
    assert array.journal()[-2].acted == BOTH


def test_every_kind_of_fault_is_tried_here() -> None:
    alone = {"hang", "flood", "password-expired", "login-hang"}
    alone |= {"early-prompt", "extra-prompt", "no-prompt", "late-words"}
    tried = alone | {name.partition(",")[0] for name in (*SURVIVED, *ENDED, *NO_SESSION)}
    assert tried == KINDS.keys()
    early = {kind.name for kind in KINDS.values() if {CONNECT, LOGIN} & set(kind.positions)}
    assert early <= {*NO_SESSION, *alone}
