"""All probes through one client, each an own login; the first that goes wrong ends it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flashd.sim.compare import login
from flashd.sim.compare.client import ASKED, FLOODED, LATE, Client, Said
from flashd.sim.compare.probes import IMAGES, RELATIONS, VOLUMES, Probe, request
from flashd.sim.compare.shape import Table, tables
from flashd.sim.errors import SimError

IMAGE = re.compile(r"IBM\.\d{4}-[0-9A-Z]{7}")
_VOLUME = re.compile(r"[0-9A-F]{4}", re.IGNORECASE)
_PAIR = re.compile(r"[0-9A-F]{4}:[0-9A-F]{4}", re.IGNORECASE)
_CONNECTION = 3
_NOT_STARTED = {63, 64, 65, 66, 126, 127}
_MOST_LATE = 2
_MOST_UNSURE = 3
"""With the look that follows four logins at most are refused, where five lock the account."""

_NOTHING_LISTED = (
    "nothing is listed, so that the login may have been refused; it is not tried again, since five"
    " refusals lock the account"
)

Answers = dict[str, Said]


class StoppedError(Exception):
    """Why nothing more is asked: a login that was refused must not be tried again."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one side answered, by the names of the probes; `facts` were filled into the lines."""

    answers: Mapping[str, Said]
    facts: Mapping[str, str]
    logins: int


@dataclass(slots=True)
class _Asking:
    """A survey while it goes on; the last `unsure` answers did not show that the login is good."""

    client: Client
    careful: bool
    logins: int = 0
    late: int = 0
    unsure: int = 0

    def ask(self, probe: Probe, lines: tuple[str, ...]) -> Said:
        """Ask one probe, after another look at the login where that is in doubt."""
        if self.careful and self.unsure >= _MOST_UNSURE:
            self._look_again()
        said = self._ask(probe, lines)
        if self.careful:
            self.unsure = self._doubt(probe, said)
        return said

    def _ask(self, probe: Probe, lines: tuple[str, ...]) -> Said:
        self.logins += 1
        said = self.client(request(probe, lines))
        self.late += said.cut in {LATE, FLOODED}
        if why := _reason_to_stop(probe, said, self.late):
            raise StoppedError(why)
        return said

    def _doubt(self, probe: Probe, said: Said) -> int:
        if login.lists(said):
            return 0
        if said.cut or not probe.lists:
            return self.unsure + 1
        if probe is IMAGES or not login.own_error(probe, said):
            raise StoppedError(f"{probe.name}: {_NOTHING_LISTED}")
        return _MOST_UNSURE

    def _look_again(self) -> None:
        if not login.lists(self._ask(IMAGES, IMAGES.lines)):
            raise StoppedError(f"{IMAGES.name}, asked again: {_NOTHING_LISTED}")
        self.unsure = 0


def take(
    client: Client,
    probes: Sequence[Probe],
    facts: Mapping[str, str],
    told: Callable[[str], None],
    *,
    careful: bool = True,
) -> Survey:
    """Ask all probes in order, learn from the listings what to fill in, stop at a refusal.

    A refusal need not be told as one: `careful` also stops where an answer must list and does not.
    """
    asking = _Asking(client, careful)
    answers: Answers = {}
    known = dict(facts)
    for probe in probes:
        if (lines := probe.filled(known)) is None:
            continue
        told(probe.name)
        said = asking.ask(probe, lines)
        answers[probe.name] = said
        known = _learned(probe, said) | known
        if probe is IMAGES and "device" not in known:
            raise StoppedError("lssi named no storage image that could be asked about")
    return Survey(answers, known, asking.logins)


def _reason_to_stop(probe: Probe, said: Said, late: int) -> str:
    """Say why to end, in words that hold no value of the site."""
    if said.cut == ASKED:
        return "dscli asks for more than it was given; nothing was answered to it"
    if login.refused(said):
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
