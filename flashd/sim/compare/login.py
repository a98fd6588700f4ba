"""What an answer shows of the login it came with: five refusals lock an account for everybody."""

import re

from flashd.sim.compare import masks
from flashd.sim.compare.client import Said
from flashd.sim.compare.lines import DATA, MESSAGE, XML, Line, read
from flashd.sim.compare.probes import Probe
from flashd.sim.compare.shape import NONE_FOUND, Table, tables

_AUTHENTICATION = 5
_REFUSED = re.compile(
    r"""\bCMUC00191E\b
    |authenticat|credential
    |log.?[io]n.*(fail|refus|den[iy]|reject|invalid|incorrect|unsuccess)
    |(fail|refus|den[iy]|reject|invalid|incorrect|unsuccess|unable|cannot).*log.?[io]n\b
    |password.*(expire|invalid|incorrect|wrong)
    |(expire|invalid|incorrect|wrong).*password
    |(account|user).*(\block|disabled|expired)
    |(\block|disabled|expired).*(account|user)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Public material gives the id alone, not the words, so that many are taken for a refusal."""

_ID = re.compile(r"(IBM\.\d{4}-[0-9A-Z]{7}/?)?(([0-9A-Fa-f]{4})(:(IBM\S+/)?[0-9A-Fa-f]{4})?)?")


def refused(said: Said) -> bool:
    """Say whether an answer speaks of a login that was refused; rows, which hold names, may."""
    if said.status == _AUTHENTICATION:
        return True
    whole = not lists(said)
    spoken = [line.text for line in read(said.stdout) if whole or not _may_hold_names(line)]
    return any(map(_REFUSED.search, (*said.stderr.splitlines(), *spoken)))


def lists(said: Said) -> bool:
    """Say whether an answer has what only somebody who was let in is told."""
    out = read(said.stdout)
    none_found = any(line.identity == NONE_FOUND for line in (*out, *read(said.stderr)))
    return none_found or any(map(_is_listed, out)) or any(map(_is_header, tables(said.stdout)))


def own_error(probe: Probe, said: Said) -> bool:
    """Say whether an error names a command of the probe, as one of a session that is open does."""
    verbs = {line.split(" ")[0] for line in probe.lines}
    both = (*read(said.stdout), *read(said.stderr))
    return any(line.said.partition(":")[0] in verbs for line in both if line.kind == MESSAGE)


def _may_hold_names(line: Line) -> bool:
    return line.row or line.kind == XML


def _is_header(table: Table) -> bool:
    return 2 * sum(map(masks.known, table.columns)) >= len(table.columns)


def _is_listed(line: Line) -> bool:
    """Say whether a line without a header is a listing's: it has an id first, or after its name."""
    if line.kind == XML:
        return 'NAME="' in line.text
    first = re.split(r"[,|;\s]+", line.text)[:2]
    return (
        line.kind == DATA and not line.row and any(word and _ID.fullmatch(word) for word in first)
    )
