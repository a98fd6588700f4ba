"""What really happened, by the dates before and after and by what was answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.verify import (
    Advance,
    advance,
    end_unseen,
    in_doubt,
    in_doubt_until,
    judge,
    unconfirmed,
)
from flashd.model.run import (
    Account,
    Answer,
    Doubt,
    Marks,
    Moment,
    Outcome,
    Step,
    StepKind,
    StepRecord,
)
from tests.unit.core.builders import (
    ARRAY,
    NOW,
    PAIRS,
    at,
    intent,
    java,
    listing,
    pair,
    relation,
    run,
)

if TYPE_CHECKING:
    from flashd.model.volumes import Listing, Pair, Relation

NAME = PAIRS[0]
PARIS = ZoneInfo("Europe/Paris")
MADE = "Mon Jun 01 08:00:00 UTC 2026"
OLD = "Sat Nov 21 00:59:31 UTC 2026"
BACK = "Sat Nov 21 00:59:30 UTC 2026"
NEXT = "Sat Nov 21 00:59:32 UTC 2026"
NEXT_IN_CET = "Sat Nov 21 01:59:32 CET 2026"
IST = "Sat Nov 21 06:00:00 IST 2026"  # later as Dublin and Jerusalem mean it, not as Kolkata does

BEFORES = {
    "never noted": None,
    "no dates": Marks(None, None),
    "made": Marks(None, MADE),
    "resynced": Marks(OLD, MADE),
    "unreadable": Marks("yesterday", MADE),
}
AFTERS: dict[str, Relation | None] = {
    "gone": None,
    "unread": replace(relation(NAME, NEXT, NEXT), unread=("DateSynced=morgen",)),
    "unread, the other": replace(relation(NAME, NEXT, NEXT), unread=("DateCreated=?",)),
    "no dates": relation(NAME, None, None),
    "made anew": relation(NAME, None, NEXT),
    "the same": relation(NAME, OLD, MADE),
    "back": relation(NAME, BACK, MADE),
    "the same, and bad": replace(relation(NAME, OLD, MADE), state="Tgt Failed"),
    "next, and bad": replace(relation(NAME, NEXT, MADE), state="Tgt Failed"),
    "next": relation(NAME, NEXT, MADE),
    "next, other label": relation(NAME, NEXT_IN_CET, MADE),
    "uncertain label": relation(NAME, IST, MADE),
}
DONE, NOT_DONE, UNKNOWN = Advance.DONE, Advance.NOT_DONE, Advance.UNKNOWN
LETTERS = {"+": DONE, "-": NOT_DONE, "?": UNKNOWN}
# A row for what was before; its columns are AFTERS in their order.
SHOWN = {
    (StepKind.RESYNC, "never noted"): "???--???????",
    (StepKind.RESYNC, "no dates"): "???--???????",
    (StepKind.RESYNC, "made"): "???--++??+++",
    (StepKind.RESYNC, "resynced"): "???---?-?++?",
    (StepKind.RESYNC, "unreadable"): "???--???????",
    (StepKind.ESTABLISH, "never noted"): "-???+++??+++",
    (StepKind.ESTABLISH, "no dates"): "-???+++??+++",
    (StepKind.ESTABLISH, "made"): "-???+++??+++",
    (StepKind.ESTABLISH, "resynced"): "-???+-?-?++?",
    (StepKind.ESTABLISH, "unreadable"): "-???????????",
    (StepKind.WITHDRAW, "never noted"): "+-----------",
    (StepKind.WITHDRAW, "no dates"): "+-----------",
    (StepKind.WITHDRAW, "made"): "+-----------",
    (StepKind.WITHDRAW, "resynced"): "+-----------",
    (StepKind.WITHDRAW, "unreadable"): "+-----------",
}
CELLS = {
    f"{kind}, {before}, then {after}": (kind, before, after, LETTERS[letter])
    for (kind, before), row in SHOWN.items()
    for after, letter in zip(AFTERS, row, strict=True)
}
ANSWERS = {
    "lost": None,
    "silent": Answer(None, {pair(NAME): Account.SILENT}, False, "no answer in 1200 s", ""),
    "accepted": Answer(0, {pair(NAME): Account.ACCEPTED}, False, "", "CMUC00168I"),
    "rejected": Answer(0, {pair(NAME): Account.REJECTED}, False, "CMUN03041E", "CMUN03041E"),
    "refused": Answer(2, {pair(NAME): Account.SILENT}, True, "CMUC00004E", "CMUC00004E"),
}


def test_the_table_has_every_cell() -> None:
    assert set(SHOWN) == set(product(StepKind, BEFORES))


@pytest.mark.parametrize(("kind", "before", "after", "shown"), CELLS.values(), ids=CELLS.keys())
def test_invariant_5_compares_dates_before_and_after(
    kind: StepKind, before: str, after: str, shown: Advance
) -> None:
    assert advance(kind, BEFORES[before], AFTERS[after], None) is shown


@pytest.mark.parametrize(("kind", "before", "after", "shown"), CELLS.values(), ids=CELLS.keys())
def test_invariant_5_success_is_what_the_array_shows_whatever_was_answered(
    kind: StepKind, before: str, after: str, shown: Advance
) -> None:
    marks = BEFORES[before]
    noted = {pair(NAME): marks} if marks else {}
    found = AFTERS[after]
    seen = listing(found) if found else listing()
    for (said, answer), settled in product(ANSWERS.items(), (False, True)):
        judged = judge(step(NAME, kind=kind), noted, seen, answer, None, settled=settled)
        assert judged.pairs == {pair(NAME): shown}
        if shown is DONE:
            expected = Outcome.DONE
        elif shown is NOT_DONE and (settled or said in {"rejected", "refused"}):
            expected = Outcome.FAILED
        else:
            expected = Outcome.UNKNOWN
        assert judged.outcome is expected, (said, settled)


def step(*names: str, kind: StepKind = StepKind.RESYNC) -> Step:
    return Step(kind=kind, resource="sync#1", array=ARRAY, pairs=tuple(map(pair, names)))


def answer(*accounts: Account, refused: bool = False, reason: str = "") -> Answer:
    said = dict(zip(map(pair, PAIRS), accounts, strict=False))
    return Answer(0, said, refused, reason, reason)


YES, NO, NOTHING = Account.ACCEPTED, Account.REJECTED, Account.SILENT
BEFORE = {pair(name): Marks(OLD, MADE) for name in PAIRS}
ALL = listing(*(relation(name, NEXT) for name in PAIRS))
NONE = listing(*(relation(name, OLD) for name in PAIRS))
PART = listing(relation(PAIRS[0], NEXT), relation(PAIRS[1], OLD), relation(PAIRS[2], NEXT))
DARK = listing(relation(PAIRS[0], NEXT), relation(PAIRS[1], OLD))  # the third is gone

JUDGEMENTS: dict[str, tuple[Listing | None, Answer | None, bool, Outcome, str]] = {
    "all done, as answered": (
        ALL,
        answer(YES, YES, YES),
        False,
        Outcome.DONE,
        "the array shows 3 of 3 pairs done",
    ),
    "all done, though the answer was lost": (
        ALL,
        None,
        False,
        Outcome.DONE,
        "the array shows 3 of 3 pairs done",
    ),
    "all done, though the array said no": (
        ALL,
        answer(NO, NO, NO, refused=True, reason="no"),
        False,
        Outcome.DONE,
        "the array shows 3 of 3 pairs done",
    ),
    "words of success, and nothing moved": (
        NONE,
        answer(YES, YES, YES),
        False,
        Outcome.UNKNOWN,
        "the array shows no pair done by the resync",
    ),
    "words of success, and nothing moved for good": (
        NONE,
        answer(YES, YES, YES),
        True,
        Outcome.FAILED,
        "the array shows no pair done by the resync",
    ),
    "lost, and nothing moved": (
        NONE,
        None,
        False,
        Outcome.UNKNOWN,
        "the array shows no pair done by the resync",
    ),
    "refused, and nothing moved": (
        NONE,
        answer(NOTHING, NOTHING, NOTHING, refused=True, reason="CMUN03041E"),
        False,
        Outcome.FAILED,
        "the array shows no pair done by the resync: CMUN03041E",
    ),
    "one rejected, two done": (
        PART,
        answer(YES, NO, YES, reason="CMUN03041E"),
        False,
        Outcome.FAILED,
        f"partly done: 2 of 3 pairs, not {PAIRS[1]}: CMUN03041E",
    ),
    "one silent, two done": (
        PART,
        answer(YES, NOTHING, YES),
        False,
        Outcome.UNKNOWN,
        f"partly done: 2 of 3 pairs, not {PAIRS[1]}",
    ),
    "one silent for good, two done": (
        PART,
        answer(YES, NOTHING, YES),
        True,
        Outcome.FAILED,
        f"partly done: 2 of 3 pairs, not {PAIRS[1]}",
    ),
    "one not mentioned, two done": (
        PART,
        answer(YES),
        False,
        Outcome.UNKNOWN,
        f"partly done: 2 of 3 pairs, not {PAIRS[1]}",
    ),
    "one rejected, one gone": (
        DARK,
        answer(YES, NO, NO, reason="no"),
        True,
        Outcome.UNKNOWN,
        f"partly done: 1 of 3 pairs, not {PAIRS[1]}, {PAIRS[2]}: no",
    ),
    "refused, and the array cannot be read": (
        None,
        answer(NO, NO, NO, refused=True, reason="no"),
        True,
        Outcome.UNKNOWN,
        "the array could not be read after the command was sent",
    ),
}


@pytest.mark.parametrize(
    ("after", "said", "settled", "outcome", "reason"),
    JUDGEMENTS.values(),
    ids=JUDGEMENTS.keys(),
)
def test_judges_a_command_by_all_its_pairs(
    *, after: Listing | None, said: Answer | None, settled: bool, outcome: Outcome, reason: str
) -> None:
    judged = judge(step(*PAIRS), BEFORE, after, said, None, settled=settled)
    assert (judged.outcome, judged.reason) == (outcome, reason)
    assert list(judged.pairs) == list(map(pair, PAIRS))
    if after is None:
        assert set(judged.pairs.values()) == {UNKNOWN}


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("after", [None, ALL])
def test_of_no_pairs_nothing_is_done(*, after: Listing | None, settled: bool) -> None:
    judged = judge(step(), {}, after, answer(), None, settled=settled)
    assert judged.outcome is not Outcome.DONE


LATE, LIMIT = timedelta(seconds=20), timedelta(seconds=1200)
DOUBT = Doubt(LATE, LIMIT)
END = NOW + timedelta(seconds=7)
SECONDS = timedelta(seconds=1)


def gone(seconds: float, *, boot: str = "boot", wall: datetime = END) -> StepRecord:
    """Make a step whose client was seen gone, so long after that boot."""
    moment = Moment(wall, boot, seconds)
    return StepRecord(intent=intent(), answer=replace(answer(), gone=moment))


UNSEEN = StepRecord(intent=intent())
OLD_ANSWER = replace(UNSEEN, answer=answer())
NEVER = replace(UNSEEN, unsent="the guard said up")
LONGEST = NOW + LIMIT + LATE
UNTIL: dict[str, tuple[tuple[StepRecord, ...], datetime | None]] = {
    "nothing was intended": ((), None),
    "nothing was sent": ((NEVER,), None),
    "its end was seen": ((gone(100),), END + LATE),
    "the second one was not sent": ((gone(100), NEVER), END + LATE),
    "nobody saw its end": ((UNSEEN,), LONGEST),
    "an answer of an older flashd": ((OLD_ANSWER,), LONGEST),
    "one of two was seen": ((gone(100), UNSEEN), LONGEST),
}


@pytest.mark.parametrize(("steps", "until"), UNTIL.values(), ids=UNTIL.keys())
def test_tells_until_when_a_command_is_in_doubt(
    steps: tuple[StepRecord, ...], until: datetime | None
) -> None:
    assert in_doubt_until(replace(run(), steps=steps), DOUBT) == until


def now(seconds: float, *, boot: str = "boot", wall: datetime = END) -> Moment:
    return Moment(wall, boot, seconds)


DAYS = timedelta(days=30)
IN_DOUBT: dict[str, tuple[tuple[StepRecord, ...], Moment, bool]] = {
    "nothing was sent": ((NEVER,), now(100), False),
    "just gone": ((gone(100),), now(100), True),
    "within the wait": ((gone(100),), now(119.9), True),
    "the wait is over": ((gone(100),), now(120), False),
    "one of two within it": ((gone(90), gone(101)), now(120), True),
    "the wall clock was set ahead": ((gone(100),), now(101, wall=END + DAYS), True),
    "the wall clock was set back": ((gone(100),), now(120, wall=END - DAYS), False),
    "another boot, within it": (
        (gone(100, boot="other"),),
        now(5, wall=END + LATE - SECONDS),
        True,
    ),
    "another boot, over": ((gone(100, boot="other"),), now(5, wall=END + LATE), False),
    "nobody saw its end": ((UNSEEN,), now(100, wall=LONGEST - SECONDS), True),
    "nor will have": ((UNSEEN,), now(100, wall=LONGEST), False),
}


@pytest.mark.parametrize(("steps", "moment", "doubted"), IN_DOUBT.values(), ids=IN_DOUBT.keys())
def test_invariant_4_a_command_may_be_carried_out_once_its_client_is_gone(
    steps: tuple[StepRecord, ...],
    moment: Moment,
    doubted: bool,  # noqa: FBT001
) -> None:
    assert in_doubt(replace(run(), steps=steps), DOUBT, moment) is doubted


ENDS: dict[str, tuple[StepRecord, Moment, bool]] = {
    "no answer": (UNSEEN, now(100), True),
    "an answer of an older flashd": (OLD_ANSWER, now(100), True),
    "seen": (gone(100), now(100), False),
    "seen, the wall clock set back": (gone(100), now(100, wall=END - DAYS), False),
    "by a clock that had run further": (gone(101), now(100), True),
    "in another boot": (gone(100, boot="other"), now(5), False),
    "in another boot, in the future": (gone(100, boot="other"), now(5, wall=END - SECONDS), True),
}


@pytest.mark.parametrize(("step", "moment", "unseen"), ENDS.values(), ids=ENDS.keys())
def test_an_end_that_nobody_can_have_seen_is_noted_anew(
    step: StepRecord,
    moment: Moment,
    unseen: bool,  # noqa: FBT001
) -> None:
    assert end_unseen(step, moment) is unseen


def test_says_until_when_in_utc() -> None:
    assert unconfirmed(at("2026-11-21 03:04:05")).endswith(
        "may carry it out until 2026-11-21T03:04:05Z"
    )


ZONES: dict[str, tuple[str, str, ZoneInfo | None, Advance]] = {
    "the second pass of the repeated hour": (
        "Sun Oct 25 02:50:00 CEST 2026",
        "Sun Oct 25 02:10:00 CET 2026",
        PARIS,
        DONE,
    ),
    "the second pass, of unambiguous labels": (
        "Sun Oct 25 02:50:00 CEST 2026",
        "Sun Oct 25 02:10:00 CET 2026",
        None,
        DONE,
    ),
    "the repeated hour, of ambiguous labels": (
        "Sun Nov 01 01:50:00 CDT 2026",
        "Sun Nov 01 01:10:00 CST 2026",
        None,
        UNKNOWN,
    ),
    "the repeated hour, of ambiguous labels in a known zone": (
        "Sun Nov 01 01:50:00 CDT 2026",
        "Sun Nov 01 01:10:00 CST 2026",
        ZoneInfo("America/Chicago"),
        DONE,
    ),
    "the same moment under another label": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 01:59:31 CET 2026",
        PARIS,
        NOT_DONE,
    ),
    "a later hour on the wall that is none": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 01:59:30 CET 2026",
        PARIS,
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("before", "after", "zone", "shown"), ZONES.values(), ids=ZONES.keys())
def test_invariant_5_compares_in_the_zone_of_the_array(
    before: str, after: str, zone: ZoneInfo | None, shown: Advance
) -> None:
    for kind in (StepKind.RESYNC, StepKind.ESTABLISH):
        assert advance(kind, Marks(before, MADE), relation(NAME, after), zone) is shown


EPOCH = at("2026-11-21 00:00:00")
LABELS = {"UTC": 0, "CET": 3600, "GMT-03:00": -10800}
marks = st.tuples(st.integers(0, 4), st.sampled_from(sorted(LABELS)))


def printed(second: int, label: str) -> str:
    return java(EPOCH + timedelta(seconds=second + LABELS[label]), label)


@settings(max_examples=150)
@given(
    dates=st.lists(st.tuples(st.none() | marks, st.none() | marks), min_size=1, max_size=3),
    kind=st.sampled_from([StepKind.RESYNC, StepKind.ESTABLISH]),
    said=st.sampled_from(list(Account)),
    refused=st.booleans(),
    settled=st.booleans(),
)
def test_invariant_5_done_says_that_each_pair_is_later(
    *,
    dates: list[tuple[tuple[int, str] | None, tuple[int, str] | None]],
    kind: StepKind,
    said: Account,
    refused: bool,
    settled: bool,
) -> None:
    names = PAIRS[: len(dates)]
    before: dict[Pair, Marks] = {}
    for name, (old, _) in zip(names, dates, strict=True):
        before[pair(name)] = Marks(printed(*old) if old else None, None)
    after = listing(
        *(
            relation(name, printed(*new), None)
            for name, (_, new) in zip(names, dates, strict=True)
            if new
        )
    )
    words = answer(*[said] * len(names), refused=refused)
    judged = judge(step(*names, kind=kind), before, after, words, None, settled=settled)
    proved = all(
        new is not None and (kind is StepKind.ESTABLISH if old is None else new[0] > old[0])
        for old, new in dates
    )
    assert (judged.outcome is Outcome.DONE) is proved
