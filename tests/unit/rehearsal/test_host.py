"""What the host of a service holds against flashd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from flashd.model.service import Freshness, Resource, Service
from flashd.model.volumes import Pair
from flashd.rehearsal.clocks import VirtualClock
from flashd.rehearsal.host import Dependent, Harm
from flashd.rehearsal.mischief import Mischief
from flashd.rehearsal.spans import Span
from flashd.rehearsal.terms import Terms
from flashd.rehearsal.twin import make_array, open_twin

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.rehearsal.twin import Twin

A = "IBM.2107-75AAA01"
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 23, tzinfo=UTC)
USED = Span(START, START + HOUR)
SERVICE = Service(
    name="only",
    freshness=Freshness(min_delay=HOUR, max_delay=25 * HOUR),
    schedule=None,
    timezone=ZoneInfo("UTC"),
    guards=(),
    resources=(Resource(id="sync#1", array=A, pairs=(Pair.parse("0001:0002"),)),),
)


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    path = make_array(A, [SERVICE], {"only": START - HOUR}, tmp_path)
    mischief = Mischief(0, Random(1), {})  # noqa: S311 - no secret
    return open_twin(
        A, path, VirtualClock(START), Terms(start=START, span=timedelta(days=1)), mischief
    )


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("resynced", [True, False])
def test_a_target_resynced_under_its_host_is_harm_whether_or_not_it_took_writes(
    twin: Twin, *, writable: bool, resynced: bool
) -> None:
    twin.array.write("0001")
    twin.array.set_relation("0001:0002", target_writable=writable)
    harm: list[Harm] = []
    mount, let_go = Dependent(SERVICE, {A: twin}, harm).acts([USED], USED.end)
    mount.do()
    if resynced:
        twin.array.drop_relation("0001:0002")
        twin.array.establish("0001:0002")
    let_go.do()
    assert [one.volume for one in harm] == (["0002"] if resynced else [])
    assert all(one.found != one.expected for one in harm)
