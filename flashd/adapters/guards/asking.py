"""Asking a program of a cluster or of a volume manager, and taking only a whole answer."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import account, cause, excerpt, unknown, witnessed
from flashd.adapters.guards.here import Here, Look
from flashd.adapters.processes import Ending
from flashd.model.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from flashd.adapters.guards.here import Asked
    from flashd.adapters.processes import Completed
    from flashd.ports.remote import Remote

_OUTPUT_CAP = 1 << 23
_TAG = re.compile(r"<[^<>]*>")
_UNWRITTEN = re.compile(r"[^\S \t\n]|[\x00-\x08\x0e-\x1f\x7f]")
"""No program that is asked here writes these; with a terminal in between, one could come to."""

ROOT = unknown("it was not asked as root, to whom alone all of it is told")
"""To others AIX tells less without saying so."""


def is_root(told: str) -> bool:
    """Whether `id -u` told the number of root."""
    return told == "0\n"


@dataclass(frozen=True, slots=True)
class Question:
    """What is run, and the words by which a probe is asked for the same.

    `folder` is where the product keeps its programs, which need not be in PATH. A variable of
    `diverted_by` would have the program answer from somewhere else than from this host.
    """

    argv: tuple[str, ...]
    words: tuple[str, ...]
    folder: str = ""
    diverted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interview:
    """Questions that are asked one after the other, and what their answers prove together."""

    host: str | None
    limit: timedelta
    questions: Sequence[Question]
    judge: Callable[[Sequence[str]], Finding]
    remote: Remote | None

    async def hold(self) -> Finding:
        """Ask, and judge; an answer that cannot be read proves nothing."""
        late = f"{self.questions[0].argv[0]} did not answer"
        return await Look(self.host, self.limit, late, self.remote).take(self._ask)

    async def _ask(self, asked: Asked) -> Finding:
        answers: dict[str, str] = {}
        for question in self.questions:
            answer = await _answer(asked, question)
            if isinstance(answer, Finding):
                return answer
            answers[" ".join(question.argv)] = answer
        try:
            finding = self.judge(list(answers.values()))
        except (ValueError, RecursionError) as error:
            finding = unknown(f"what was answered is not understood: {error}")
        return witnessed(finding, answers)


async def _answer(asked: Asked, question: Question) -> str | Finding:
    argv = question.argv
    if isinstance(asked, Here):
        if names := [name for name in question.diverted_by if name in os.environ]:
            return unknown(f"{names[0]} is set here, so {argv[0]} may tell of something else")
        argv = (_found(argv[0], question.folder), *argv[1:])
    try:
        done = await asked.run(argv, question.words, cap=_OUTPUT_CAP)
    except OSError as error:
        return unknown(f"{question.argv[0]} cannot be run: {cause(error)}")
    return done if isinstance(done, Finding) else _text(question.argv[0], done)


def _text(program: str, done: Completed) -> str | Finding:
    if done.ending is not Ending.EXITED or done.exit_status != 0:
        return unknown(_failure(program, done), account(done))
    if done.output and not done.output.endswith(b"\n"):
        # the rest of the line may be the word that matters: |OFFLINE| of |OFFLINE|FAULTED|
        return unknown(f"the answer of {program} breaks off", account(done))
    try:
        text = done.output.decode("utf-8")
    except UnicodeDecodeError:
        return unknown(f"{program} answered what is no text", account(done))
    if strange := _UNWRITTEN.search(text):
        return unknown(f"the answer of {program} holds {strange[0]!a}", account(done))
    return text


def _found(program: str, folder: str) -> str:
    return shutil.which(program) or (folder and shutil.which(program, path=folder)) or program


def _failure(program: str, done: Completed) -> str:
    if done.ending is Ending.FLOODED:
        return f"{program} wrote too much and was killed"
    lines = [_TAG.sub("", line).strip() for line in (*excerpt(done.errors), *excerpt(done.output))]
    said = next(filter(None, lines), "nothing")
    return f"{program} ended with {done.exit_status} and said: {said}"
