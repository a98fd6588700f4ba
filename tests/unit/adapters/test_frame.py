"""An answer is believed whole, once, and to its own question, or not at all."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.adapters.remote.frame import Frame, Identity, Torn, question, read
from tests.integration.remote.there import PROBE

NONCE = "0123456789abcdef0123456789abcdef"


def answer(body: str = "ActiveState=inactive", end: str = "rc=0", nonce: str = NONCE) -> bytes:
    return (
        f"FLASHD-BEGIN {nonce} 1\nFLASHD-HOST Linux tst1 -\n{body}\nFLASHD-END {nonce} {end}\n"
    ).encode()


def test_a_whole_answer() -> None:
    host = Identity("Linux", "tst1", None)
    assert read(answer(), NONCE) == Frame(host, 0, b"ActiveState=inactive")
    assert read(answer(end="refused"), NONCE).status is None
    assert read(answer(body=""), NONCE).body == b""


STATUSES = {"rc=1": 1, "rc=128": 128, "rc=137": -9, "rc=192": -64, "rc=193": 193, "rc=255": 255,
            "rc=265": -9}  # fmt: skip


@pytest.mark.parametrize(("end", "status"), STATUSES.items())
def test_a_shell_tells_a_signal_by_a_status(end: str, status: int) -> None:
    assert read(answer(end=end), NONCE).status == status


@given(st.integers(0, len(answer()) - 1))
def test_half_of_it_is_none(length: int) -> None:
    with pytest.raises(Torn):
        read(answer()[:length], NONCE)


@given(st.integers(1, len(answer())))
def test_the_rest_of_it_is_none(start: int) -> None:
    with pytest.raises(Torn):
        read(answer()[start:], NONCE)


@given(st.binary(min_size=1, max_size=20), st.booleans())
def test_it_must_be_alone(more: bytes, before: bool) -> None:  # noqa: FBT001 - a value of the example
    with pytest.raises(Torn):
        read(more + answer() if before else answer() + more, NONCE)


def test_two_of_them_are_none() -> None:
    for other in (answer(), answer(nonce="f" * 32), answer(end="rc=1")):
        with pytest.raises(Torn):
            read(answer() + other, NONCE)
        with pytest.raises(Torn):
            read(answer(body="a\n" + other.decode() + "b"), NONCE)


@given(st.text("0123456789abcdef", min_size=32, max_size=32).filter(lambda n: n != NONCE))
def test_it_must_be_the_answer_to_this_question(nonce: str) -> None:
    with pytest.raises(Torn, match="another question"):
        read(answer(nonce=nonce), NONCE)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_no_shell_finds_anything_in_a_question(words: list[str]) -> None:
    asked = question(NONCE, 9, ["command", *words])
    assert set(asked) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _.,:/@=+%-"
    )


def test_a_null_character_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="null character"):
        question(NONCE, 9, ["command", "a\0b"])


def probe(asked: str) -> bytes:
    return subprocess.run(
        ["sh", str(PROBE)],  # noqa: S607 - any sh will do
        env={"SSH_ORIGINAL_COMMAND": asked, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
def test_whatever_is_asked_is_answered_by_a_refusal(asked: str) -> None:
    frame = read(probe(asked), NONCE)
    assert frame.status is None
    assert frame.body.strip()


REFUSED = {
    "nothing": "",
    "a shell": "sh -c id",
    "another version": f"flashd-probe 2 {NONCE} 9 identity",
    "no nonce": "flashd-probe 1 - 9 identity",
    "a short nonce": "flashd-probe 1 abc 9 identity",
    "no limit": f"flashd-probe 1 {NONCE} 0 identity",
    "a long limit": f"flashd-probe 1 {NONCE} 100 identity",
    "no verb": f"flashd-probe 1 {NONCE} 9",
    "a verb of tomorrow": f"flashd-probe 1 {NONCE} 9 reboot",
    "too many arguments": f"flashd-probe 1 {NONCE} 9 identity +a",
    "an argument without its sign": f"flashd-probe 1 {NONCE} 9 command /bin/true",
    "a null character": f"flashd-probe 1 {NONCE} 9 command +/bin/true%000",
    "no octal number": f"flashd-probe 1 {NONCE} 9 command +/bin/true%9",
    "properties that are none": f"flashd-probe 1 {NONCE} 9 systemd +-M%040x +db.service",
    "a version of OpenSVC": f"flashd-probe 1 {NONCE} 9 opensvc +2.0 +svc",
    "a service that is an option": f"flashd-probe 1 {NONCE} 9 opensvc +3 +--help",
    "a path that is none": f"flashd-probe 1 {NONCE} 9 command +true",
    "a substitution": f"flashd-probe 1 {NONCE} 9 command +$(id)",
    "a new line": f"flashd-probe 1 {NONCE} 9 identity\nid",
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED.keys())
def test_the_probe_refuses_what_it_does_not_know(asked: str) -> None:
    assert read(probe(asked), NONCE).status is None


def test_an_unknown_option_of_the_forced_command_is_refused() -> None:
    done = subprocess.run(
        ["sh", str(PROBE), "-x"],  # noqa: S607 - any sh will do
        env={"SSH_ORIGINAL_COMMAND": f"flashd-probe 1 {NONCE} 9 identity"},
        capture_output=True,
        check=True,
    )
    assert read(done.stdout, NONCE).status is None
