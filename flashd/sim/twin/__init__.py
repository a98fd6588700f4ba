"""A twin: a simulated array made of what a real one listed.

`plan` says what a paste amounts to, and is pure; `make` writes it into a new array file.
"""

from flashd.sim.twin.plan import Twin, Wishes, plan
from flashd.sim.twin.write import Access, make

__all__ = ["Access", "Twin", "Wishes", "make", "plan"]
