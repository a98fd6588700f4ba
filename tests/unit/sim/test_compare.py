"""What is sent to a real dscli, and what of its answers is seen and shown."""

import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flashd.sim import messages
from flashd.sim.commands import (
    COMMANDS,
    lsextpool,
    lsfbvol,
    lsflash,
    lshostconnect,
    lspprc,
    lssi,
    lsvolgrp,
    showfbvol,
)
from flashd.sim.compare import login, masks, shape
from flashd.sim.compare.client import LATE, Client, Said
from flashd.sim.compare.differences import added_columns, compare
from flashd.sim.compare.probes import (
    FLASHD,
    PROBES,
    QUOTED,
    READ_ONLY,
    SINGLE,
    STREAM,
    Probe,
    Request,
    chosen,
    cleared,
    request,
)
from flashd.sim.compare.survey import StoppedError, take
from flashd.sim.errors import SimError
from flashd.sim.roles import Task

READS = re.compile(r"ls[a-z]+|show[a-z]+|ver|setenv|setoutput|quit")
FACTS = {"device": "IBM.2107-75ABC01", "pair": "0001:0002", "volume": "0001"}
BANNER = "Date/Time: September 18, 2014 11:04:04 PM CEST IBM DSCLI Version: 7.7.10.317 DS: {}\n"
TABLE = "Name,ID\n=======\nprod,IBM.2107-75XXXXX\n"


def said(out: str = "", err: str = "", status: int = 0) -> Said:
    return Said(stdout=out, stderr=err, status=status)


def test_every_verb_that_may_be_sent_reads() -> None:
    assert all(READS.fullmatch(verb) for verb in READ_ONLY)
    changing = {
        name
        for name, command in COMMANDS.items()
        if command.needs is not Task.LOOK and not name.startswith(("ls", "show"))
    }
    assert {"mkflash", "resyncflash", "rmflash", "chuser", "rmuser"} <= changing
    assert not changing & READ_ONLY


def test_every_line_of_every_probe_passes_the_gate() -> None:
    for probe in PROBES:
        lines = probe.filled(FACTS)
        assert lines is not None
        asked = request(probe, lines)
        verbs = {line.split()[0] for line in lines} - {"#"}
        assert verbs <= READ_ONLY
        assert asked.words or asked.stdin


@pytest.mark.parametrize(
    "line",
    [
        "mkflash 0001:0002",
        "rmflash -quiet 0001:0002",
        "lsflash 0001:0002\nrmflash -quiet 0001:0002",
        "lsflash;rmflash 0001:0002",
        " lssi",
        "",
        "lsflash $(reboot)",
        "chuser -pw x y",
        "# a comment\nmkflash 0001:0002",
    ],
)
def test_no_other_line_is_sent(line: str) -> None:
    with pytest.raises(SimError, match="read-only"):
        cleared(line)
    for mode in (SINGLE, QUOTED, STREAM):
        with pytest.raises(SimError, match="read-only"):
            request(Probe("x", mode, (line,), ""), (line,))


@given(device=st.text(), pair=st.text(), volume=st.text())
def test_whatever_an_array_calls_itself_no_changing_verb_is_sent(
    device: str, pair: str, volume: str
) -> None:
    for probe in PROBES:
        try:
            lines = probe.filled({"device": device, "pair": pair, "volume": volume})
        except SimError:
            continue
        assert lines is not None
        asked = request(probe, lines)
        begun = [*asked.stdin.splitlines(), *([" ".join(asked.words)] if not asked.stdin else [])]
        assert {line.split()[0] for line in begun} - {"#"} <= READ_ONLY


def test_a_probe_whose_blanks_cannot_be_filled_is_left_out() -> None:
    assert Probe("x", SINGLE, ("lsflash {pair}",), "").filled({}) is None


def test_the_login_is_tried_first_whatever_is_chosen() -> None:
    assert [probe.name for probe in chosen(("script", "version"))] == [
        "images",
        "version",
        "script",
    ]
    assert [probe.name for probe in chosen(("xml",))] == ["images", "relations", "xml"]
    assert chosen(("version",))[0].mode == SINGLE  # lines of a stream could answer a question
    with pytest.raises(SimError, match="no probe 'nonsense'"):
        chosen(("nonsense",))


def test_the_forms_in_which_a_command_is_given() -> None:
    line = "lsflash -dev X 0000-FFFF"
    assert request(Probe("x", SINGLE, (line,), ""), (line,)).words == tuple(line.split())
    assert request(Probe("x", QUOTED, (line,), ""), (line,)).words == (line,)
    asked = request(Probe("x", STREAM, (FLASHD, line), ""), (FLASHD, line))
    assert (asked.words, asked.stdin) == ((), f"{FLASHD}\n{line}\n")


SHAPES = {
    "exit": (said(status=4), "end", "exit 4"),
    "a signal": (said(status=-9), "end", "killed by signal 9"),
    "errors apart": (said("x\n", "CMUN02498E lssi: bad\n"), "streams",
                     "a listing on stdout, class E on stderr"),
    "a banner": (said(BANNER.format("IBM.2107-75XXXXX")), "banner",
                 "1 x Month d, yyyy h:mm:ss AM CEST N.N.N.N DS: <image>"),
    "two banners": (said(BANNER.format("-") * 2), "banner",
                    "2 x Month d, yyyy h:mm:ss AM CEST N.N.N.N DS: -"),
    "a banner on two lines": (said(BANNER.format("\nIBM.2107-75XXXXX")), "banner",
                              ("1 x Month d, yyyy h:mm:ss AM CEST N.N.N.N DS: <image>"
                              " on a line of its own")),
    "no banner": (said(TABLE), "banner", "none"),
    "an iso date": (said("Date/Time: 2014-09-18T23:04:04+0200 IBM DSCLI Version: 7.7 DS: -\n"),
                    "banner", "1 x yyyy-mm-ddThh:mm:ss+0000 N.N DS: -"),
    "columns": (said(TABLE), "columns", "Name,ID"),
    "a prompt": (said("dscli> " + TABLE + "dscli> "), "prompt",
                 "on stdout before a listing, before end"),
    "two prompts": (said("dscli> dscli> " + TABLE), "prompt", "on stdout twice before a listing"),
    "a rule": (said(TABLE), "rule", "as wide as the header"),
    "a short rule": (said("Name,ID\n===\n"), "rule", "of another width"),
    "no rule": (said("Name,ID\nprod,1\n"), "answers", "data"),
    "a table": (said(TABLE), "answers", "header rule data"),
    "a comma": (said(TABLE), "delimiter", "a comma"),
    "a bar": (said(TABLE.replace(",", "|")), "delimiter", "a bar"),
    "blanks": (said(TABLE.replace(",", " ")), "delimiter", "blanks"),
    "a java date": (said("ID,DateSynced\n=============\n0001:0002,Thu Sep 18 23:04:04 CEST 2014\n"),
                    "dates", "Www Mmm dd hh:mm:ss CEST yyyy"),
    "no date": (said("ID,DateSynced\n=============\n0001:0002,-\n"), "dates", ""),
    "ids": (said("ID,x\n====\n0001:0002,-\n"), "ids", "<volume>:<volume>"),
    "full ids": (said("ID,x\n====\nIBM.2107-75XXXXX/0001,-\n"), "ids", "<image>/<volume>"),
    "a blank after the banner": (said(BANNER.format("-") + "\n" + TABLE), "blank lines",
                                 "one after banner"),
    "blanks at the end": (said(TABLE + "\n\n"), "blank lines", "2 after data"),
    "a line without end": (said(TABLE[:-1]), "blank lines", "last line without an end"),
    "no blanks": (said(TABLE), "blank lines", "none"),
    "crlf": (said(TABLE.replace("\n", "\r\n")), "line ends", "CR LF"),
    "mixed ends": (said(TABLE + "x\r\n"), "line ends", "CR LF and LF"),
    "message ids": (said("CMUC00234I lsflash: x\n", "CMUN02498E y\n"), "message ids",
                    "CMUC00234I, CMUN02498E"),
    "texts": (said("CMUN02498E lsflash: The volume secret7 is invalid.\n"), "message texts",
              "CMUN02498E lsflash: The volume … is invalid."),
    "names": (said("Name secret\nID   0001\ncap (blocks) 7\n"), "names", "Name, ID, cap (blocks)"),
    "xml": (said('<A>\n<PROPERTY NAME="ID"><VALUE>1</VALUE>\n'), "names", "ID"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "aspect", "told"), SHAPES.values(), ids=SHAPES.keys())
def test_a_shape_is_told(answer: Said, aspect: str, told: str) -> None:
    assert shape.of(answer)[aspect] == told


NAMES_LIKE_MESSAGES = {
    "a letter that is no class": "CMDB0001A",
    "letters of no dscli": "CMDB0001E",
    "a group": "CMXX12345B secretgroup",
    "a colon": "CMUN00018E:secretgroup",
    "a tab": "CMUN00018E\tsecretgroup",
    "a message's id": "CMUN00018E secretgroup",
    "an id alone": "CMUC00234I",
    "more after the id": "CMUN00018Esecretgroup",
}
HEADERS = {
    "commas": ("Name,ID,volgrp", ","),
    "bars": ("Name|ID|volgrp", "|"),
    "colons": ("Name:ID:volgrp", ":"),
    "blanks": ("Name ID volgrp", " "),
}


@pytest.mark.parametrize("rule", ["==============\n", ""], ids=["a rule", "no rule"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
@pytest.mark.parametrize("name", NAMES_LIKE_MESSAGES.values(), ids=NAMES_LIKE_MESSAGES.keys())
def test_a_name_like_a_message_is_none(name: str, header: tuple[str, str], rule: str) -> None:
    names, mark = header
    row = mark.join((name, "0001", "V7"))
    told = shape.of(said(f"{names}\n{rule}{mark.join(('prod', '0000', '-'))}\n{row}\n{row}\n"))
    assert told["message ids"] == told["message texts"] == ""
    assert told["streams"] == "a listing on stdout"
    assert not [v for v in told.values() if "secretgroup" in v or name.split(maxsplit=1)[0] in v]


@pytest.mark.parametrize("text", ["CMDB0001A kremlin", "CMUN00018E:kremlin", "CMUN00018E\tkremlin"])
def test_what_only_begins_like_a_message_is_not_shown_anywhere(text: str) -> None:
    shown = " ".join(shape.of(said(f"{text}\n", f"{text}\n")).values())
    assert "CM" not in shown
    assert "kremlin" not in shown


def test_a_message_under_a_table_is_still_one() -> None:
    message = "CMMCI9099E lsnothing: simulated: unknown command\n"
    for table in (TABLE, TABLE.replace(",", " "), TABLE.replace(",", "|")):
        assert shape.of(said(table + message))["message ids"] == "CMMCI9099E"
    glued = said(f"dscli> {TABLE}dscli> CMUC00234I lsflash: a, b\n")
    assert shape.of(glued)["message ids"] == "CMUC00234I"


def test_a_date_shows_no_more_than_its_form() -> None:
    odd = "ID,DateSynced\n====\n0001:0002,2014-09-18T23:04:04kremlin\n"
    assert shape.of(said(odd))["dates"] == "another form"


def test_unknown_columns_are_shown_in_the_company_of_known_ones_only() -> None:
    assert masks.columns(("ID", "State", "NewColumn")) == ["ID", "State", "NewColumn"]
    assert masks.columns(("kremlin", "lubyanka", "ID")) == [masks.HIDDEN, masks.HIDDEN, "ID"]
    assert masks.columns(("ID", "State", "db17.example")) == ["ID", "State", masks.HIDDEN]


def test_the_simulators_own_messages_are_shown_as_they_are() -> None:
    for text in (messages.NO_FLASH_COPY, messages.UNREACHABLE, messages.NO_VOLUME):
        assert masks.text(text.partition(" ")[2], READ_ONLY) == text.partition(" ")[2]
    assert masks.text(messages.syntax("lsnothing", "unknown command"), READ_ONLY).endswith(
        "lsnothing: simulated: unknown command"
    )


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"))))
@example([" "])
def test_no_answer_is_beyond_reading(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert set(shape.of(said(text, text))) >= {"end", "streams", "answers", "banner"}


def probe(name: str) -> Probe:
    return next(probe for probe in PROBES if probe.name == name)


def test_where_one_array_has_none_only_what_does_not_hang_on_it_is_compared() -> None:
    none = said("CMUC00234I lsflash: No Flash Copy found.\n")
    found = compare([probe("words")], {"words": none}, {"words": said(TABLE, status=4)})
    assert found.incomparable == ("words",)
    assert [one.aspect for one in found.differences] == ["end"]


def test_values_make_no_difference() -> None:
    ours = said(BANNER.format("IBM.2107-75XXXXX") + TABLE)
    theirs = said(ours.stdout.replace("prod", "other").replace("75XXXXX", "75YYYYY"))
    assert compare([probe("words")], {"words": theirs}, {"words": ours}).differences == ()


def test_the_added_columns_of_a_listing_are_named_as_the_switch_takes_them() -> None:
    ours = said("ID,State\n========\n0001:0002,Valid\n")
    theirs = said("ID,State,A,B\n============\n0001:0002,Valid,-,-\n")
    found = compare([probe("relations")], {"relations": theirs}, {"relations": ours})
    assert added_columns(found.differences) == "A,B"
    assert added_columns(()) == ""


@pytest.mark.parametrize(
    ("name", "aspect", "behaviour"),
    [("error-first", "end", "stream-exit"), ("words", "end", "exit-codes")],
)
def test_an_exit_code_is_judged_by_the_mode(name: str, aspect: str, behaviour: str) -> None:
    found = compare([probe(name)], {name: said(status=2)}, {name: said()})
    assert [(one.aspect, one.behaviour) for one in found.differences] == [(aspect, behaviour)]


def test_the_names_that_the_simulator_says_may_be_shown() -> None:
    listings = (lsextpool, lsfbvol, lshostconnect, lspprc, lsvolgrp)
    names = {name for module in listings for name in module.LISTING.cells}
    names |= {*lssi.COLUMNS, *showfbvol.COLUMNS, *lsflash.SHORT, *lsflash.LONG}
    assert [name for name in sorted(names) if not masks.known(name)] == []


SILENT = frozenset(one.name for one in PROBES if not one.lists)


def refusing_from(good: int, refusal: Said) -> tuple[Client, list[Request]]:
    """Return a client that lets in so many times, and what it was asked after them."""
    seen: list[Request] = []
    refused: list[Request] = []

    def ask(asked: Request) -> Said:
        seen.append(asked)
        if len(seen) <= good:
            return said("ID,Name\n=======\nIBM.2107-75XXXXX,prod\n")
        refused.append(asked)
        return refusal

    return ask, refused


@pytest.mark.parametrize(
    "refusal",
    [said(), said("Zugang verweigert\n"), said("", "CMUN99999E lsflash: Zugang verweigert\n", 4)],
    ids=["nothing", "unknown words", "in the command's name"],
)
@pytest.mark.parametrize("names", [(), tuple(SILENT), ("unknown-option", "script", "hosts")])
def test_fewer_logins_are_refused_than_lock_an_account(
    names: tuple[str, ...], refusal: Said
) -> None:
    probes = chosen(names)
    for good in range(len(probes)):
        client, refused = refusing_from(good, refusal)
        with suppress(StoppedError):
            take(client, probes, FACTS, lambda _: None)
        assert 1 <= len(refused) < 5


def test_probes_that_must_list_are_all_but_those_that_may_fail() -> None:
    assert {"version", "unknown-command", "unknown-option", "other-image"} <= SILENT
    assert not SILENT & {"images", "relations", "volumes", "hosts", "error-last", "words"}


LISTED = {
    "a table": TABLE,
    "no rule": "Name,ID\nprod,IBM.2107-75XXXXX\n",
    "none found": "CMUC00234I lsflash: No Flash Copy found.\n",
    "an id alone": "IBM.2107-75XXXXX\n",
    "rows alone": "0001:0002,00,0,1\n",
    "full ids": "IBM.2107-75XXXXX/0001:IBM.2107-75XXXXX/0002 x\n",
    "stanzas": "ID        0001:0002\nSrcLSS    00\n",
    "xml": '<PROPERTY NAME="ID"><VALUE>1</VALUE></PROPERTY>\n',
    "a name that speaks of refusals": "Name,ID\n=======\nlogin failed,0001\n",
}


@pytest.mark.parametrize("text", LISTED.values(), ids=LISTED.keys())
def test_a_listing_shows_that_the_login_was_taken(text: str) -> None:
    assert login.lists(said(text))
    assert not login.refused(said(text))


UNLISTED = ("", "x\n", "Login failed\n=====\nx,y\n", "<html>login</html>\n", BANNER.format("-"))


@pytest.mark.parametrize("text", UNLISTED)
def test_other_words_do_not(text: str) -> None:
    assert not login.lists(said(text))


def test_words_of_a_refusal_beside_a_listing_are_heard() -> None:
    assert login.refused(said(TABLE, "CMUN99999E Login failed\n"))
    assert login.refused(said(f"Login failed for user prod\n{TABLE}"))
    assert login.refused(said(TABLE, status=5))
    for text in (messages.NO_FLASH_COPY, messages.UNREACHABLE, messages.NO_VOLUME):
        assert not login.refused(said("", text))
    assert not login.refused(said("", messages.syntax("lsnothing", "unknown command"), 2))


def test_an_answer_that_came_too_late_may_have_been_a_refusal() -> None:
    late, asked = Said(stdout="", stderr="", status=-9, cut=LATE), list[Request]()

    def ask(request: Request) -> Said:
        asked.append(request)
        return said(TABLE) if len(asked) == 1 else late if len(asked) == 2 else said("x\n")

    with pytest.raises(StoppedError, match="asked again"):
        take(
            ask, chosen(tuple(SILENT - {"no-such-pair", "no-such-pair-alone"})), {}, lambda _: None
        )
    assert len(asked) == 5
