"""What an answer says of each pair, and whether it is a plain no: any doubt is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.adapters.arrays.messages import (
    account,
    asks,
    broken_line_of,
    lines_of,
    logged_in,
    login_refused_in,
    message_in,
    messages_of,
    unfinished,
    whole_lines_of,
)
from flashd.model.run import Account
from flashd.model.volumes import Pair

ONE, TWO = Pair.parse("0001:0002"), Pair.parse("0101:0102")
YES, NO, SILENT = Account.ACCEPTED, Account.REJECTED, Account.SILENT
BANNER = "Date/Time: September 18, 2014 11:04:04 PM CEST IBM DSCLI Version: 7.7.10.317 DS:"
SESSION = f"{BANNER} IBM.2107-75ABC01\n"


def done(pair: Pair | str) -> str:
    return f"CMUC00168I resyncflash: FlashCopy volume pair {pair} successfully resynchronized.\n"


def failed(pair: Pair | str) -> str:
    return f"CMUN03999E resyncflash: {pair}: Copy Services operation failure: made up\n"


GENERAL = "CMUN03999E resyncflash: something went wrong\n"
SYNTAX = "CMMCI9003E resyncflash: made up: no such option\n"
ROLE = "CMUN02999E resyncflash: Unsupported task for this user\n"
LOST = "CMUN00018E Unable to connect to the management console server\n"
LOGIN = "CMUC00191E made up: authentication failure\n"

ANSWERS = {
    # name: exit status, standard output, standard error, accounts of ONE and TWO, refused
    "all done": (0, done(ONE) + done(TWO), "", (YES, YES), False),
    "done, and a failing exit": (4, done(ONE) + done(TWO), "", (YES, YES), False),
    "all rejected": (4, "", failed(ONE) + failed(TWO), (NO, NO), True),
    "all rejected on one stream": (0, failed(ONE) + failed(TWO), "", (NO, NO), True),
    "some rejected": (4, done(ONE), failed(TWO), (YES, NO), False),
    "rejected, and silence": (4, "", failed(ONE), (NO, SILENT), False),
    "rejected and silence, syntax": (2, "", failed(ONE), (NO, SILENT), False),
    "done, and silence": (0, done(ONE), "", (YES, SILENT), False),
    "said of both kinds": (4, done(ONE) + failed(ONE), "", (NO, SILENT), False),
    "silence": (0, "", "", (SILENT, SILENT), False),
    "silence and a failing exit": (4, "", "", (SILENT, SILENT), False),
    "silence and exit 2": (2, "", "", (SILENT, SILENT), False),
    "silence and exit 5": (5, "", "", (SILENT, SILENT), False),
    "a failing server": (4, "", GENERAL, (SILENT, SILENT), False),
    "a failing application": (6, "", GENERAL, (SILENT, SILENT), False),
    "a failing Java": (1, "", "Exception in thread main\n", (SILENT, SILENT), False),
    "bad syntax": (2, "", SYNTAX, (SILENT, SILENT), True),
    "bad syntax, exit 0": (0, "", SYNTAX, (SILENT, SILENT), True),
    "exit 2 and any message": (2, "", GENERAL, (SILENT, SILENT), True),
    "syntax and more": (0, "", SYNTAX + GENERAL, (SILENT, SILENT), False),
    "not permitted": (0, "", ROLE, (SILENT, SILENT), True),
    "connection lost": (3, "", LOST, (SILENT, SILENT), False),
    "connection lost, exit 0": (0, "", LOST, (SILENT, SILENT), False),
    "connection lost with syntax": (0, "", LOST + SYNTAX, (SILENT, SILENT), False),
    "syntax, exit 3": (3, "", SYNTAX, (SILENT, SILENT), False),
    "lost while rejecting": (3, "", failed(ONE) + failed(TWO), (SILENT, SILENT), False),
    "rejected, then lost": (4, "", failed(ONE) + failed(TWO) + LOST, (SILENT, SILENT), False),
    "lost after one was done": (3, done(ONE), LOST, (YES, SILENT), False),
    "login refused": (5, "", LOGIN, (SILENT, SILENT), True),
    "login refused, exit 0": (0, "", LOGIN, (SILENT, SILENT), True),
    "login refused in a session": (5, SESSION, LOGIN, (SILENT, SILENT), False),
    "login refused at the prompt": (5, "dscli> ", LOGIN, (SILENT, SILENT), False),
    "login refused at the other's prompt": (5, "", f"dscli> {LOGIN}", (SILENT, SILENT), False),
    "killed after all": (None, done(ONE) + done(TWO), "", (YES, YES), False),
    "killed after rejection": (None, "", failed(ONE) + failed(TWO), (NO, NO), False),
    "killed at syntax": (None, "", SYNTAX, (SILENT, SILENT), False),
    "died after rejection": (-9, "", failed(ONE) + failed(TWO), (NO, NO), False),
    "died at syntax": (-11, "", SYNTAX, (SILENT, SILENT), False),
    "a question": (2, "CMUC00144W rmflash: remove 0001:0002:? [y/n]:", "", (SILENT,) * 2, False),
    "a warning": (0, "CMUC00999W resyncflash: 0001:0002: slow\n", "", (SILENT, SILENT), False),
    "other pairs": (0, done("0001:0003") + done("0002:0001"), "", (SILENT, SILENT), False),
    "prompts": (0, f"dscli> {done(ONE)}dscli> {done(TWO)}dscli> ", "", (YES, YES), False),
    "banners": (0, f"{SESSION}dscli> {SESSION}{done(ONE)}", "", (YES, SILENT), False),
    "short ids": (0, done("1:2") + done("101:102"), "", (YES, YES), False),
    "full ids": (0, done("IBM.2107-75A01/0001:IBM.2107-75A01/0002"), "", (YES, SILENT), False),
    "ids of two arrays": (0, done("IBM.2107-75A01/0001:IBM.2107-75B01/0002"), "", (SILENT,) * 2, 0),
    "two pairs in a message": (0, done("0001:0002 0101:0102"), "", (YES, YES), False),
    "carriage returns": (0, f"{done(ONE)[:-1]}\r\n{done(TWO)[:-1]}\r\n", "", (YES, YES), False),
    "German": (0, "CMUC00168I FlashCopy-Paar 0001:0002 wurde erneuert.\n", "", (YES, SILENT), 0),
    "cut in an id": (0, done(ONE) + done(TWO)[:51], "", (YES, SILENT), False),
    "cut before the end": (0, done(ONE) + done(TWO)[:-1], "", (YES, SILENT), False),
    "cut before the prompt": (0, f"{done(ONE)}{done(TWO)[:-1]}dscli> ", "", (YES, SILENT), False),
    "rejection cut": (4, "", (failed(ONE) + failed(TWO))[:-1], (NO, SILENT), False),
    "syntax cut": (2, "", SYNTAX[:-1], (SILENT, SILENT), False),
    "a time of day": (4, "", "CMUN03999E at 01:01:02 and 1:2:03\n", (SILENT, SILENT), False),
    "an address": (4, "", "CMUN03999E 10.1.1.1:2 and 9.0.0.101:102\n", (SILENT, SILENT), False),
}


def test_what_follows_a_word_for_a_password_is_judged_but_never_told() -> None:
    said = f"CMUN03999E resyncflash: password={ONE} is a secret\n"
    answer = account("", said, 4, [ONE])
    assert answer.accounts == {ONE: NO}
    assert str(ONE) not in answer.reason + answer.output
    assert "password=******** is a secret" in answer.reason


@pytest.mark.parametrize("name", ANSWERS)
def test_accounts_for_each_pair(name: str) -> None:
    status, stdout, stderr, (one, two), refused = ANSWERS[name]
    answer = account(stdout, stderr, status, [ONE, TWO])
    assert dict(answer.accounts) == {ONE: one, TWO: two}
    assert answer.refused is bool(refused)
    assert answer.exit_status == status


def test_a_cut_id_is_not_taken_for_another_pair() -> None:
    other = Pair.parse("0101:0001")
    cut = failed("0101:0102").partition("02:")[0]
    assert cut.endswith("0101:01")
    answer = account("", cut, 4, [other])
    assert answer.accounts[other] is SILENT
    assert not answer.refused


def test_the_reason_is_what_was_said() -> None:
    assert account("", failed(ONE), 4, [ONE]).reason == failed(ONE).strip()
    assert account("", failed(ONE), None, [ONE], "too late").reason == "too late"
    assert account(done(ONE), "", 0, [ONE]).reason == ""
    silent = "dscli ended with exit code 0 and said nothing of 0101:0102"
    assert account(done(ONE), "", 0, [ONE, TWO]).reason == silent
    assert account("", "", None, [ONE]).reason == "dscli was killed and said nothing of 0001:0002"


def test_the_output_is_that_of_both_streams() -> None:
    assert account("out\n", "", 0, [ONE]).output == "out\n"
    assert account("out\n", " \n", 0, [ONE]).output == "out\n"
    assert account("out\n", "err\n", 0, [ONE]).output == "out\nerr\n"
    assert account("", "err\n", 0, [ONE]).output == "err\n"


MESSAGES = {
    "CMUC00168I resyncflash: done": ("CMUC00168I", "I", "resyncflash: done"),
    "CMUN00018E Unable to connect": ("CMUN00018E", "E", "Unable to connect"),
    "CMMCI9003E no such option": ("CMMCI9003E", "E", "no such option"),
    "CMUC00144W: sure?": ("CMUC00144W", "W", "sure?"),
    "Enter your password: CMUC00191E no": ("CMUC00191E", "E", "no"),
}


@pytest.mark.parametrize("line", MESSAGES)
def test_a_message_is_an_id_a_class_and_a_text(line: str) -> None:
    (message,) = messages_of([line])
    assert (message.id, message.kind, message.text) == MESSAGES[line]
    assert (message_in(line) is None) == line.startswith("Enter")


@pytest.mark.parametrize(
    "line", ["", "CMUC00168X what", "CMUC168I short", "CMUC00168II", "resyncflash done", "CMMCI1E"]
)
def test_what_has_not_the_shape_is_no_message(line: str) -> None:
    assert messages_of([line]) == []


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (SESSION, True),
        (f"{BANNER}\nIBM.2107-75ABC01\n", True),
        (f"some words\n{SESSION}", True),
        ("dscli> ", True),
        ("dscli>", True),
        (f"{BANNER}\n", False),
        (f"{BANNER} -\n", False),
        (f"{BANNER} -\nCMUN00018E\n", False),
        ("Date/Time: ", False),
        ("", False),
        ("Enter your username:", False),
    ],
)
def test_a_prompt_or_the_array_in_a_banner_shows_a_login(output: str, shown: bool) -> None:  # noqa: FBT001 - a table's column
    assert logged_in(output) is shown


def test_knows_a_question() -> None:
    assert asks("x\nEnter your username: ") == "Enter your username"
    assert asks("Enter the primary management console IP address: ").startswith("Enter the primary")
    assert asks(SESSION) == ""


@pytest.mark.parametrize(
    ("output", "rest"),
    [
        ("", ""),
        ("line\n", ""),
        ("line\ndscli> ", ""),
        (BANNER, ""),
        ("line\nAccept the certificate? [y/n]:", "Accept the certificate? [y/n]:"),
    ],
)
def test_tells_what_is_not_finished(output: str, rest: str) -> None:
    assert unfinished(output) == rest


@pytest.mark.parametrize(
    ("output", "broken"),
    [
        ("", ""),
        ("a\n", ""),
        ("a\ndscli> ", ""),
        ("a\nb", "b"),
        ("adscli> \n", "a"),
        ("a\nbdscli> c\nd", "b"),
        ("dscli> a\n", ""),
    ],
)
def test_tells_a_line_that_does_not_end(output: str, broken: str) -> None:
    assert broken_line_of(output) == broken
    assert (lines_of(output) == whole_lines_of(output)) is (not broken)


@pytest.mark.parametrize(
    ("said", "refused"), [((LOGIN, 0), True), (("", 5), True), ((GENERAL, 4), False)]
)
def test_knows_a_refused_login_in_an_answer(said: tuple[str, int], refused: bool) -> None:  # noqa: FBT001 - a table's column
    assert login_refused_in(account("", said[0], said[1], [ONE])) is refused


SAYINGS = st.sampled_from(
    [done(ONE), done(TWO), failed(ONE), failed(TWO), GENERAL, SYNTAX, LOST, LOGIN, "dscli> ", "\n"]
)
STATUS = st.sampled_from([None, -9, 0, 1, 2, 3, 4, 5, 6, 63, 137])
OUTPUT = st.lists(st.one_of(SAYINGS, st.text(max_size=6))).map("".join)


@given(OUTPUT, OUTPUT, STATUS)
def test_a_plain_no_never_stands_beside_a_doubt(out: str, err: str, status: int | None) -> None:
    answer = account(out, err, status, [ONE, TWO])
    assert set(answer.accounts) == {ONE, TWO}
    if answer.refused:
        assert YES not in answer.accounts.values()
        assert set(answer.accounts.values()) in ({NO}, {SILENT})
        assert status is not None
        assert status >= 0
        assert status != 3
        assert "E " in answer.output


@given(st.integers(min_value=0), OUTPUT)
def test_a_cut_answer_says_no_more_than_the_whole_one(length: int, out: str) -> None:
    whole = account(f"{out}\n", "", 0, [ONE, TWO])
    cut = account(f"{out}\n"[:length], "", 0, [ONE, TWO])
    for pair in (ONE, TWO):
        if cut.accounts[pair] is YES:
            assert whole.accounts[pair] is not SILENT or "CMUN00018E" in out
