"""Asking a host's probe: another host's by ssh, and on this host the same script.

So what a shell has to tell of a host is gathered by one text, and read in one place.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import account, excerpt, unknown
from flashd.adapters.guards.here import Here
from flashd.adapters.processes import Ending
from flashd.adapters.remote import frame
from flashd.model.printable import harmless
from flashd.model.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.adapters.guards.here import There

SYSFS = Path("/sys")
SCRIPT = Path(frame.__file__).with_name("probe.sh")

_CAP = 1 << 25
_SECONDS = 30
_SECTION = re.compile(r"\n==> ([^\n ]+) <==(?=\n)")  # another may follow at once

Sections = dict[str, str]


async def ask(asked: Here | There, words: tuple[str, ...], sysfs: Path = SYSFS) -> str | Finding:
    """Put a question; what is not a whole answer is a finding. Raises `OSError`."""
    if isinstance(asked, Here):
        return await _ask_here(asked, words, sysfs)
    done = await asked.run((), words, cap=_CAP)
    if isinstance(done, Finding):
        return done
    if done.exit_status != 0:
        return unknown(f"the probe of {asked.host} ended with {done.exit_status}", account(done))
    return _text(done.output)


async def _ask_here(here: Here, words: tuple[str, ...], sysfs: Path) -> str | Finding:
    nonce = secrets.token_hex(16)
    question = frame.question(nonce, _SECONDS, words)
    path = os.environ.get("PATH", os.defpath)
    argv = ("/bin/sh", str(SCRIPT), "-p", path, "-s", str(sysfs), "-q", question)
    done = await here.run(argv, words, cap=_CAP)
    if isinstance(done, Finding):
        return done
    if done.ending is Ending.FLOODED:
        return unknown("the probe of this host wrote too much and was killed")
    try:
        answer = frame.read(done.output, nonce)
    except frame.Torn as torn:
        return unknown(f"the probe of this host gave no usable answer: {torn}", account(done))
    if answer.status is None:
        return unknown(f"the probe of this host refused: {' '.join(excerpt(answer.body))}")
    if done.exit_status != 0 or answer.status != 0:
        return unknown(f"the probe of this host ended with {answer.status}", account(done))
    return _text(answer.body)


def _text(said: bytes) -> str:
    return said.decode("utf-8", "backslashreplace")


def sections(told: str) -> Sections:
    """Take an answer apart; raises `ValueError` where something is told twice, or before it."""
    start, *rest = _SECTION.split(f"\n{told}")
    if start.strip():
        raise ValueError("it begins with something else")
    names = rest[0::2]
    if len(set(names)) != len(names):
        raise ValueError("something is told twice")
    return {name: body[1:] for name, body in zip(names, rest[1::2], strict=True)}


@dataclass(frozen=True, slots=True)
class Failed(Exception):  # noqa: N818 - named for what became of the program
    """A program of the host did not end well; `said` is what it wrote last."""

    program: str
    status: str
    said: str

    def __str__(self) -> str:
        return f"{self.program} ended with {self.status} and said: {self.said}"


def output(told: Mapping[str, str], name: str) -> str:
    """Pick what a program wrote that ended well; raises `Failed` or `LookupError`."""
    status = told[f"status/{name}"].strip()
    if status != "0":
        last = told[name].strip().rpartition("\n")[2].strip()
        raise Failed(name.partition("/")[0], status, harmless(last[:200]) or "nothing")
    return told[name]
