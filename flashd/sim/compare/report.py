"""A comparison in words and in JSON, with no value of the site in it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flashd.sim.behaviours import find
from flashd.sim.compare.differences import Comparison, Difference
from flashd.sim.compare.search import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a comparison came to; `logins` is how many it took at the real console."""

    comparison: Comparison
    moves: tuple[Move, ...]
    compared: int
    logins: int
    applied: bool = False


def in_words(outcome: Outcome, file: str) -> str:
    """Return the report for a person."""
    comparison = outcome.comparison
    parts = [_told(probes, one) for probes, one in _alike(comparison.differences)]
    if comparison.incomparable:
        names = ", ".join(comparison.incomparable)
        parts.append(f"not compared, one array has none of what is listed: {names}\n")
    parts.append(_moves(outcome, file))
    parts.append(_summary(outcome))
    return "\n".join(filter(None, parts))


def _alike(differences: Sequence[Difference]) -> list[tuple[list[str], Difference]]:
    """Put together what differs in the same way under several probes."""
    found: dict[tuple[object, ...], tuple[list[str], Difference]] = {}
    for one in differences:
        same = (one.behaviour, one.aspect, one.real, one.simulated, one.switches)
        found.setdefault(same, ([], one))[0].append(one.probe)
    return list(found.values())


def _told(probes: Sequence[str], one: Difference) -> str:
    moves = " ".join(f"{name}={value}" for name, value in one.switches)
    return (
        f"{one.aspect} ({one.behaviour}, {find(one.behaviour).tag}): {', '.join(probes)}\n"
        f"  real       {one.real or '-'}\n"
        f"  simulated  {one.simulated or '-'}\n"
        + (_columns(one) if one.aspect == "columns" else "")
        + (f"  alike with {moves}\n" if moves else "")
    )


def _columns(one: Difference) -> str:
    """Say what is missing in the real one's columns, what it adds, or that it orders otherwise."""
    theirs, ours = one.real.split(","), one.simulated.split(",")
    missing = [name for name in ours if name not in theirs]
    added = [name for name in theirs if name not in ours]
    told = [f"missing {', '.join(missing)}"] if missing else []
    told += [f"additional {', '.join(added)}"] if added else []
    return f"  {'; '.join(told) or 'in another order'}\n"


def _moves(outcome: Outcome, file: str) -> str:
    if not outcome.moves:
        return ""
    lines = "".join(f"flashd sim switch {file} {name} {value}\n" for name, value in outcome.moves)
    done = "these switches were moved:" if outcome.applied else "more alike after:"
    return f"{done}\n{lines}"


def _summary(outcome: Outcome) -> str:
    differences = outcome.comparison.differences
    left = sum(not one.switches for one in differences)
    told = (
        f"{len(differences)} differences, {left} of them by no switch" if differences else "alike"
    )
    return f"{outcome.compared} probes compared, {outcome.logins} logins: {told}\n"


def as_json(outcome: Outcome) -> str:
    """Return the report for a program."""
    comparison = outcome.comparison
    differences = [
        {**asdict(one), "switches": dict(one.switches), "tag": find(one.behaviour).tag}
        for one in comparison.differences
    ]
    return json.dumps(
        {
            "version": 1,
            "alike": not differences,
            "compared": outcome.compared,
            "logins": outcome.logins,
            "incomparable": list(comparison.incomparable),
            "differences": differences,
            "moves": dict(outcome.moves),
            "applied": outcome.applied,
        },
        indent=2,
        ensure_ascii=False,
    )
