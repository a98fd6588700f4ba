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
    ("tests/integration/engine/test_ahead.py", "sqlite", 1),  # each case stands for a rule
    ("tests/integration/engine/test_late.py", "", 4),
    ("tests/integration/engine/faults/", "", 6),
    ("tests/integration/engine/", "", 3),  # the contract of stores holds both, whole
    ("tests/switches/", "", 8),
    ("tests/contract/test_guard_contract.py", " there", 8),
    ("tests/contract/test_array_contract.py::test_no_answer_claims_", "interactive", 8),
    ("tests/contract/test_array_contract.py", "interactive", 4),
    ("tests/contract/test_array_contract.py", "oneshot", 4),
    ("tests/integration/test_dscli_under_switches.py", "", 6),
    ("tests/integration/test_kept_sessions.py::test_a_fault_in_the_middle_", "", 10),
    ("tests/integration/test_kept_sessions.py::test_no_answer_depends_", "", 10),
    ("tests/integration/guards/test_kubernetes.py", "", 3),
    ("tests/integration/sim/test_compare.py", "", 4),
    ("tests/integration/sim/test_faults.py", "", 4),
    ("tests/integration/sim/test_terminal_", "", 3),
    ("tests/integration/stores/test_backups.py", "", 3),
    ("tests/e2e/test_backup.py", "", 3),
    ("tests/e2e/test_doctor.py", "", 3),
)
"""Of the cases of a folder, file or function whose id holds a word, one in so many is played.

The first line that fits counts: each function keeps one case at least of every word.
"""


def left_out(cases: Iterable[str], seed: str = SEED) -> frozenset[str]:
    """Tell which of these cases are not played."""
    out: set[str] = set()
    rest = set(cases)
    for place, word, parts in ONE_OF:
        by_function: dict[str, list[str]] = defaultdict(list)
        for case in rest:
            function, bracket, values = case.partition("[")
            if bracket and case.startswith(place) and word in values:
                by_function[function].append(case)
        for found in by_function.values():
            rest.difference_update(found)
            found.sort(key=lambda case: crc32(f"{seed} {case}".encode()))
            out |= set(found[-(-len(found) // parts) :])
    return frozenset(out)
