"""Where two surveys differ in shape, and which switch of the simulator would make them alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flashd.sim.compare import shape
from flashd.sim.compare.probes import SCRIPT, STREAM, Probe
from flashd.sim.compare.shape import Shape
from flashd.sim.compare.survey import Answers

_ALWAYS_COMPARED = frozenset(("end", "line ends"))
"""Aspects that can be compared also where one array has what the other has none of."""

_BEHAVIOUR = {
    "end": "exit-codes",
    "streams": "error-stream",
    "answers": "answer-order",
    "banner": "banner-form",
    "prompt": "stream-prompt",
    "blank lines": "blank-lines",
    "line ends": "line-ends",
    "message ids": "message-ids",
    "message texts": "message-texts",
    "columns": "lssi-columns",
    "rule": "rule-line",
    "delimiter": "default-delimiter",
    "dates": "date-form",
    "ids": "id-forms",
    "decimal": "decimal-capacity",
    "names": "names-and-values",
}
_LISTINGS = frozenset(
    ("lsextpool", "lsfbvol", "lsflash", "lshostconnect", "lspprc", "lssi", "lsvolgrp")
)
_ASPECTS = frozenset(_BEHAVIOUR)
_OF_VALUES = frozenset(("dates", "ids", "decimal", "line ends", "columns", "rule", "delimiter"))
"""Aspects of tables: whether there is one is told by the answers' order."""

_OF_PROBE = {
    ("error-first", "answers"): "after-an-error",
    ("script", "answers"): "after-an-error",
    ("paging", "answers"): "paging",
    ("verbose", "message ids"): "verbose",
    ("banners", "banner"): "session-banner",
    ("unknown-command", "banner"): "banner-refused",
    ("xml", "names"): "stanza-and-xml",
    ("stanza", "names"): "stanza-and-xml",
    ("other-image", "end"): "foreign-image",
    ("no-such-pair", "end"): "none-found",
    ("no-such-pair-alone", "end"): "none-found",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect of one probe's answers; both texts are shapes and hold no value."""

    probe: str
    aspect: str
    real: str
    simulated: str
    behaviour: str
    switches: tuple[tuple[str, str], ...] = field(default=())

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same when the simulator is moved."""
        return self.probe, self.aspect


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, and the probes that could not be compared as a whole."""

    differences: tuple[Difference, ...]
    incomparable: tuple[str, ...]


def compare(probes: Iterable[Probe], real: Answers, simulated: Answers) -> Comparison:
    """Compare what both were asked."""
    found: list[Difference] = []
    incomparable: list[str] = []
    for probe in probes:
        if (probe.name in real) != (probe.name in simulated):
            incomparable.append(probe.name)
        elif probe.name in real:
            theirs, ours = shape.of(real[probe.name]), shape.of(simulated[probe.name])
            other = _one_has_none(theirs, ours)
            incomparable += [probe.name] if other else []
            found += _differing(probe, theirs, ours, only=_ALWAYS_COMPARED if other else _ASPECTS)
    return Comparison(tuple(found), tuple(incomparable))


def _one_has_none(theirs: Shape, ours: Shape) -> bool:
    """Say whether the arrays' contents differ, so that one lists and the other finds none."""
    none = [shape.NONE_FOUND in side["message ids"] for side in (theirs, ours)]
    return none[0] != none[1] and any(side["answers"] for side in (theirs, ours))


def _differing(probe: Probe, theirs: Shape, ours: Shape, only: frozenset[str]) -> list[Difference]:
    aspects = [aspect for aspect in _BEHAVIOUR if aspect in only]
    return [
        Difference(probe.name, aspect, real, simulated, _behaviour(probe, aspect))
        for aspect in aspects
        if (real := theirs.get(aspect, "")) != (simulated := ours.get(aspect, ""))
        and _speaks(aspect, real, simulated)
    ]


def _speaks(aspect: str, real: str, simulated: str) -> bool:
    """Say whether both answers tell something of an aspect that hangs on there being values."""
    return bool(real and simulated) or aspect not in _OF_VALUES


def _behaviour(probe: Probe, aspect: str) -> str:
    if aspect == "end" and probe.mode in {STREAM, SCRIPT}:
        return _OF_PROBE.get((probe.name, aspect), "stream-exit")
    if aspect == "columns":
        verb = probe.lines[-1].split(" ")[0]
        return f"{verb if verb in _LISTINGS else 'lssi'}-columns"
    return _OF_PROBE.get((probe.name, aspect), _BEHAVIOUR[aspect])


def keys(differences: Iterable[Difference]) -> frozenset[tuple[str, str]]:
    """Return what differs, whatever it looks like."""
    return frozenset(difference.key for difference in differences)


def explained(
    before: Sequence[Difference], after: Iterable[Difference], move: tuple[str, str]
) -> tuple[Difference, ...]:
    """Name `move` on the differences that it has ended."""
    left = keys(after)
    return tuple(
        Difference(d.probe, d.aspect, d.real, d.simulated, d.behaviour, (*d.switches, move))
        if d.key not in left
        else d
        for d in before
    )


def added_columns(differences: Iterable[Difference]) -> str:
    """Return the columns that a real lsflash -l adds, as `extra_columns` takes them."""
    for one in differences:
        if one.behaviour == "lsflash-columns" and one.real.startswith(f"{one.simulated},"):
            return one.real.removeprefix(f"{one.simulated},")
    return ""


def zones(differences: Iterable[Difference]) -> Mapping[str, str]:
    """Return for the labels of zones in real dates a zone that has them."""
    told = [word for one in differences if one.aspect == "dates" for word in one.real.split()]
    return {label: zone for label, zone in _ZONES.items() if label in told}


_ZONES = {
    "CET": "Europe/Paris",
    "CEST": "Europe/Paris",
    "MET": "MET",
    "MEST": "MET",
    "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon",
    "EET": "Europe/Athens",
    "EEST": "Europe/Athens",
    "BST": "Europe/London",
    "GMT": "Europe/London",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "JST": "Asia/Tokyo",
    "IST": "Asia/Kolkata",
    "UTC": "UTC",
}
