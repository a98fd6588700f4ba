"""All probes through one client, each an own login; the first that goes wrong ends it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flashd.sim.compare.client import ASKED, FLOODED, LATE, Client, Said
from flashd.sim.compare.lines import MESSAGE, read
from flashd.sim.compare.probes import IMAGES, RELATIONS, VOLUMES, Probe, request
from flashd.sim.compare.shape import Table, tables
from flashd.sim.errors import SimError

IMAGE = re.compile(r"IBM\.\d{4}-[0-9A-Z]{7}")
_VOLUME = re.compile(r"[0-9A-F]{4}", re.IGNORECASE)
_PAIR = re.compile(r"[0-9A-F]{4}:[0-9A-F]{4}", re.IGNORECASE)
_AUTHENTICATION, _CONNECTION = 5, 3
_NOT_STARTED = {63, 64, 65, 66, 126, 127}
_REFUSED = re.compile(
    r"\bCMUC00191E\b|authenticat|password has expired|account is locked", re.IGNORECASE
)
_MOST_LATE = 2

Answers = dict[str, Said]


class StoppedError(Exception):
    """Why nothing more is asked: a login that was refused must not be tried again."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one side answered, by the names of the probes; `facts` were filled into the lines."""

    answers: Mapping[str, Said]
    facts: Mapping[str, str]


def take(
    client: Client, probes: Sequence[Probe], facts: Mapping[str, str], told: Callable[[str], None]
) -> Survey:
    """Ask all probes in order, learn from the listings what to fill in, stop at a refusal."""
    answers: Answers = {}
    known = dict(facts)
    late = 0
    for probe in probes:
        if (lines := probe.filled(known)) is None:
            continue
        told(probe.name)
        said = client(request(probe, lines))
        late += said.cut in {LATE, FLOODED}
        if why := _reason_to_stop(probe, said, late):
            raise StoppedError(why)
        answers[probe.name] = said
        known = _learned(probe, said) | known
        if probe is IMAGES and "device" not in known:
            raise StoppedError("lssi named no storage image that could be asked about")
    return Survey(answers, known)


def _reason_to_stop(probe: Probe, said: Said, late: int) -> str:
    """Say why to end, in words that hold no value of the site."""
    if said.cut == ASKED:
        return "dscli asks for more than it was given; nothing was answered to it"
    if said.status == _AUTHENTICATION or _REFUSED.search(_complaints(said)):
        return "the login was refused; it is not tried again, since five refusals lock the account"
    if said.cut:
        return f"dscli: {said.cut}" if late >= _MOST_LATE or probe is IMAGES else ""
    return _failure(probe, said.status)


def _failure(probe: Probe, status: int) -> str:
    if status in _NOT_STARTED:
        return f"dscli cannot be started (exit {status})"
    if status == _CONNECTION:
        return "dscli has no connection to the management console (exit 3)"
    if probe is IMAGES and status != 0:
        return f"lssi failed, exit {status}: without it nothing else is tried"
    return ""


def _complaints(said: Said) -> str:
    """Return what cannot be a listing, which may hold any name."""
    messages = [line.text for line in read(said.stdout) if line.kind == MESSAGE]
    return "\n".join((said.stderr, *messages))


def _learned(probe: Probe, said: Said) -> dict[str, str]:
    """Return what a listing gives to be asked about."""
    if probe is IMAGES:
        found = [match[0] for line in said.stdout.splitlines() if (match := IMAGE.search(line))]
        return {"device": _only(found)} if found else {}
    if probe is RELATIONS:
        return _first("pair", said, _PAIR)
    return _first("volume", said, _VOLUME) if probe is VOLUMES else {}


def _only(images: list[str]) -> str:
    if len(set(images)) > 1:
        raise SimError("the console manages several storage images; name one with --dev")
    return images[0]


def _first(name: str, said: Said, form: re.Pattern[str]) -> dict[str, str]:
    cells = [cell for table in tables(said.stdout) for cell in table.column("ID")]
    return next(({name: cell} for cell in cells if form.fullmatch(cell)), {})


def listing(survey: Survey, probe: Probe) -> Table | None:
    """Return the table that a probe was answered with."""
    said = survey.answers.get(probe.name)
    return next(iter(tables(said.stdout)), None) if said else None
