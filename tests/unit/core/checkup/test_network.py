"""Consoles, by what became of connections."""

from __future__ import annotations

import pytest

from flashd.core.checkup.diagnosis import State
from flashd.core.checkup.network import Console, Reply, judge_consoles


def console(*replies: Reply, name: str = "hmc1") -> Console:
    return Console(name, "10.10.10.10", dict(zip((1751, 1750), replies, strict=False)))


YES, NO, SILENT = Reply.ACCEPTED, Reply.REFUSED, Reply.SILENT
CASES = {
    "both ports": ([console(YES, YES)], [(State.OK, "answers at port 1751", "")]),
    "the second port": ([console(NO, YES)], [(State.OK, "answers at port 1750", "")]),
    "refused": ([console(NO, NO)], [(State.PROBLEM, "refuses", "does not serve the DS CLI")]),
    "silent": ([console(SILENT, SILENT)], [(State.PROBLEM, "no answer", "IPAddressDeny=")]),
    "one of each": ([console(NO, SILENT)], [(State.PROBLEM, "no answer", "firewalls")]),
    "no name": ([console(Reply.UNNAMED)], [(State.PROBLEM, "not found", "resolver")]),
    "no route": ([console(Reply.UNREACHABLE)], [(State.PROBLEM, "be reached", "route")]),
    "not tried": ([console()], [(State.UNSEEN, "was not tried", "")]),
    "one of two": (
        [console(SILENT), console(YES, name="hmc2")],
        [(State.HINT, "no answer", "firewalls"), (State.OK, "answers", "")],
    ),
    "none of two": (
        [console(SILENT), console(NO, name="hmc2")],
        [(State.PROBLEM, "no answer", "firewalls"), (State.PROBLEM, "refuses", "serve")],
    ),
}


@pytest.mark.parametrize(("consoles", "expected"), CASES.values(), ids=CASES.keys())
def test_judges(consoles: list[Console], expected: list[tuple[State, str, str]]) -> None:
    found = list(judge_consoles("IBM.2107-75ABC01", consoles))
    assert [one.state for one in found] == [state for state, _, _ in expected]
    for one, (_, words, remedy) in zip(found, expected, strict=True):
        assert words in one.words
        assert remedy in one.hint
