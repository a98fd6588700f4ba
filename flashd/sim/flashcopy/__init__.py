"""What FlashCopy does to volumes and relations, and what it refuses.

Nothing here knows commands, options as typed, or texts on a screen. A refusal is an answer.
"""

from flashd.sim.flashcopy.establish import establish
from flashd.sim.flashcopy.freeze import freeze, thaw
from flashd.sim.flashcopy.moments import act_on_each, one_point_in_time
from flashd.sim.flashcopy.options import Act, Options, Refused, fitted
from flashd.sim.flashcopy.refusals import TARGETS_PER_SOURCE
from flashd.sim.flashcopy.resync import resync
from flashd.sim.flashcopy.reverse import reverse, swap
from flashd.sim.flashcopy.revertible import commit, make_revertible, revert
from flashd.sim.flashcopy.settle import settle
from flashd.sim.flashcopy.space import UNPREDICTABLE
from flashd.sim.flashcopy.withdraw import withdraw, withdraw_when_copied
from flashd.sim.flashcopy.writes import QUEUED, hosts_write, write

__all__ = [
    "QUEUED",
    "TARGETS_PER_SOURCE",
    "UNPREDICTABLE",
    "Act",
    "Options",
    "Refused",
    "act_on_each",
    "commit",
    "establish",
    "fitted",
    "freeze",
    "hosts_write",
    "make_revertible",
    "one_point_in_time",
    "resync",
    "reverse",
    "revert",
    "settle",
    "swap",
    "thaw",
    "withdraw",
    "withdraw_when_copied",
    "write",
]
