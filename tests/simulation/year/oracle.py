"""What must never happen, judged at each changing command by what was true then.

It knows nothing of flashd: it reads the text of each command itself, and is told of the truth by
whoever makes it (the arrays, the dependent services, the operators). A test holds it to that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.simulation.year.definitions import Clone, Definition, Regime

FRESH = 30.0
SEEN = timedelta(seconds=95)
"""So old may be what is known of a live relation: a listing of 60 s, and guards of 30 s more."""

BEGUN = timedelta(minutes=45)
"""What is begun by older definitions is ended within this."""

_FLAGS = {
    "resyncflash": ({"-persist", "-record"}, {"-cp", "-nocp", "-tgtse"}),
    "mkflash": ({"-persist"}, {"-cp", "-nocp", "-tgtse"}),
    "rmflash": ({"-quiet"}, set[str]()),
}


@dataclass(frozen=True)
class Command:
    """A changing command as it was written to dscli."""

    text: str
    verb: str
    array: str
    flags: frozenset[str]
    pairs: tuple[str, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(pair.partition(":")[2] for pair in self.pairs)

    @property
    def volumes(self) -> frozenset[tuple[str, str]]:
        return frozenset((self.array, one) for pair in self.pairs for one in pair.split(":"))


def read(text: str) -> Command:
    """Read a command: a verb, `-dev` with its array, flags, and pairs."""
    verb, *words = text.split()
    array, flags, pairs = "", set(), []
    while words:
        word = words.pop(0)
        if word == "-dev":
            array = words.pop(0)
        elif word.startswith("-"):
            flags.add(word)
        else:
            pairs.append(word)
    return Command(text, verb, array, frozenset(flags), tuple(pairs))


@dataclass(frozen=True)
class Live:
    """A relation as the array has it."""

    pair: str
    acted_at: float
    created_at: float
    recording: bool
    persistent: bool
    plain: bool


@dataclass
class Look:
    """One look of a guard: when it began, what was true when it looked, what it said."""

    began: float
    life: int
    up: bool = True
    starts: int = 0
    said: str = ""


@dataclass
class Flight:
    """A command on its way."""

    command: Command
    service: str
    at: datetime


@dataclass
class Shown:
    """What is known of one array's relations, since when, and when each was last acted on."""

    relations: dict[str, Live] = field(default_factory=dict)
    before: dict[str, tuple[datetime, Live | None]] = field(default_factory=dict)
    acted: dict[str, datetime] = field(default_factory=dict)


class Oracle:
    """Is told what happens, and keeps what must not have; instants are true ones."""

    def __init__(
        self,
        now: Callable[[], datetime],
        steady: Callable[[], float],
        waiting: Callable[[str], frozenset[tuple[str, str]]],
    ) -> None:
        self.now, self.steady, self._waiting = now, steady, waiting
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self.regimes: list[tuple[datetime, Regime]] = []
        self.shown: dict[str, Shown] = defaultdict(Shown)
        self.holds: dict[tuple[str, str], Callable[[], bool]] = {}
        self.deceived: dict[str, datetime] = {}
        self.life = 0
        self._looks: dict[tuple[str, str], list[Look]] = defaultdict(list)
        self._intents: Counter[tuple[str, str]] = Counter()
        self._intended_at: dict[str, datetime] = {}
        self._flights: dict[int, Flight] = {}
        self._withdrew: dict[tuple[str, str], str] = {}
        self._last: dict[str, tuple[datetime, Definition]] = {}
        self._tokens = 0

    def expect(self, truth: object, otherwise: str) -> None:
        if not truth:
            self.violations.append(f"{self.now():%Y-%m-%d %H:%M:%S} {otherwise}")

    # what it is told

    @property
    def regime(self) -> Regime:
        return self.regimes[-1][1]

    def reigns(self, regime: Regime) -> None:
        self.regimes = [*self.regimes[-30:], (self.now(), regime)]

    def looks(self, service: str, watcher: str) -> Look:
        look = Look(self.steady(), self.life)
        self._looks[service, watcher] = [*self._looks[service, watcher][-1:], look]
        return look

    def intended(self, run: str, text: str) -> None:
        self._intents[run, text] += 1
        self._intended_at.setdefault(run, self.now())

    def unsent(self, run: str) -> None:
        """Take in that what was meant last was not written."""
        for key in [one for one in self._intents if one[0] == run]:
            del self._intents[key]

    def shows(self, array: str, relations: Mapping[str, Live]) -> set[str]:
        """Take in what an array has by now; returns the pairs that are otherwise than before."""
        known, now, changed = self.shown[array], self.now(), set[str]()
        for pair in known.relations.keys() | relations.keys():
            old, new = known.relations.get(pair), relations.get(pair)
            if old is new or old == new:
                continue
            changed.add(pair)
            known.before[pair] = (now, old)
            if new is not None and (old is None or old.acted_at != new.acted_at):
                known.acted[pair] = now
            if new is not None and (old is None or old.created_at != new.created_at):
                self._withdrew.pop((array, pair), None)
        known.relations = dict(relations)
        return changed

    # a changing command

    def written(self, text: str) -> int:
        """Judge a command as it is written to a dscli that is logged in; returns its token."""
        command = read(text)
        self.counts["commands"] += 1
        self.counts[command.verb] += 1
        definition, clone = self._meant(command)
        self._once(command)
        self._apart(command)
        if definition is None or clone is None:
            self.expect(None, f"2: no service has the pairs of {text}")
        else:
            self._targets(command, definition)
            self._whole(command, clone)
            self._allowed(command, definition)
            self._alive(command, definition, clone)
            self._last[definition.name] = (self.now(), definition)
        if command.verb == "rmflash" and definition:
            self._withdrew |= {(command.array, pair): definition.name for pair in command.pairs}
        self._tokens += 1
        name = definition.name if definition else "?"
        self._flights[self._tokens] = Flight(command, name, self.now())
        return self._tokens

    def landed(self, token: int) -> None:
        """Take in that a dscli is gone."""
        self._flights.pop(token, None)

    def _meant(self, command: Command) -> tuple[Definition | None, Clone | None]:
        """Find whose command it is: by the present definitions, or by those it was begun by."""
        for one in self.regime.services.values():
            if clone := _clone_of(command, one):
                return one, clone
        for begun, one in self._last.values():
            if self.now() - begun <= BEGUN and (clone := _clone_of(command, one)):
                return one, clone
        return None, None

    def _once(self, command: Command) -> None:
        """Invariant 4: each command was meant once, and written down before."""
        meant = [key for key, left in self._intents.items() if left and key[1] == command.text]
        self.expect(meant, f"4: sent without an intent: {command.text}")
        for key in meant[-1:]:
            del self._intents[key]

    def _apart(self, command: Command) -> None:
        """Invariant 3: nobody else is at these volumes, nor the array on behalf of anybody."""
        for flight in self._flights.values():
            both = flight.command.volumes & command.volumes
            self.expect(not both, f"3: {command.text} while {flight.command.text} is on its way")
        late = self._waiting(command.array) & command.volumes
        self.expect(
            not late, f"3: {command.text} while the array has still to act on {sorted(late)}"
        )

    def _targets(self, command: Command, definition: Definition) -> None:
        """Invariant 2: only targets of that service, none protected, none a source."""
        named = {(command.array, one) for one in command.targets}
        mine = {(c.array, one) for c in definition.clones for one in c.targets}
        self.expect(named <= mine, f"2: foreign target in {command.text}")
        banned = named & self.regime.protected
        self.expect(not banned, f"2: protected {sorted(banned)} in {command.text}")
        sources = named & self.regime.sources
        self.expect(not sources, f"2: {sorted(sources)} is a source, in {command.text}")

    def _whole(self, command: Command, clone: Clone) -> None:
        """Invariants 6 and 7: all pairs in their order, and the options of each command."""
        needs, may = _FLAGS.get(command.verb, (set(), set()))
        self.expect(command.verb in _FLAGS, f"7: not a known command: {command.text}")
        self.expect(needs <= command.flags, f"7: flags are missing in {command.text}")
        self.expect(command.flags <= needs | may, f"7: unwanted flags in {command.text}")
        self.expect((command.verb == "resyncflash") is clone.recording, f"7: wrong {command.text}")
        if command.verb != "rmflash":
            self.expect(("-cp" in command.flags) is clone.bgcopy, f"7: bgcopy in {command.text}")
            self.expect(command.pairs == clone.pairs, f"6: not all in order: {command.text}")
            return
        ordered = tuple(pair for pair in clone.pairs if pair in command.pairs)
        self.expect(command.pairs == ordered, f"6: not in order: {command.text}")
        for pair in set(clone.pairs) - set(command.pairs):
            there = pair in self.shown[clone.array].relations and not self._news(clone.array, pair)
            self.expect(not there, f"6: {pair} is left out of {command.text}")

    def _allowed(self, command: Command, definition: Definition) -> None:
        """Invariant 1: every guard has looked just now and said so, and so it was."""
        name = definition.name
        for (kind, over), binds in self.holds.items():
            covered = kind == "all" or over == name or over in definition.arrays
            self.expect(not (covered and binds()), f"held: {command.text} of {name}")
        proofs = 0
        for watcher in definition.watchers:
            looks = self._looks[name, watcher.name]
            if not looks:
                self.expect(None, f"1: {watcher.name} was never asked before {command.text}")
                continue
            last, wanted = looks[-1], "down" if watcher.proves else "clear"
            self.expect(last.life == self.life, f"1: {watcher.name} was asked in another life")
            self.expect(
                last.said == wanted, f"1: {watcher.name} said {last.said!r}: {command.text}"
            )
            age = self.steady() - last.began
            self.expect(age <= FRESH, f"1: {watcher.name} looked {age:.1f} s before {command.text}")
            self.expect(not last.up, f"1: {name} was up when {watcher.name} looked")
            proofs += watcher.proves and last.said == "down"
            if watcher.tells_starts and len(looks) > 1 and looks[0].life == self.life:
                same = looks[0].starts == last.starts
                self.expect(same, f"1: {name} was started between two looks of {watcher.name}")
        self.expect(proofs, f"1: no guard has proved {name} down before {command.text}")

    def _alive(self, command: Command, definition: Definition, clone: Clone) -> None:
        """Invariant 2: each live relation is as configured, or was until just now."""
        if self.now() - self.deceived.get(command.array, self.now() - BEGUN) < SEEN:
            self.counts["deceived"] += 1
            return
        relations = self.shown[command.array].relations
        for pair in command.pairs:
            target = pair.partition(":")[2]
            others = [
                one
                for one in relations
                if one != pair and target in one.split(":") and not self._news(command.array, one)
            ]
            self.expect(not others, f"2: {target} is in {others}, before {command.text}")
            if command.verb == "mkflash":
                self._own(command, pair, definition)
            elif not self._news(command.array, pair):
                live = relations.get(pair)
                fits = live and live.plain and live.persistent and live.recording is clone.recording
                self.expect(fits, f"2: {pair} is not as configured but {live}: {command.text}")

    def _own(self, command: Command, pair: str, definition: Definition) -> None:
        """To establish: no relation, and the service's own withdrawal is open."""
        if self._news(command.array, pair):
            by = self._withdrew.get((command.array, pair), definition.name)
        else:
            live = self.shown[command.array].relations.get(pair)
            self.expect(live is None, f"2: {pair} is there still, before {command.text}")
            by = self._withdrew.get((command.array, pair), "")
        self.expect(by == definition.name, f"2: {pair} was withdrawn by {by!r}: {command.text}")

    def _news(self, array: str, pair: str) -> bool:
        """Whether a relation changed so lately that nobody need know."""
        known = self.shown[array].before.get(pair)
        return known is not None and self.now() - known[0] <= SEEN

    # a claim

    def claims_done(self, run: str, pairs: list[tuple[str, str]]) -> None:
        """Judge that a run is said to be done: each pair was acted on since it was meant.

        What somebody else withdrew after it was listed is done all the same.
        """
        self.counts["done"] += 1
        meant = self._intended_at.get(run)
        self.expect(meant, f"5: run {run} is done and was never meant")
        for array, pair in pairs:
            acted = self.shown[array].acted.get(pair)
            there = pair in self.shown[array].relations or self._news(array, pair)
            true = meant and acted and acted >= meant and there
            self.expect(true, f"5: {pair} is said to be done, and was acted on at {acted}")

    def claims_fresh(self, name: str, earliest: datetime, slack: timedelta) -> None:
        """Judge an age that is told, by the truth of the oldest pair."""
        definition = self.regime.services.get(name)
        if definition is None:
            return
        acted = [self.shown[array].acted.get(pair) for array, pair in definition.pairs]
        known = [one for one in acted if one is not None]
        self.expect(len(known) == len(acted), f"5: {name} is said to hold a copy and does not")
        fresh = known and earliest <= min(known) + slack
        self.expect(
            fresh, f"5: {name} is said to be of {earliest}, and is of {min(known, default=None)}"
        )


def _clone_of(command: Command, one: Definition) -> Clone | None:
    """Tell the resource whose pairs are named; to withdraw, some of them."""
    for clone in one.clones:
        if clone.array == command.array and set(command.pairs) <= set(clone.pairs):
            return clone
    return None
