"""Leases against a model of them, whatever happens in whatever order (invariant 3)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from flashd.adapters.stores.store import open_store
from flashd.model.lease import FOREIGN_LEASE, Holder
from tests.contract.stores.samples import NOW
from tests.servers.clock import at_the_server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.model.run import Carrier
    from flashd.ports.store import Store
    from tests.conftest import Empty

HOSTS = ("one", "two")
PROCESSES = [
    Holder(host, "boot", pid, 1, token)
    for host in HOSTS
    for pid, token in ((10, "a"), (10, "b"), (11, "a"))
]
processes = st.sampled_from(PROCESSES)
names = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3)
seconds = st.sampled_from([1, 10, 29, 30, 31])


@dataclass
class Host:
    """One of several hosts; `dead` are the processes that have ended, on any of them."""

    name: str
    dead: set[tuple[str, int]]

    def holder(self, token: str) -> Holder:
        return Holder(self.name, "boot", 10, 1, token)

    def gone(self, holder: Holder) -> bool | None:
        return (holder.host, holder.pid) in self.dead if holder.host == self.name else None

    def ours(self, carrier: Carrier) -> bool:  # noqa: ARG002 - the port's
        return False

    async def end(self, carrier: Carrier) -> bool | None:
        return carrier.host == self.name or None


@dataclass(frozen=True)
class Lease:
    by: Holder
    renewed: timedelta


class Leases(RuleBasedStateMachine):
    """Processes on two hosts, each host with a store of its own on the same place."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.dead: set[tuple[str, int]] = set()
        self.now = timedelta(0)
        self.model: dict[str, Lease] = {}
        self.stores: Mapping[str, Store] = {
            name: self.runner.run(opened(url, Host(name, self.dead))) for name in HOSTS
        }

    def teardown(self) -> None:
        for store in self.stores.values():
            self.runner.run(store.close())
        self.runner.close()

    @rule(who=processes, wanted=names)
    def acquire(self, who: Holder, wanted: list[str]) -> None:
        if self._dead(who):
            return
        first = next((name for name in wanted if self._in_the_way(name, who)), None)
        held = self.runner.run(self.stores[who.host].acquire(wanted, who, NOW + self.now))
        assert (held and held.name) == first
        if held is None:
            self.model |= dict.fromkeys(wanted, Lease(who, self.now))
        else:
            assert held.by == self.model[held.name].by

    @rule(who=processes)
    def renew(self, who: Holder) -> None:
        if not self._dead(who):
            mine = {name for name, lease in self.model.items() if lease.by == who}
            kept = self.runner.run(self.stores[who.host].renew(who, NOW + self.now))
            assert kept == len(mine)
            self.model |= dict.fromkeys(mine, Lease(who, self.now))

    @rule(who=processes, given=names)
    def release(self, who: Holder, given: list[str]) -> None:
        if not self._dead(who):
            self.runner.run(self.stores[who.host].release(given, who))
            for name in given:
                if name in self.model and self.model[name].by == who:
                    del self.model[name]

    @rule(who=processes)
    def kill(self, who: Holder) -> None:
        self.dead.add((who.host, who.pid))

    @rule(who=processes)
    def start(self, who: Holder) -> None:
        """Have the number given to a process that holds nothing: the old one's leases are void."""
        if self._dead(who):
            self.dead.discard((who.host, who.pid))
            self.model = {
                name: lease
                for name, lease in self.model.items()
                if (lease.by.host, lease.by.pid) != (who.host, who.pid)
            }
            for ghost in PROCESSES:
                if (ghost.host, ghost.pid) == (who.host, who.pid):
                    self.runner.run(self.stores[who.host].release(list("xyz"), ghost))

    @rule(later=seconds)
    def pass_time(self, later: int) -> None:
        self.now += timedelta(seconds=later)

    @invariant()
    def agrees(self) -> None:
        for store in self.stores.values():
            held = self.runner.run(store.held())
            assert {name: one.by for name, one in held.items()} == {
                name: lease.by for name, lease in self.model.items()
            }

    def _dead(self, who: Holder) -> bool:
        return (who.host, who.pid) in self.dead

    def _in_the_way(self, name: str, who: Holder) -> bool:
        lease = self.model.get(name)
        if lease is None or lease.by == who:
            return False
        if lease.by.host == who.host:
            return not self._dead(lease.by)
        return self.now - lease.renewed < FOREIGN_LEASE


async def opened(url: str, host: Host) -> Store:
    return await at_the_server(await open_store(url, host))


def test_leases_do_what_the_model_does(empty: Empty) -> None:
    run_state_machine_as_test(
        lambda: Leases(empty()),  # type: ignore[arg-type]  # any callable that makes one will do
        settings=settings(max_examples=20, stateful_step_count=30, deadline=None),
    )
