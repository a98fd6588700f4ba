"""What people pinned of services comes back as it was, and stays until they pin it anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flashd.model.enrolment import Enrolment, Fact
from flashd.model.observation import Standing
from tests.contract.stores.samples import ARRAY, NOW, minute

if TYPE_CHECKING:
    from flashd.ports.store import Store

FACTS = (
    Fact(ARRAY, "target 0002", "name", "TST_é\udcff"),
    Fact(ARRAY, "target 0002", "host", "tst1 10000000C9A1B2C3"),
    Fact("", "service", "guard", "tcp tst1:1521"),
)
PAYROLL = Enrolment(service="payroll", at=NOW, by="ann", facts=FACTS)
OTHER = Enrolment(service="other", at=minute(1), by="bob\udcff", facts=())


async def test_nothing_is_enrolled_at_first(store: Store) -> None:
    assert await store.enrolment("payroll") is None
    assert await store.enrolments() == {}


async def test_what_is_enrolled_comes_back_as_it_was(store: Store) -> None:
    assert await store.enroll([PAYROLL], NOW) == {}
    assert await store.enrolment("payroll") == PAYROLL
    assert await store.enrolment("other") is None
    assert await store.enrolments() == {"payroll": PAYROLL}


async def test_enrolling_again_replaces_and_tells_what(store: Store) -> None:
    await store.enroll([PAYROLL, replace(OTHER, by="bob")], NOW)
    anew = replace(PAYROLL, at=minute(5), by="eve", facts=FACTS[:1])
    assert await store.enroll([anew], NOW) == {"payroll": PAYROLL}
    assert await store.enrolments() == {"payroll": anew, "other": replace(OTHER, by="bob")}


async def test_names_that_are_no_text_are_kept_readable(store: Store) -> None:
    await store.enroll([OTHER], NOW)
    found = await store.enrolment("other")
    assert found
    assert found.by == "bob\\udcff"


async def test_the_service_is_looked_at_at_once(store: Store) -> None:
    await store.enlist(["payroll", "other"], NOW)
    later = [Standing(service=one, look_at=minute(99)) for one in ("payroll", "other")]
    await store.stand(later)
    await store.enroll([PAYROLL], minute(1))
    assert await store.due(minute(1)) == ["payroll"]


async def test_a_service_that_is_removed_keeps_it(store: Store) -> None:
    await store.enlist(["payroll"], NOW)
    await store.enroll([PAYROLL], NOW)
    await store.enlist([], minute(1))
    assert await store.enrolment("payroll") == PAYROLL


async def test_who_has_asked_before_is_told_what_was_enrolled_since(store: Store) -> None:
    assert (await store.enrolment("payroll"), await store.enrolments()) == (None, {})
    await store.enroll([PAYROLL], NOW)
    assert await store.enrolment("payroll") == PAYROLL
    assert await store.enrolments() == {"payroll": PAYROLL}
