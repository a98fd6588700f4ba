"""Taking a backup of the store, and restoring one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flashd.adapters.stores import backups, journal, rules
from flashd.adapters.stores.leases import SqlLeases, valid
from flashd.adapters.stores.server import without_limits
from flashd.adapters.threads import beside
from flashd.core.restore import at_work
from flashd.model.backup import Busy, Restored, Unsaid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from flashd.model.backup import Backup
    from flashd.ports.host import Host


class SqlCopies(SqlLeases):
    """`flashd.ports.store.Copies`."""

    async def back_up(self, file: Path, at: datetime, *, replace: bool) -> Backup:
        """Write what is known at one instant to a file, and verify it."""
        where = self._reading.where

        def work(connection: Connection) -> Backup:
            return backups.write(backups.Source(connection, where), file, at, replace=replace)

        return await self._reading.run(work)

    async def restore(
        self, file: Path, at: datetime, *, nothing_ran: bool | None
    ) -> Restored | Busy | Unsaid:
        """Add what a backup has and this store lacks, all or nothing."""
        with TemporaryDirectory(prefix="flashd-restore-") as directory:
            backup, engine = await beside(partial(backups.prepare, file, Path(directory)))
            try:
                work = partial(
                    _restore,
                    source=engine,
                    backup=backup,
                    host=self._host,
                    at=at,
                    nothing_ran=nothing_ran,
                )
                return await self._writing.run(partial(self._unless_at_work, at=at, work=work))
            finally:
                engine.dispose()

    def _unless_at_work(
        self,
        connection: Connection,
        at: datetime,
        work: Callable[[Connection], Restored | Unsaid],
    ) -> Restored | Busy | Unsaid:
        """Look and act in one transaction, in which nobody can begin anything else."""
        without_limits(connection)
        reason = at_work(journal.still_open(connection), valid(connection, self._host, at))
        if reason is not None:
            return Busy(reason)
        restored = work(connection)
        if isinstance(restored, Restored):
            rules.look_again(connection, at)
        return restored


def _restore(
    connection: Connection,
    source: Engine,
    backup: Backup,
    host: Host,
    at: datetime,
    *,
    nothing_ran: bool | None,
) -> Restored | Unsaid:
    with source.begin() as rows:
        merge = rules.begin(connection, rows, backup, host, at, nothing_ran=nothing_ran)
        if open_questions := rules.unsaid(merge):
            return Unsaid(open_questions)
        taken = rules.take_over(merge)
    return Restored(
        backup=backup,
        taken=taken,
        disbelieved=tuple(merge.disbelieved),
        holds=tuple(merge.brought_back),
    )
