"""Which cases `make test` plays of the tables that are too long for it; `make whole` plays all.

Each test function keeps some of its cases, at least one. The sample is the same for everybody, so
that what passes here passes there; `FLASHD_TEST_SEED` draws another, and the seed is printed.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SEED = os.environ.get("FLASHD_TEST_SEED", "1")
ALL = bool(os.environ.get("FLASHD_TEST_ALL"))

ONE_OF: Sequence[tuple[str, str, int]] = (
    ("tests/integration/engine/", "postgresql", 8),  # the contract of stores holds both, whole
    ("tests/integration/engine/", "sqlite", 2),
    ("tests/switches/", "", 8),
    ("tests/contract/test_guard_contract.py", " there", 4),
    ("tests/contract/test_array_contract.py", "interactive", 4),
    ("tests/contract/test_array_contract.py", "", 2),
    ("tests/integration/test_dscli_under_switches.py", "", 3),
    ("tests/integration/test_kept_sessions.py", "", 5),
    ("tests/integration/guards/test_kubernetes.py", "", 3),
    ("tests/integration/engine/test_late.py", "", 2),
    ("tests/integration/engine/faults/", "", 2),
    ("tests/integration/sim/test_compare.py", "", 2),
    ("tests/integration/sim/test_faults.py", "", 2),
    ("tests/e2e/test_backup.py", "", 2),
    ("tests/e2e/test_doctor.py", "", 2),
)
"""Of the cases of a file or folder whose id holds a word, one in so many is played."""


def left_out(cases: Iterable[str], seed: str = SEED) -> frozenset[str]:
    """Tell which of these cases are not played."""
    out: set[str] = set()
    for place, word, parts in ONE_OF:
        by_function: dict[str, list[str]] = defaultdict(list)
        for case in cases:
            function, bracket, values = case.partition("[")
            if bracket and case.startswith(place) and word in values and case not in out:
                by_function[function].append(case)
        for found in by_function.values():
            found.sort(key=lambda case: crc32(f"{seed} {case}".encode()))
            out |= set(found[-(-len(found) // parts) :])
    return frozenset(out)
