"""A PostgreSQL server: how it lets flashd in, how it does not, and whose clock counts."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores import server as at_server
from flashd.adapters.stores.server import refuse_older, without_limits
from flashd.adapters.stores.store import open_store
from flashd.config.settings import Settings
from flashd.errors import StoreError
from flashd.model.lease import FOREIGN_LEASE, Held, Holder
from flashd.model.run import Outcome
from flashd.wiring import Home
from tests.contract.stores.samples import HERE, NOW, FakeHost, intent, run
from tests.servers.clock import at_the_server, set_clock
from tests.servers.postgresql import PASSWORD, Server, free_port, standby

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from flashd.adapters.host import LinuxHost
    from flashd.adapters.stores.store import SqlStore
    from tests.integration.stores.conftest import Spawn


async def refused(url: str, host: LinuxHost) -> StoreError:
    with pytest.raises(StoreError) as told:
        await open_store(url, host, patience=0.2)
    assert told.value.hint.endswith(".")
    for text in (str(told.value), repr(told.value), told.value.hint):
        assert PASSWORD not in text
    return told.value


def locked(server: Server, password: str = "", more: str = "") -> str:
    """Log in as the one who needs a password."""
    url = server.url(server.schema("locked"), user=f"locked{password and ':'}{password}")
    return url + more


async def opens(url: str, host: LinuxHost) -> None:
    store = await open_store(url, host)
    await store.open_run(run())
    assert await store.open_runs() == [run()]
    await store.close()


@pytest.fixture
def passfile(tmp_path: Path) -> Path:
    file = tmp_path / "pgpass"
    file.touch(mode=0o600)
    file.write_text(f"*:*:*:locked:{PASSWORD}\n")
    return file


async def test_a_password_from_a_passfile_in_the_url(
    server: Server, host: LinuxHost, passfile: Path
) -> None:
    await opens(locked(server, more=f"&passfile={passfile}"), host)


async def test_a_password_from_pgpassfile(
    server: Server, host: LinuxHost, passfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    await opens(locked(server), host)


async def test_all_of_it_from_a_service_file(
    server: Server,
    host: LinuxHost,
    passfile: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "pg_service.conf"
    schema = server.schema("locked")
    file.write_text(
        f"[flashd]\nhost=127.0.0.1\nport={server.port}\nuser=locked\ndbname=flashd\n"
        f"passfile={passfile}\noptions=-csearch_path={schema}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    await opens("postgresql+psycopg://?service=flashd", host)
    assert server.ask(f"SELECT count(*) FROM {schema}.runs") == [(1,)]  # noqa: S608 - our own


async def test_no_password_at_all_where_the_socket_knows_who_we_are(
    server: Server, host: LinuxHost
) -> None:
    schema = server.schema("peered")
    options = f"host={server.directory}&port={server.port}&options=-csearch_path%3D{schema}"
    await opens(f"postgresql+psycopg://peered@/flashd?{options}", host)


async def test_the_role_needs_no_more_than_a_schema_of_its_own(
    server: Server, host: LinuxHost
) -> None:
    assert server.ask(
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'locked'"
    ) == [(False,)]
    await opens(locked(server, PASSWORD), host)


async def test_a_wrong_password(server: Server, host: LinuxHost) -> None:
    error = await refused(locked(server, "wrong"), host)
    assert "does not let flashd in" in error.message
    assert "wrong" not in error.message
    assert "passfile" in error.hint


async def test_no_password(server: Server, host: LinuxHost) -> None:
    assert "does not let flashd in" in (await refused(locked(server), host)).message


async def test_a_user_whom_the_server_turns_away(server: Server, host: LinuxHost) -> None:
    error = await refused(server.url("x", user="rejected"), host)
    assert "does not let flashd in" in error.message
    assert "pg_hba.conf" in error.hint


async def test_no_such_user(server: Server, host: LinuxHost) -> None:
    assert "does not exist" in (await refused(server.url("x", user="nobody"), host)).message


async def test_no_such_database(server: Server, host: LinuxHost) -> None:
    error = await refused(server.url("x").replace("/flashd?", "/songs?"), host)
    assert "does not exist" in error.message
    assert "Create the database" in error.hint


async def test_nobody_listens(host: LinuxHost) -> None:
    port = free_port()
    url = f"postgresql+psycopg://flashd:{PASSWORD}@127.0.0.1:{port}/flashd"
    error = await refused(url, host)
    place = f"postgresql+psycopg://flashd@127.0.0.1:{port}/flashd"
    assert error.message.startswith(f"state store {place} cannot be reached (")
    assert "Until then nothing is sent" in error.hint


async def test_no_such_host(host: LinuxHost) -> None:
    error = await refused("postgresql+psycopg://flashd@no.such.host.invalid/flashd", host)
    assert "cannot be reached" in error.message


async def test_a_server_that_never_answers(
    host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(at_server._WIRE, "connect_timeout", "2")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with asyncio.timeout(10):
        error = await refused(f"postgresql+psycopg://flashd@127.0.0.1:{port}/flashd", host)
    assert "cannot be reached" in error.message
    listener.close()


async def test_no_schema_to_work_in(server: Server, host: LinuxHost) -> None:
    error = await refused(server.url("missing").removesuffix(",pg_catalog"), host)
    assert "has no schema to work in" in error.message
    assert "search_path" in error.hint


async def test_a_schema_of_somebody_else(server: Server, host: LinuxHost) -> None:
    error = await refused(server.url(server.schema("owner")), host)
    assert "refused flashd's role a right that it needs" in error.message
    assert "docs/operations.md" in error.hint


async def test_a_store_of_somebody_else(server: Server, host: LinuxHost) -> None:
    schema = server.schema()
    await opens(server.url(schema), host)
    server.ask(f"GRANT USAGE ON SCHEMA {schema} TO reader")
    assert (
        "refused flashd's role" in (await refused(server.url(schema, user="reader"), host)).message
    )


async def test_a_standby_is_not_even_read_and_the_primary_is_found(
    server: Server, host: LinuxHost
) -> None:
    """It may be behind: its leases, and its intents, are of the past."""
    url = server.url(server.schema())
    await opens(url, host)
    with standby(server) as copy:
        error = await refused(url.replace(f":{server.port}/", f":{copy.port}/"), host)
        assert "the server is read-only" in error.message
        assert "primary" in error.hint
        both = f"host=127.0.0.1:{copy.port}&host=127.0.0.1:{server.port}"
        store = await open_store(url.replace(f"127.0.0.1:{server.port}", "") + f"&{both}", host)
        await store.close_run("RUN1", NOW, Outcome.DONE, "", [])
        await store.close()


async def test_too_many_connections(server: Server, host: LinuxHost) -> None:
    error = await refused(server.url(server.schema("crowded"), user="crowded"), host)
    assert "takes no more connections" in error.message
    assert "flashd uses two" in error.hint


async def test_a_full_disk_at_the_server(server: Server, host: LinuxHost) -> None:
    """The server's own word for it; a disk of its own would need root."""
    store = await open_store(server.url(server.schema()), host)
    await raising(server, store, "53100")
    with pytest.raises(StoreError, match="the server's disk is full") as told:
        await store.open_run(run())
    assert "Free space" in told.value.hint
    assert await store.open_runs() == []
    await store.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("53200", "lacks room at the server"),
        ("58030", "the server's disk says no"),
        ("XX001", "is damaged"),
        ("57P01", "is being stopped"),
        ("23505", "refused a record that contradicts"),
        ("42P01", "lacks a table"),
        ("22012", "cannot be used"),
    ],
)
async def test_whatever_else_the_server_says(
    server: Server, host: LinuxHost, code: str, said: str
) -> None:
    store = await open_store(server.url(server.schema()), host)
    await raising(server, store, code)
    with pytest.raises(StoreError, match=said) as told:
        await store.open_run(run())
    assert told.value.hint.endswith(".")
    await store.close()


async def raising(server: Server, store: SqlStore, code: str) -> None:
    """Have the server raise this at the next run that is written."""
    schema = await store._reading.run(
        lambda c: c.exec_driver_sql("SELECT current_schema()").scalar_one()
    )
    server.ask(
        f"CREATE FUNCTION {schema}.no() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'no'; END $$"
    )
    server.ask(f"CREATE TRIGGER no BEFORE INSERT ON {schema}.runs EXECUTE FUNCTION {schema}.no()")


async def test_a_statement_without_an_end(
    server: Server, host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_server, "STATEMENT_SECONDS", 0.3)
    store = await open_store(server.url(server.schema()), host)
    with pytest.raises(StoreError, match="did not answer in time"):
        await store._reading.run(lambda c: c.exec_driver_sql("SELECT pg_sleep(60)"))
    assert await store.open_runs() == []
    await store.close()


async def test_what_moves_whole_tables_has_time_and_what_comes_after_has_not(
    server: Server, host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_server, "STATEMENT_SECONDS", 0.3)
    monkeypatch.setattr(at_server, "REPLY_SECONDS", 0.6)
    store = await open_store(server.url(server.schema()), host)

    def long(connection: Connection) -> None:
        without_limits(connection)
        connection.exec_driver_sql("SELECT pg_sleep(1)")

    for lane in (store._writing, store._reading):
        await lane.run(long)
        with pytest.raises(StoreError, match="did not answer in time"):
            await lane.run(lambda c: c.exec_driver_sql("SELECT pg_sleep(1)"))
        assert await lane.run(lambda c: c.connection.dbapi_connection.limit) == 0.6  # type: ignore[union-attr]  # it is there
    await store.close()


def test_a_server_that_is_too_old() -> None:
    refuse_older(130000)
    with pytest.raises(StoreError, match="is version 12, and flashd needs 13 or newer") as told:
        refuse_older(120022)
    assert "Upgrade" in told.value.hint


async def test_the_version_is_looked_at_when_a_server_is_opened(
    server: Server, host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_server, "OLDEST", 990000)
    assert "flashd needs 99 or newer" in (await refused(server.url(server.schema()), host)).message


@pytest.mark.parametrize("setting", ["off", "local", "remote_write"])
async def test_what_was_told_as_written_is_durable_whatever_the_role_s_default(
    server: Server, host: LinuxHost, setting: str
) -> None:
    server.ask(f"ALTER ROLE flashd SET synchronous_commit = {setting}")
    try:
        store = await open_store(server.url(server.schema()), host)
        for lane in (store._writing, store._reading):
            found = await lane.run(
                lambda c: c.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            )
            assert found == "on"
        await store.close()
    finally:
        server.ask("ALTER ROLE flashd RESET synchronous_commit")


async def test_a_reader_sees_one_state_of_the_store_and_writes_nothing(
    server: Server, host: LinuxHost
) -> None:
    store = await open_store(server.url(server.schema()), host)
    found = await store._reading.run(
        lambda c: c.exec_driver_sql("SHOW transaction_isolation").scalar_one()
    )
    assert found == "repeatable read"
    with pytest.raises(StoreError, match="cannot be written"):
        await store._reading.run(lambda c: c.exec_driver_sql("DELETE FROM leases"))
    await store.close()


async def test_two_schemas_do_not_wait_for_each_other(
    server: Server, host: LinuxHost, spawn: Spawn
) -> None:
    child = spawn("lock", server.url(server.schema()))
    assert child.stdout
    assert child.stdout.readline().strip() == "locked"
    other = await open_store(server.url(server.schema()), host, patience=0.2)
    await other.enlist(["payroll"], NOW)
    await other.close()


ONE = replace(FakeHost().holder("a"), host="one")
TWO = replace(FakeHost().holder("b"), host="two")


@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(hours=1)])
async def test_hosts_whose_clocks_differ_take_no_live_lease(
    server: Server, ahead: timedelta
) -> None:
    """The server's clock decides: what the callers take for now is not asked for."""
    url = server.url(server.schema())
    first, second = await open_store(url, FakeHost()), await open_store(url, FakeHost())
    assert await first.acquire(["daemon"], ONE, NOW) is None
    held = await second.acquire(["daemon"], TWO, NOW + ahead)
    assert isinstance(held, Held)
    assert held.by == ONE
    await first.close()
    await second.close()


async def test_a_lease_of_another_host_is_void_30_s_later_by_the_server_s_clock(
    server: Server,
) -> None:
    store = await open_store(server.url(server.schema()), FakeHost())
    await at_the_server(store)
    await set_clock(store, NOW)
    assert await store.acquire(["daemon"], ONE, NOW) is None
    await set_clock(store, NOW + FOREIGN_LEASE - timedelta(microseconds=1))
    assert await store.acquire(["daemon"], TWO, NOW + timedelta(days=9)) is not None
    await set_clock(store, NOW + FOREIGN_LEASE)
    assert await store.acquire(["daemon"], TWO, NOW) is None
    assert await store.renew(ONE, NOW) == 0
    await store.close()


async def test_an_intent_bears_the_server_s_time_by_which_it_is_waited_for(
    server: Server,
) -> None:
    """A command of another host is waited for as long as it may run: by whose clock?"""
    store = await open_store(server.url(server.schema()), FakeHost())
    await at_the_server(store)
    await set_clock(store, NOW)
    await store.open_run(run())
    behind = replace(intent(), at=NOW - timedelta(minutes=30))
    await store.intend(behind, [], Holder("elsewhere", "b", 1, 1, "t"))
    (found,) = await store.open_runs()
    assert found.steps[0].intent.at == NOW
    assert await store.time(NOW + timedelta(days=10)) == NOW
    await store.close()


async def test_beside_a_file_the_caller_s_clock_decides(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/flashd.db", FakeHost())
    assert await store.acquire(["daemon"], replace(ONE, host="elsewhere"), NOW) is None
    me = replace(TWO, host=HERE)
    assert await store.acquire(["daemon"], me, NOW + FOREIGN_LEASE) is None
    await store.close()


async def test_a_password_never_shows(server: Server, host: LinuxHost, tmp_path: Path) -> None:
    url = locked(server, PASSWORD)
    home = Home(tmp_path, url)
    assert PASSWORD not in repr(home)
    assert PASSWORD not in repr(Settings().with_state(url))
    store = await open_store(url, host)
    server.ask("ALTER ROLE locked NOLOGIN")
    try:
        await asyncio.to_thread(end_sessions, server)
        with pytest.raises(StoreError) as told:
            await store.open_runs()
        shown = str(told.value) + repr(told.value) + told.value.hint
        cause = told.value.__cause__
        while cause:
            shown += str(cause) + repr(cause)
            cause = cause.__cause__
        assert PASSWORD not in shown
    finally:
        server.ask("ALTER ROLE locked LOGIN")
        await store.close()


@pytest.mark.parametrize("option", ["password", "sslpassword"])
async def test_a_password_among_the_options_is_refused(host: LinuxHost, option: str) -> None:
    error = await refused(f"postgresql+psycopg://flashd@db/flashd?{option}={PASSWORD}", host)
    assert error.message == f"the URL of the state store has a {option} among its options"
    assert "passfile" in error.hint


async def test_an_option_that_libpq_does_not_know(server: Server, host: LinuxHost) -> None:
    error = await refused(server.url("x") + "&colour=red", host)
    assert "an option in its URL that libpq does not know" in error.message


def end_sessions(server: Server) -> None:
    server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'locked'")
