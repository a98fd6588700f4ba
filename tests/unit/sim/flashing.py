"""What the tests of FlashCopy say over and over: act on pairs, and get the reason or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.sim import flashcopy
from flashd.sim.flashcopy import Options, Refused
from flashd.sim.ids import Pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.sim.array import Array
    from flashd.sim.inventory import Inventory
    from flashd.sim.nouns import Relation

    Act = Callable[[Inventory, Pair, Options], Relation | Refused]

INCREMENTAL = Options(record=True, persist=True)


def act(array: Array, how: Act, pair: str, options: Options = INCREMENTAL) -> str:
    """Return why it is refused, or nothing."""
    with array.inventory() as held:
        return reason(how(held, Pair.parse(pair), options))


def reason(outcome: Relation | Refused) -> str:
    """Return why it is refused, or nothing."""
    return outcome.reason if isinstance(outcome, Refused) else ""


def establish(array: Array, pair: str, options: Options = INCREMENTAL) -> str:
    return act(array, flashcopy.establish, pair, options)


def resync(array: Array, pair: str, options: Options = INCREMENTAL) -> str:
    return act(array, flashcopy.resync, pair, options)


def reverse(array: Array, pair: str, options: Options = INCREMENTAL) -> str:
    return act(array, flashcopy.reverse, pair, options)


def withdraw(array: Array, pair: str) -> str:
    with array.inventory() as held:
        return reason(flashcopy.withdraw(held, Pair.parse(pair)))


def resync_all(array: Array, *pairs: str, freeze: bool = False) -> None:
    """Resync pairs as one command does, while hosts write."""
    options = Options(record=True, persist=True, freeze=freeze)
    with array.inventory() as held:
        found = [Pair.parse(pair) for pair in pairs]
        outcomes = flashcopy.act_on_each(
            held, found, lambda pair: flashcopy.resync(held, pair, options), frozen=freeze
        )
    assert [reason(outcome) for outcome in outcomes] == [""] * len(pairs)


def pairs(array: Array) -> list[str]:
    return [str(relation.pair) for relation in array.relations()]
