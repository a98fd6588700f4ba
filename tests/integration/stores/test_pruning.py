"""What a slice of pruning costs does not grow with the history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from flashd.adapters.stores.store import open_store
from flashd.model.history import Retention
from flashd.model.run import Outcome
from tests.contract.stores.samples import NOW, FakeHost, run

if TYPE_CHECKING:
    from pathlib import Path


async def test_sqlite_looks_for_old_runs_by_the_index_that_has_them_first(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/flashd.db", FakeHost())
    for name in ("1", "2", "3"):
        await store.open_run(run(name))
        await store.close_run(name, NOW, Outcome.DONE, "", [])
    asked: list[tuple[str, Any]] = []
    engine = store._reading._engine
    event.listen(
        engine, "before_cursor_execute", lambda _c, _u, text, given, *_: asked.append((text, given))
    )
    later = NOW + timedelta(days=401)
    assert (await store.prune(Retention(at_most=2), later, 9)).runs == 2
    queries = [(text, given) for text, given in asked if text.startswith("SELECT")]
    assert len(queries) == 3, "how many are kept, what is too much, what is too old"
    with engine.connect() as connection:
        plans = [
            [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
            for text, given in queries
        ]
    await store.close()
    slow = "TEMP B-TREE", "MULTI-INDEX OR", "SCAN runs"
    assert [step for plan in plans[1:] for step in plan if any(one in step for one in slow)] == []
    assert [plan[0].partition("INDEX ")[2].split()[0] for plan in plans] == [
        "sqlite_autoindex_runs_2",  # of nr
        "sqlite_autoindex_runs_2",
        "runs_by_end",
    ]
