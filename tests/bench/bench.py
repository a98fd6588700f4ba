"""Figures as ratios from one run: `make bench`.

A ratio is the measured figure over its target, so below 1 is good. Wall times of a shared machine
are noisy; compare figures of one run only. Ends with 1 where a figure could not be measured, with 2
where it is not told what to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flashd
from flashd.adapters.clock import SystemClock
from tests.bench import batches, commands, fleets, killed, report, sites, today
from tests.bench.parts import BenchError, Measured, Part, run, wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULT = Path("build/bench.json")
PAGE = Path("docs/performance.md")
UNMEASURED, MISUSED = 1, 2

# Users have flashd compiled; told to keep nothing compiled, each process would compile it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def parts() -> list[Part]:
    """Tell all parts in their order."""
    return [
        *commands.parts(),
        *batches.parts(),
        *sites.parts(),
        *killed.parts(),
        *today.parts(),
        *fleets.parts(),
    ]


def bench(words: Sequence[str], every: Sequence[Part]) -> int:
    """Measure what is asked for of `every` part, print a row each, write them down.

    Returns the exit status.
    """
    asked = _arguments(every).parse_args(words)
    try:
        chosen = _chosen(asked, every)
    except BenchError as error:
        print(error, file=sys.stderr)
        return MISUSED
    measured = [_told(run(part)) for part in chosen]
    print(report.spent(measured))
    _write(asked.json, report.document(setting(), measured), markdown=asked.markdown)
    if missing := report.unmeasured(measured):
        print(f"not measured: {'; '.join(missing)}", file=sys.stderr)
        return UNMEASURED
    return 0


def _chosen(asked: argparse.Namespace, every: Sequence[Part]) -> list[Part]:
    if asked.only and asked.markdown:
        raise BenchError("a page holds the figures of one whole run; leave out --only")
    return wanted(every, asked.only)


def _arguments(every: Sequence[Part]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    names = ", ".join(part.name for part in every)
    parser.add_argument("--only", nargs="+", default=[], help=f"parts that hold a word: {names}")
    parser.add_argument("--json", type=Path, default=RESULT, help=f"the document, {RESULT}")
    parser.add_argument(
        "--markdown",
        nargs="?",
        type=Path,
        const=PAGE,
        help=f"a page to write the tables into, between its marks; {PAGE} where none is named",
    )
    return parser


def _told(measured: Measured) -> Measured:
    """Print a part as soon as it is measured."""
    print(f"\n{measured.part}\n{report.heading()}")
    for figure in measured.figures:
        print(report.row(figure), flush=True)
    return measured


def setting() -> dict[str, Any]:
    """Say when, where and of what it is measured."""
    return {
        "flashd": flashd.__version__,
        "when": SystemClock().now().isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "load": round(os.getloadavg()[2], 2),
        },
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def _write(file: Path, document: dict[str, Any], *, markdown: Path | None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if markdown is not None:
        page = markdown.read_text(encoding="utf-8")
        text = f"{report.preface(document)}\n\n{report.table(document)}"
        markdown.write_text(report.renewed(page, text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(bench(sys.argv[1:], parts()))
