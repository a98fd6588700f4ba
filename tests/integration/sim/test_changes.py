"""What changing commands say and do."""

from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

RESYNC = ("resyncflash", "-dev", "IBM.2107-75ABC01", "-persist", "-record", "-cp")
FAILED = "Copy Services operation failure: simulated:"


def test_a_resync_makes_the_targets_what_the_sources_are_now(dscli: Dscli, array: Array) -> None:
    array.write("0001")
    array.write("0002")
    before = array.now()
    done = dscli(*RESYNC, "0001:0002", "0101:0102")
    assert done.stdout.splitlines()[1:] == [
        "CMUC00168I resyncflash: FlashCopy volume pair 0001:0002 successfully resynchronized.",
        "CMUC00168I resyncflash: FlashCopy volume pair 0101:0102 successfully resynchronized.",
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert (array.content("0002"), array.content("0004")) == ("0001@1", "0003@0")
    one, other = array.relation("0001:0002"), array.relation("0101:0102")
    assert one.synced_at == other.synced_at
    assert before <= (one.synced_at or 0) <= array.now()
    assert (one.recording, one.persistent) == (True, True)
    (entry,) = array.journal("resyncflash")
    assert (entry.phase, entry.exit) == ("acted", 0)
    assert entry.acted == ("0001:0002", "0101:0102")
    assert entry.answer == done.stdout


def test_what_a_resync_does_not_repeat_is_lost(dscli: Dscli, array: Array) -> None:
    dscli("resyncflash", "-persist", "0001:0002")
    assert not array.relation("0001:0002").recording
    assert FAILED in dscli(*RESYNC, "0001:0002").stderr
    dscli("resyncflash", "0101:0102")
    assert [str(r.pair) for r in array.relations()] == ["0001:0002", "0003:0004"]


def test_each_pair_is_answered_in_the_order_given(dscli: Dscli, array: Array) -> None:
    array.switch("errors_to", "stdout")
    done = dscli(*RESYNC, "0003:0004", "0005:0006", "0001:0002")
    said = done.stdout.splitlines()[1:]
    assert [line[:10] for line in said] == ["CMUC00168I", "CMUN03099E", "CMUC00168I"]
    assert said[1].startswith(f"CMUN03099E resyncflash: 0005:0006: {FAILED} ")
    (entry,) = array.journal()
    assert (entry.acted, entry.refused) == (("0003:0004", "0001:0002"), ("0005:0006",))
    assert entry.phase == "acted"


@pytest.mark.parametrize(
    ("switch", "pairs", "code"),
    [
        ("4", ["0001:0002", "0005:0006"], 4),
        ("0", ["0001:0002", "0005:0006"], 0),
        ("6", ["0005:0006", "0001:0002"], 6),
        ("0", ["0005:0006"], 4),
        ("6", ["0001:0002"], 0),
    ],
)
def test_the_exit_code_of_a_part_is_a_switch(
    dscli: Dscli, array: Array, switch: str, pairs: list[str], code: int
) -> None:
    array.switch("partial_exit", switch)
    assert dscli(*RESYNC, *pairs).returncode == code


def test_a_bad_id_stops_the_whole_command(dscli: Dscli, array: Array) -> None:
    done = dscli(*RESYNC, "0001:0002", "0003")
    assert done.returncode == 2
    assert array.journal()[0].phase == "refused"
    assert array.relation("0001:0002").synced_at == 1_411_074_244.0


def test_mkflash_establishes_and_refuses_what_exists(dscli: Dscli, array: Array) -> None:
    done = dscli("mkflash", "-record", "-nocp", "-tgtinhibit", "-seqnum", "10", "5:6", "0001:0002")
    assert "CMUC00137I mkflash: FlashCopy pair 0005:0006 successfully created." in done.stdout
    assert f"mkflash: 0001:0002: {FAILED}" in done.stderr
    made = array.relation("0005:0006")
    assert (made.recording, made.persistent, made.background_copy) == (True, True, False)
    assert (made.target_writable, made.sequence) == (False, "10")
    assert array.content("0006") == "0005@0"


def test_a_space_efficient_target_needs_permission(dscli: Dscli, array: Array) -> None:
    make = ("mkflash", "-persist", "-record")
    assert "space efficient" in dscli(*make, "0005:0009").stderr
    assert dscli(*make, "-tgtse", "0005:0009", "0006:0007").returncode == 0
    assert "space efficient" in dscli(*RESYNC, "0005:0009").stderr
    assert dscli(*RESYNC, "-tgtse", "0005:0009").returncode == 0
    array.switch("ese_without_tgtse", "accept")
    assert dscli(*RESYNC, "0005:0009").returncode == 0


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("CMUC00140I", "CMUC00140I rmflash: FlashCopy pair 0001:0002 successfully removed."),
        (
            "CMUN81131I",
            (
                "CMUN81131I rmflash: 0001:0002: The Withdraw command was accepted"
                " and the FLC relationship has been removed."
            ),
        ),
    ],
)
def test_rmflash_quietly_withdraws(dscli: Dscli, array: Array, form: str, said: str) -> None:
    array.switch("withdraw_message", form)
    assert dscli("rmflash", "-quiet", "1:2").stdout.splitlines()[1:] == [said]
    assert [str(r.pair) for r in array.relations()] == ["0003:0004", "0101:0102"]
    assert array.content("0002") == "0001@0"
    assert FAILED in dscli("rmflash", "-quiet", "1:2").stderr


@pytest.mark.parametrize(
    ("reply", "code", "left"), [("y\n", 0, 2), ("n\n", 0, 3), ("", 2, 3), ("Yes\n", 0, 2)]
)
def test_rmflash_asks_first(dscli: Dscli, array: Array, reply: str, code: int, left: int) -> None:
    done = dscli("rmflash", "1:2", stdin=reply)
    question = "CMUC00144W rmflash: Are you sure you want to remove the FlashCopy pair 1:2:? [y/n]:"
    assert done.stdout.startswith(question)
    assert (done.returncode, len(array.relations())) == (code, left)


def test_in_a_stream_the_next_line_is_the_reply(stream: Dscli, array: Array) -> None:
    stream("rmflash 0001:0002 0003:0004", "n", "y", "lsflash 0001")
    assert [str(r.pair) for r in array.relations()] == ["0001:0002", "0101:0102"]
    assert [e.command.split()[0] for e in array.journal()] == ["setenv", "rmflash", "lsflash"]


def test_a_running_copy_counts_down_and_holds_a_resync_off(dscli: Dscli, array: Array) -> None:
    array.switch("copy_rate", "0")
    array.write("0001")
    assert dscli(*RESYNC, "0001:0002").returncode == 0
    assert array.out_of_sync_tracks("0001:0002") == 16
    assert "still running" in dscli(*RESYNC, "0001:0002").stderr
    array.switch("resync_while_copying", "accept")
    assert dscli(*RESYNC, "0001:0002").returncode == 0
    array.switch("resync_while_copying", "refuse")
    array.switch("copy_rate", "unlimited")
    assert dscli(*RESYNC, "0001:0002").returncode == 0


def test_a_command_and_a_login_cost_what_the_switches_say(dscli: Dscli, array: Array) -> None:
    array.switch("login_seconds", "0.2")
    array.switch("command_seconds", "0.3")
    dscli("lsflash", "0001")
    (login,), (entry,) = array.logins(), array.journal()
    assert entry.answered_at is not None
    assert entry.answered_at - entry.at >= 0.3
    assert entry.at >= login.at
