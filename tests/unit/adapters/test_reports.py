"""The listing parser: a listing of everything, or `NotUnderstoodError`, and never anything else."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flashd.adapters.arrays.reports import REQUIRED, parse_listing
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.model.volumes import Pair

ARRAY = "IBM.2107-75ABC01"
NAMES = [
    "ID",
    "SrcLSS",
    "SequenceNum",
    "Timeout",
    "ActiveCopy",
    "Recording",
    "Persistent",
    "Revertible",
    "SourceWriteEnabled",
    "TargetWriteEnabled",
    "BackgroundCopy",
    "OutOfSyncTracks",
    "DateCreated",
    "DateSynced",
    "State",
    "isTgtSE",
]
DATE = "Thu Sep 18 23:04:04 UTC 2014"
FIRST = "0001:0002"
SECOND = "0101:0102"
BANNER = (
    "Date/Time: September 18, 2014 11:04:04 PM UTC IBM DSCLI Version: 7.7.10.317"
    " DS: IBM.2107-75ABC01"
)
NOTHING = "CMUC00234I lsflash: No Flash Copy found.\n"


def row(pair: str = FIRST, **cells: str) -> str:
    usual = dict.fromkeys(NAMES, "Enabled") | {
        "ID": pair,
        "SrcLSS": pair[:2],
        "SequenceNum": "0",
        "Timeout": "300",
        "ActiveCopy": "Disabled",
        "Revertible": "Disabled",
        "OutOfSyncTracks": "0",
        "DateCreated": DATE,
        "DateSynced": DATE,
        "State": "Valid",
        "isTgtSE": "ESE",
    }
    return ",".join((usual | cells)[name] for name in NAMES)


HEADER = ",".join(NAMES)
RULE = "=" * len(HEADER)


def text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


GOOD = text(HEADER, RULE, row(FIRST), row(SECOND))
RELATIONS = parse_listing(GOOD, ARRAY)


def pairs(output: str) -> list[str]:
    return [str(pair) for pair in parse_listing(output, ARRAY)]


def test_reads_every_column_that_decisions_need() -> None:
    relation = RELATIONS[Pair.parse(FIRST)]
    assert (relation.state, relation.unread) == ("Valid", ())
    assert (relation.recording, relation.persistent, relation.revertible) == (True, True, False)
    assert (relation.source_write_enabled, relation.target_write_enabled) == (True, True)
    assert (relation.background_copy, relation.out_of_sync_tracks) == (True, 0)
    assert relation.space_efficient_target is True
    assert relation.synced is not None
    assert relation.created is not None
    assert relation.synced.local == datetime(2014, 9, 18, 23, 4, 4)  # noqa: DTZ001 - an array's local time
    assert (relation.synced.text, relation.created.label) == (DATE, "UTC")


SAME = {
    "banner before": f"{BANNER}\n{GOOD}",
    "banner between": text(HEADER, BANNER, RULE, row(FIRST), BANNER, row(SECOND)),
    "banner after": f"{GOOD}{BANNER}\n",
    "banner in two lines": (
        f"{BANNER.removesuffix('IBM.2107-75ABC01').rstrip()}\nIBM.2107-75ABC01\n{GOOD}"
    ),
    "banner and blank line": f"{BANNER}\n\n{GOOD}",
    "prompt before the header": f"dscli> {GOOD}",
    "prompts before all lines": "".join(f"dscli> {line}\n" for line in GOOD.splitlines()),
    "prompts doubled": f"dscli> dscli> {GOOD}",
    "prompt glued to a banner": f"dscli> {BANNER}\ndscli> {GOOD}",
    "prompt at the end": f"{GOOD}dscli> ",
    "prompt without a blank at the end": f"{GOOD}dscli>",
    "prompt and newline at the end": f"{GOOD}dscli> \n",
    "no rule": text(HEADER, row(FIRST), row(SECOND)),
    "a short rule": text(HEADER, "====", row(FIRST), row(SECOND)),
    "rules between": text(HEADER, RULE, row(FIRST), RULE, row(SECOND), RULE),
    "blank lines": text("", HEADER, "", RULE, "  ", row(FIRST), "", row(SECOND), "", ""),
    "carriage returns": GOOD.replace("\n", "\r\n"),
    "header again": text(HEADER, RULE, row(FIRST), HEADER, RULE, row(SECOND)),
    "words of the login": f"Welcome.\n{GOOD}",
    "a message of class I": text("CMUC00999I setenv: done.", HEADER, row(FIRST), row(SECOND)),
    "a warning of the login": text("CMUC00999W the password expires", GOOD.rstrip("\n")),
    "semicolons": GOOD.replace(",", ";"),
    "bars": GOOD.replace(",", "|"),
    "tabs": GOOD.replace(",", "\t"),
    "blanks around the cells": GOOD.replace(",", " , "),
    "ids in full": GOOD.replace("0001:0002", f"{ARRAY}/0001:{ARRAY}/0002"),
    "half of the ids in full": GOOD.replace("0001:0002", f"{ARRAY}/0001:0002"),
    "serial in lower case": GOOD.replace("0001:0002", "ibm.2107-75abc01/0001:0002"),
    "flags in capitals": GOOD.replace("Enabled", "ENABLED"),
}


@pytest.mark.parametrize("output", SAME.values(), ids=SAME.keys())
def test_reads_the_same_whatever_stands_around_it(output: str) -> None:
    if "ENABLED" in output:
        output = output.replace("WriteENABLED", "WriteEnabled")
    assert parse_listing(output, ARRAY) == RELATIONS


REFUSED = {
    "empty": "",
    "blank": " \n\n",
    "prompts alone": "dscli> dscli> ",
    "banner alone": f"{BANNER}\n",
    "header alone": text(HEADER),
    "header and rule": text(HEADER, RULE),
    "rule alone": text(RULE),
    "rows alone": text(row(FIRST), row(SECOND)),
    "a row before the header": text(row(SECOND), HEADER, RULE, row(FIRST)),
    "no end of the last line": GOOD.rstrip("\n"),
    "a prompt after half a row": f"{text(HEADER, RULE, row(FIRST))}{row(SECOND)[:30]}dscli> ",
    "a prompt after a row without end": f"{GOOD.rstrip()}dscli> ",
    "that, and a new line": f"{GOOD.rstrip()[:-1]}dscli> \n",
    "a prompt in the middle of a row": GOOD.replace("Valid", "Vadscli> lid"),
    "a row twice": text(HEADER, RULE, row(FIRST), row(FIRST)),
    "a row twice, once in full": text(HEADER, row(FIRST), row(f"{ARRAY}/0001:{ARRAY}/0002")),
    "a row twice, in two cases": text(HEADER, row("00ab:0002"), row("00AB:0002")),
    "a column too many": text(HEADER, row(FIRST) + ",more"),
    "a column too few": text(HEADER, row(FIRST).rpartition(",")[0]),
    "a column twice": text(f"{HEADER},State", f"{row(FIRST)},Valid"),
    "another header": text(HEADER, row(FIRST), f"{HEADER},New", f"{row(SECOND)},-"),
    "a foreign serial": GOOD.replace("0001:0002", "IBM.2107-75XYZ01/0001:IBM.2107-75XYZ01/0002"),
    "a foreign target": GOOD.replace("0001:0002", "0001:IBM.2107-75XYZ01/0002"),
    "no id": GOOD.replace("0001:0002", "-"),
    "a short id": GOOD.replace("0001:0002", "001:0002"),
    "a long id": GOOD.replace("0001:0002", "00010:0002"),
    "no hex": GOOD.replace("0001:0002", "000G:0002"),
    "one volume": GOOD.replace("0001:0002", "0001"),
    "one volume twice": GOOD.replace("0001:0002", "0001:0001"),
    "one volume twice, in two cases": GOOD.replace("0001:0002", "00ab:00AB"),
    "columns by blanks": GOOD.replace(",", " "),
    "a NUL where nobody looks": GOOD.replace("SrcLSS", "Src\0LSS"),
    "no UTF-8 where nobody looks": GOOD.replace("SrcLSS", "Src\ufffdLSS"),
    "an error between": text(HEADER, row(FIRST), "CMUN03000E lsflash: x", row(SECOND)),
    "an error after": text(HEADER, row(FIRST), "CMMCI9001E lsflash: x"),
    "an error before": text("CMUN03000E lsflash: not all", HEADER, row(FIRST)),
    "a warning after": text(HEADER, row(FIRST), "CMUN03000W lsflash: not all"),
    "a warning of lsflash before": text("CMUN03000W lsflash: not all", HEADER, row(FIRST)),
    "rows, and nothing found": text(HEADER, row(FIRST), NOTHING.rstrip()),
    "nothing found, and rows": text(NOTHING.rstrip(), HEADER, row(FIRST)),
    "nothing found, and an error": f"{NOTHING}CMUN03000E lsflash: x\n",
    "nothing found, and words": f"{NOTHING}more\n",
    "nothing found without an end": NOTHING.rstrip("\n"),
    "an error alone": "CMUN00018E Unable to connect to the management console server\n",
    "a page of HTML": "<html><body>502, ID, Bad Gateway</body></html>\n",
    "words after the table": f"{GOOD}Connection reset by peer\n",
    "a message that looks like a header": text("CMUC00999I x,ID,y", row(FIRST)),
}


@pytest.mark.parametrize("output", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_what_it_does_not_understand_as_a_whole(output: str) -> None:
    with pytest.raises(NotUnderstoodError):
        parse_listing(output, ARRAY)


@pytest.mark.parametrize(
    "output", [NOTHING, f"{BANNER}\ndscli> {NOTHING}dscli> ", NOTHING.replace("\n", "\r\n")]
)
def test_nothing_is_there_only_where_dscli_says_so(output: str) -> None:
    assert parse_listing(output, ARRAY) == {}


@pytest.mark.parametrize("name", REQUIRED)
def test_needs_each_of_its_columns(name: str) -> None:
    with pytest.raises(NotUnderstoodError, match=r"column|no table"):
        parse_listing(GOOD.replace(name, f"New{name}", 1), ARRAY)


@pytest.mark.parametrize("name", sorted({*NAMES} - {*REQUIRED}))
def test_other_columns_may_be_called_otherwise(name: str) -> None:
    assert pairs(GOOD.replace(name, f"New{name}", 1)) == [FIRST, SECOND]


@given(st.permutations(NAMES), st.sampled_from(",|;\t"))
def test_the_order_of_the_columns_does_not_matter(names: list[str], delimiter: str) -> None:
    def moved(line: str) -> str:
        cells = dict(zip(NAMES, line.split(","), strict=True))
        return delimiter.join(cells[name] for name in names)

    output = text(moved(HEADER), RULE, moved(row(FIRST)), moved(row(SECOND)))
    assert parse_listing(output, ARRAY) == RELATIONS


def test_newer_columns_are_passed_over() -> None:
    output = text(f"{HEADER},safeguarded", RULE, f"{row(FIRST)},-", f"{row(SECOND)},No")
    assert parse_listing(output, ARRAY) == RELATIONS


def test_ids_come_out_in_upper_case() -> None:
    assert pairs(text(HEADER, row("0a1f:ab0c"))) == ["0A1F:AB0C"]


@pytest.mark.parametrize("suffix", ["", "dscli> ", "dscli>", "dscli> \n", "\n"])
@pytest.mark.parametrize("whole", [GOOD, f"{BANNER}\ndscli> {GOOD}"])
def test_cut_anywhere_it_is_refused_or_read_as_the_rows_before(whole: str, suffix: str) -> None:
    ends = {whole.index(row(FIRST)) + len(row(FIRST)) + 1: [FIRST], len(whole): [FIRST, SECOND]}
    if suffix == "\n":  # a cut that is healed by a new line cannot be told from a whole line
        ends |= {end - 1: found for end, found in ends.items()}
    for length in range(len(whole) + 1):
        cut = whole[:length] + suffix
        if length in ends:
            assert pairs(cut) == ends[length]
        elif suffix != "\n":
            with pytest.raises(NotUnderstoodError):
                parse_listing(cut, ARRAY)
        else:
            assert _refused_or_known(cut)


def _refused_or_known(cut: str) -> bool:
    try:
        return set(pairs(cut)) <= {FIRST, SECOND}
    except NotUnderstoodError:
        return True


UNREAD = {
    "Recording": ("Aktiviert", "recording"),
    "Persistent": ("-", "persistent"),
    "Revertible": ("", "revertible"),
    "TargetWriteEnabled": ("yes", "target_write_enabled"),
    "BackgroundCopy": ("Inaktiviert", "background_copy"),
    "OutOfSyncTracks": ("-1", "out_of_sync_tracks"),
    "DateSynced": ("Do 18 Sep 23:04:04 CEST 2014", "synced"),
    "DateCreated": ("2014-09-18", "created"),
}


@pytest.mark.parametrize("column", UNREAD)
def test_a_value_in_other_words_is_unknown_and_kept(column: str) -> None:
    said, attribute = UNREAD[column]
    (relation,) = parse_listing(text(HEADER, row(FIRST, **{column: said})), ARRAY).values()
    assert getattr(relation, attribute) is None
    assert relation.unread == (f"{column}={said}",)


@pytest.mark.parametrize("count", ["", "12x", "1e3", "\u0661", "9" * 5000, "1 2", "-"])
def test_a_count_is_decimal_digits_and_not_too_many(count: str) -> None:
    (relation,) = parse_listing(text(HEADER, row(OutOfSyncTracks=count)), ARRAY).values()
    assert relation.out_of_sync_tracks is None


@pytest.mark.parametrize("date", ["-", ""])
def test_no_date_is_none_and_nothing_unread(date: str) -> None:
    (relation,) = parse_listing(text(HEADER, row(DateSynced=date)), ARRAY).values()
    assert (relation.synced, relation.unread) == (None, ())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ESE", True),
        ("TSE", True),
        ("-", False),
        ("Standard", False),
        ("No", False),
        ("", None),
        ("a new word", None),
    ],
)
def test_a_space_efficient_target_is_one_by_its_word(said: str, meant: bool | None) -> None:  # noqa: FBT001 - a table's column
    (relation,) = parse_listing(text(HEADER, row(isTgtSE=said)), ARRAY).values()
    assert relation.space_efficient_target is meant


PIECES = st.sampled_from(
    [HEADER, RULE, row(FIRST), row(SECOND), BANNER, "dscli> ", "\n", "\r\n", NOTHING, "ID", ","]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=8))).map("".join))
@example("ID,ID\n")
@example("\x1c\x85,ID,\u2028\n")
def test_of_arbitrary_text_nothing_comes_but_relations_or_not_understood(output: str) -> None:
    try:
        found = parse_listing(output, ARRAY)
    except NotUnderstoodError:
        return
    assert found or NOTHING.rstrip() in output
    assert {str(pair) for pair in found} <= {FIRST, SECOND}


@given(st.lists(st.sampled_from([FIRST, SECOND, "0003:0004"]), min_size=1), st.data())
def test_every_row_comes_out_or_none(ids: list[str], data: st.DataObject) -> None:
    noise = st.sampled_from(["", BANNER, RULE, HEADER, "dscli> ", "CMUC00999I note"])
    lines = [HEADER, *(line for one in ids for line in (data.draw(noise), row(one)))]
    output = text(*lines)
    if len(set(ids)) == len(ids):
        assert pairs(output) == ids
    else:
        with pytest.raises(NotUnderstoodError):
            parse_listing(output, ARRAY)
