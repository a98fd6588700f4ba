"""The guards of all services, each asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import NO_SERVICE, Diagnosis, ok, problem, unseen
from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flashd.model.verdict import Reading


def judge_guards(readings: Mapping[str, Sequence[Reading]]) -> Iterator[Diagnosis]:
    """Tell which guards know nothing: each holds its service back, as an Up would."""
    check = "guards"
    said = [reading.verdict for one in readings.values() for reading in one]
    if not said:
        yield unseen(check, "there is none to ask" if readings else NO_SERVICE)
        return
    counts = [f"{said.count(verdict)} {verdict}" for verdict in Verdict if verdict in said]
    words = f"{len(said)} of {len(readings)} services: {', '.join(counts)}"
    if Verdict.UNKNOWN not in said:
        yield ok(check, words)
        return
    yield problem(check, words, "Mend those that know nothing: an Unknown refuses every resync.")
    for service, one in readings.items():
        for reading in one:
            if reading.verdict is Verdict.UNKNOWN:
                yield problem(
                    f"guard of {service}",
                    f"{reading.guard}: {reading.finding.reason}",
                    "docs/guards.md tells what this guard needs to see.",
                )
