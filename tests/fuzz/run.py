"""Fuzz all targets, or those that are named: `python -m tests.fuzz.run --seconds 60 yaml`.

Prints for each how many executions there were, how much of the code they reached, and the seed.
Whatever breaks a promise is written to a file, and the rest goes on; the exit status is then 1.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(include=["flashd"]):
    from tests.fuzz.table import TARGETS

from tests.fuzz.mutate import flooded, mutate

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tests.fuzz.target import Target

HERE = Path(__file__).parent
FOUND = HERE / "found"
ROOT = HERE.parents[1]
HANGS = 20
"""Seconds of the wall clock; the limit of a single execution by which a hang is known."""

LONGEST = 3.0
"""Seconds of processor time for one case that was blown up."""

FLOOD_EVERY = 256
MOST_KINDS = 10
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_EXECUTED = re.compile(r"stat::number_of_executed_units: (\d+)")


@dataclass(slots=True)
class Trial:
    """Runs one target under the fuzzer, in a process of its own."""

    target: Target
    found: Path
    seeds: list[bytes]
    kinds: set[str] = field(default_factory=set)

    def one(self, data: bytes) -> None:
        """Try one case; what breaks a promise is kept, once for each place in the code."""
        try:
            self.target.check(data, self.target.read(data))
            if (number := zlib.crc32(data)) % FLOOD_EVERY == 0:
                self._flood(data, number)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self._keep(data, error)

    def _flood(self, data: bytes, number: int) -> None:
        large = flooded(data, self.target.flood, number)
        began = time.process_time()
        self.target.read(large)
        if (took := time.process_time() - began) > LONGEST:
            self._keep(large, AssertionError(f"{len(large)} bytes took {took:.1f} s"))

    def _keep(self, data: bytes, error: Exception) -> None:
        frames = [
            f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)
        ]
        kind = f"{type(error).__name__} {' '.join(frames[-2:])}"
        if kind in self.kinds:
            return
        self.kinds.add(kind)
        self.found.mkdir(parents=True, exist_ok=True)
        file = self.found / hashlib.sha256(data).hexdigest()[:12]
        file.write_bytes(data)
        sys.stderr.write(f"FOUND {file}\n{''.join(traceback.format_exception(error, limit=-12))}\n")
        sys.stderr.flush()
        if len(self.kinds) > MOST_KINDS:
            os._exit(1)

    def mutate(self, data: bytes, largest: int, seed: int) -> bytes:
        """Change a case."""
        del largest
        return mutate(self.target, self.seeds, atheris.Mutate, data, seed)


def _fuzz(target: Target, options: Namespace, corpus: Path) -> None:
    """Be the process that fuzzes one target; does not return."""
    trial = Trial(target, options.found / target.name, list(target.seeds()))
    for number, seed in enumerate([*trial.seeds, *known(target.name)]):
        (corpus / f"seed-{number:04}").write_bytes(seed)
    limit = f"-runs={options.runs}" if options.runs else f"-max_total_time={options.seconds}"
    hangs = options.found / target.name / ""
    hangs.mkdir(parents=True, exist_ok=True)
    words = [
        *("fuzz", limit, f"-seed={options.seed}", f"-max_len={target.largest}", "-len_control=0"),
        *(f"-timeout={HANGS}", "-rss_limit_mb=2048", "-print_final_stats=1"),
        *(f"-artifact_prefix={hangs}/", str(corpus)),
    ]
    atheris.Setup(words, trial.one, custom_mutator=trial.mutate)
    atheris.Fuzz()


def known(name: str) -> list[bytes]:
    """Read the cases that broke a promise once."""
    return [file.read_bytes() for file in sorted((FOUND / name).glob("*")) if file.is_file()]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of fuzzing one target."""

    name: str
    executed: int
    coverage: tuple[int, int, int]
    seconds: float
    log: str
    well: bool


def _run(target: Target, options: Namespace, folder: Path) -> Outcome:
    corpus = options.corpus / target.name if options.corpus else folder / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    log = folder / f"{target.name}.log"
    child = os.fork()
    if child == 0:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        tempfile.tempdir = str(folder)
        try:
            _fuzz(target, options, corpus)
        finally:
            os._exit(70)
    _, status, used = os.wait4(child, 0)
    text = log.read_text("utf-8", "replace")
    cases = [(0, 0, 0), *((int(a), int(b), int(c)) for a, b, c in _COVERAGE.findall(text))]
    executed = [0, *map(int, _EXECUTED.findall(text))]
    well = os.waitstatus_to_exitcode(status) == 0 and "FOUND " not in text and executed[-1] > 0
    return Outcome(target.name, executed[-1], cases[-1], used.ru_utime + used.ru_stime, text, well)


def _told(outcome: Outcome) -> str:
    coverage, features, kept = outcome.coverage
    end = "well" if outcome.well else "BROKEN"
    return (
        f"{outcome.name:<20} {outcome.executed:>10,} executions {coverage:>6} edges"
        f" {features:>6} features {kept:>5} cases {outcome.seconds:>6.1f} s  {end}"
    )


def _reports(log: str) -> list[str]:
    """Pick from a log what was found, and how it ended."""
    found = re.findall(r"^FOUND .*?(?=\n\n)", log, re.MULTILINE | re.DOTALL)
    lines = [line[:400] for report in (found or [log[-3000:]]) for line in report.split("\n")]
    return [f"    {line}" for line in lines]


def _arguments(words: Sequence[str]) -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="*", help="only these (default: all)")
    parser.add_argument("--seconds", type=int, default=20, help="a target")
    parser.add_argument("--runs", type=int, default=0, help="a target, in place of a time")
    parser.add_argument("--seed", type=int, default=0, help="default: drawn, and printed")
    parser.add_argument("--corpus", type=Path, help="where cases are kept between two runs")
    parser.add_argument("--found", type=Path, default=ROOT / "build" / "fuzz" / "found")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Fuzz, and print what came of it."""
    options = _arguments(words)
    if unknown := set(options.target) - set(TARGETS):
        sys.stderr.write(f"no such target: {' '.join(sorted(unknown))}; see tests/fuzz/table.py\n")
        return 2
    options.seed = options.seed or random.randrange(1, 2**31)
    folder = Path(tempfile.mkdtemp(prefix="flashd-fuzz-"))
    print(f"seed {options.seed}", flush=True)
    outcomes = []
    for name in options.target or TARGETS:
        outcome = _run(TARGETS[name], options, folder)
        outcomes.append(outcome)
        print(_told(outcome), flush=True)
        if not outcome.well:
            print(*_reports(outcome.log), sep="\n", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    executed, seconds = sum(o.executed for o in outcomes), sum(o.seconds for o in outcomes)
    print(
        f"{executed:,} executions of {len(outcomes)} targets in {seconds:.0f} s,"
        f" seed {options.seed}"
    )
    return 0 if all(outcome.well for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
