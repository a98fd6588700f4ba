"""What it proves that somebody, or nobody, accepts connections at the addresses of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import unknown
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REFUSED = "refused"
"""What is told of an address where nobody listens."""


def judge(
    answers: Mapping[str, str], *, what: str, up: Callable[[str, str], str | None], clear: str
) -> Finding:
    """Take one acceptance for up, and nothing but refusals, by all addresses, for clear.

    `answers` stand by address; `up` says in words that one of them is an acceptance.
    """
    evidence = {"answers": dict(answers)}
    for address, answer in answers.items():
        if words := up(address, answer):
            return Finding(Verdict.UP, words, evidence)
    for address, answer in answers.items():
        if answer != REFUSED:
            return unknown(f"{what} at {address}: {answer}", evidence)
    if not answers:
        return unknown(f"{what} has no address", evidence)
    return Finding(Verdict.CLEAR, clear, evidence)
