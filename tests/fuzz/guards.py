"""What guards are answered. A new guard is one row: see `READERS`."""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.findings import unknown
from flashd.adapters.processes import Completed, Ending
from flashd.model.verdict import Finding, Verdict
from tests.fuzz.target import Shape, Target, cuts, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a program: how it ended, and what it wrote."""

    status: int | None
    output: bytes
    ending: Ending = Ending.EXITED

    @property
    def text(self) -> str:
        """What it wrote, as text."""
        return self.output.decode("utf-8", "replace")


def completed(argv: tuple[str, ...], said: Said) -> Completed:
    """Tell an answer as the adapter of processes does."""
    return Completed(
        argv=argv, ending=said.ending, exit_status=said.status, output=said.output, errors=b""
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A guard whose answers are fuzzed.

    `proof` is the verdict that lets a volume be overwritten, `literally` says in other words than
    the guard's whether these answers show it, and only that. `seeds` are the outputs of one look
    each, in the order in which the guard asks. A text that breaks off, or comes twice, must lose
    its proof, unless it comes in a frame that shows as much, or the exit status alone counts.
    `rows`: it lists things of which there may be fewer, so that a cut between two of them, the
    same list again, or one more thing in it shows nothing; a cut inside one does.
    """

    name: str
    guard: Callable[[], Any]
    literally: Callable[[Sequence[Said]], bool]
    seeds: Callable[[], Iterable[Sequence[bytes]]]
    words: tuple[bytes, ...] = ()
    proof: Verdict = Verdict.DOWN
    shape: Shape = Shape.LINES
    framed: bool = False
    by_status: bool = False
    rows: bool = False
    worse: Callable[[int, bytes], Iterable[bytes]] | None = None
    """Makes of an output in a frame, told by its place too, others that prove nothing."""
    largest: int = 8192
    head: bytes = b"0"
    """The exit status of the seeds."""


class Answers:
    """A host that says what it was told to, one answer a question, and then no more."""

    host = "tst1"

    def __init__(self, answers: Sequence[Said], *, framed: bool) -> None:
        self.framed = framed
        self.left = list(answers)
        self.asked = 0

    async def run(
        self, argv: tuple[str, ...], words: tuple[str, ...], *, cap: int
    ) -> Completed | Finding:
        """Answer the next question."""
        del words, cap
        self.asked += 1
        if not self.left:
            return completed(argv, Said(1, b""))
        said = self.left.pop(0)
        if self.framed and said.ending is not Ending.EXITED:
            return unknown("there was no whole answer")
        return completed(argv, said)


def said_of(data: bytes) -> list[Said]:
    """Read a case: of each answer a line with its exit status, or its ending; then its output."""
    found = []
    for text in data.split(joined("", "")):
        head, _, output = text.partition(b"\n")
        ending = {b"late": Ending.TIMED_OUT, b"flood": Ending.FLOODED}.get(head, Ending.EXITED)
        number = head.removeprefix(b"-")
        status = int(head) if number.isdigit() and len(number) <= 3 else None
        found.append(Said(status, output, ending))
    return found


def case_of(outputs: Sequence[bytes], head: bytes = b"0") -> bytes:
    """Write a case."""
    return joined(*(head + b"\n" + output for output in outputs))


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look, and how many answers it took."""

    finding: Finding
    asked: int


class Looking:
    """Takes looks with one guard."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._guard: Any = None

    def look(self, answers: Sequence[Said]) -> Look:
        """Look once."""
        self._guard = self._guard or self.reader.guard()
        host = Answers(answers, framed=self.reader.framed)
        finding = asyncio.run(self._guard._look(host))
        return Look(finding, min(host.asked, len(answers)))

    def read(self, data: bytes) -> Look:
        """Look at a case."""
        return self.look(said_of(data))

    def check(self, data: bytes, look: Look) -> None:
        """See that a proof is one, and none any more when anything is wrong with the answers."""
        finding, reader = look.finding, self.reader
        assert isinstance(finding, Finding)
        assert finding.reason
        assert finding.reason.isprintable(), f"{finding.reason!r} could command a terminal"
        json.dumps(finding.evidence, default=str).encode()
        assert finding.verdict is reader.proof or finding.verdict in {Verdict.UP, Verdict.UNKNOWN}
        if finding.verdict is not reader.proof:
            return
        answers = said_of(data)[: look.asked]
        assert all(one.ending is Ending.EXITED for one in answers), "it did not end by itself"
        if reader.rows:
            assert all(one.output.endswith(b"\n") or not one.output for one in answers), "it is cut"
        assert reader.literally(answers), f"{finding.verdict} is not what was answered"
        for number, one in enumerate(answers):
            for worse in self._worse(number, one):
                changed = [*answers[:number], worse, *answers[number + 1 :]]
                found = self.look(changed).finding.verdict
                assert found is not reader.proof, f"{found} of {worse}"

    def _worse(self, number: int, one: Said) -> Iterable[Said]:
        """Tell answers that prove nothing: of a program that failed, cut, garbled, twice."""
        yield Said(one.status, one.output, Ending.FLOODED)
        yield Said(None, one.output, Ending.TIMED_OUT)
        for output in self.reader.worse(number, one.output) if self.reader.worse else ():
            yield Said(one.status, output)
        if self.reader.framed or self.reader.by_status:
            return
        yield Said(-9, one.output)
        yield Said(1, one.output)
        if not self.reader.rows:
            yield Said(one.status, one.output + b"\nwhatever\n")
            yield Said(one.status, b"whatever\n" + one.output)
        if one.output.strip() and not self.reader.rows:
            yield Said(one.status, one.output * 2)
        for place in cuts(len(one.output.rstrip()), zlib.crc32(one.output)):
            if self.reader.rows and one.output[:place][-1:] in b"\n":
                continue
            yield Said(one.status, one.output[:place])

    def target(self) -> Target:
        """Make the target."""
        reader = self.reader
        return Target(
            name=f"guard-{reader.name}",
            read=self.read,
            check=self.check,
            seeds=lambda: [case_of(outputs, reader.head) for outputs in reader.seeds()],
            words=(b"late\n", b"flood\n", b"0\n", *reader.words),
            shape=reader.shape,
            largest=reader.largest,
        )
