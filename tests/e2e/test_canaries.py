"""Secrets are planted wherever one can stand, and searched in everything that flashd writes.

What is searched: both streams of every command and of the daemon, what it tells the journal, the
store with its -wal and -shm, backups, and the arguments and the environment of each process that
is started. dscli's own environment is the one place where `dscli.env` has to be.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.e2e.forks import WITH_JOURNAL, Forks, forking
from tests.e2e.site import BIN, SERIAL, Site
from tests.integration.guards.api import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.postgresql import Server

PWFILE = "hunter2-canary-in-the-pwfile"
IN_DSCLI_ENV = "canary-of-the-environment"
IN_URL = "canary-pg-url"
IN_PGPASSWORD = "canary-pg-password"
IN_PGPASSFILE = "canary-pg-passfile"
IN_ENVIRONMENT = "canary-in-our-own-environment"
CALLED = ("DB_PASSWORD", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "api_key", "MY_PASSPHRASE")
IN_AUTH = "canary-auth-conf"
IN_KEY = "canary-ssh-key"
IN_HTTP = "canary-http-guard"
IN_KUBECONFIG = "canary-kubernetes-token"
TYPED = "canary-typed-by-mistake"
REFUSED = "canary-in-an-answer"
SHOWN = "canary-shown-by-a-guard"
ALL = (
    *(PWFILE, IN_DSCLI_ENV, IN_URL, IN_PGPASSWORD, IN_PGPASSFILE, IN_AUTH, IN_KEY, REFUSED),
    *(IN_HTTP, IN_KUBECONFIG, IN_ENVIRONMENT),
)

RECORD = """\
#!/bin/sh
{ tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$$/environ; echo "umask=$(umask)"
echo "core=$(ulimit -c)"; } >>"%(file)s"
%(then)s
"""
COMMANDS = (
    ("check", "--json"),
    ("status", "--refresh"),
    ("plan", "db"),
    ("why", "db", "--json"),
    ("resync", "db", "--force", "--json"),
    ("history", "--json"),
    ("guard", "db", "--json"),
    ("enroll", "db"),
    ("hold", "db", "--until", "1h", "--reason", "tests"),
    ("release", "db"),
    ("doctor", "--json"),
    ("probe",),
)
TELLING = (("check",), ("status", "--json"), ("history", "--json"), ("doctor", "--json"))


@dataclass
class Planted:
    """An installation full of secrets, and everything that was said so far."""

    site: Site
    forks: Forks
    said: list[str] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = self.forks.run(self.site.command(*words)[3:], self.site.variables)
        self.said += [done.stdout, done.stderr]
        return done

    @property
    def started(self) -> dict[str, str]:
        """What the guard and dscli found in their arguments and environment."""
        names = ("guard", "dscli")
        return {name: (self.site.root / f"{name}.started").read_text() for name in names}

    def written(self) -> dict[str, bytes]:
        """Everything that others could come to read, by where it was."""
        files = [file for file in self.site.state.iterdir() if file.suffix != ".pwfile"]
        return {
            "streams": "\n".join(self.said).encode(),
            "journal": b"\n".join(self.journal),
            **{str(file): file.read_bytes() for file in files},
        }


@contextmanager
def hearing(path: Path, heard: list[bytes]) -> Iterator[None]:
    """Be the journal at a path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        reader = threading.Thread(
            target=lambda: heard.extend(iter(lambda: listening.recv(1 << 20), b""))
        )
        reader.start()
        yield
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(path))
        reader.join()


def recording(site: Site, name: str, then: str) -> str:
    program = site.guards / f"{name}-recording"
    program.write_text(RECORD % {"file": site.root / f"{name}.started", "then": then})
    program.chmod(0o755)
    return str(program)


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with forking() as process:
        yield process


@pytest.fixture
def planted(site: Site, tmp_path: Path, forks: Forks) -> Iterator[Planted]:
    site.service("db", "0001:0002")
    guard = site.services["db"]["guards"][0]
    guard["command"][0] = recording(site, "guard", 'exit "$(cat "$1")"')
    site.settings["dscli"]["path"] = recording(site, "dscli", f'exec {BIN / "flashd-dscli"} "$@"')
    (key := site.root / "probe.key").write_text(f"-----BEGIN {IN_KEY}-----\n")
    key.chmod(0o600)
    site.settings["ssh"] = {"key": str(key)}
    (passfile := site.root / "pgpass").write_text(f"*:*:*:*:{IN_PGPASSFILE}\n")
    passfile.chmod(0o600)
    site.environment |= {"PGPASSWORD": IN_PGPASSWORD, "PGPASSFILE": str(passfile)}
    site.environment |= dict.fromkeys(CALLED, IN_ENVIRONMENT)
    site.program = [sys.executable, "-c", WITH_JOURNAL + "main()", str(tmp_path / "journal")]
    site.write()
    found = Planted(site, forks)
    with hearing(tmp_path / "journal", found.journal):
        yield found


def nowhere(planted: Planted, *secrets: str, but: tuple[str, ...] = ()) -> None:
    """No secret is in anything that was written; `but` names places by how they end."""
    for place, content in planted.written().items():
        if not place.endswith(but or ("\0",)):
            found = [one for one in secrets if one.encode() in content]
            assert not found, f"{found} in {place}"


def all_of(planted: Planted, commands: tuple[tuple[str, ...], ...] = TELLING) -> None:
    for words in commands:
        planted.run(*words)


MISTAKEN = {
    f"GOOD\npassword = {IN_AUTH}\nhmc3 = {IN_AUTH}\n": "'password' has no place here",
    f"GOOD\n{IN_AUTH}\n": "neither a [section] nor 'key = value'",
    f"[{SERIAL}]\ntype = {IN_AUTH}\nhmc1 = -{IN_AUTH}\nusername = a {IN_AUTH}\n": "type must be",
    f"password = {IN_AUTH}\n": "a line before any section",
}


def told_of_mistakes(planted: Planted) -> str:
    """Tell what is said of the configuration, after the doctor has been asked too."""
    planted.run("doctor", "--json")
    return planted.run("check").stderr


def test_no_secret_is_in_anything_when_all_goes_well(planted: Planted) -> None:
    before = os.umask(0)
    try:
        with planted.site.daemon() as daemon:
            daemon.until("resync-completed", "db")
            assert daemon.stop() == 0
            planted.said += [*daemon.lines, daemon.complaints()]
        all_of(planted, COMMANDS)
        assert planted.run("backup", str(planted.site.state / "backup")).returncode == 0
        assert planted.run("restore", str(planted.site.state / "backup")).returncode == 0
    finally:
        os.umask(before)
    # The store keeps the accepted configuration to run on, `dscli.env` included; a backup does not.
    nowhere(planted, IN_DSCLI_ENV, but=("flashd.db", "flashd.db-wal"))
    nowhere(planted, *set(ALL) - {IN_DSCLI_ENV})
    assert planted.journal, "events of commands went to the journal"
    modes = {file.name: file.stat().st_mode & 0o077 for file in planted.site.state.iterdir()}
    assert set(modes.values()) == {0}, "private, although the umask was 000"


def test_what_is_started_is_told_no_secret_and_leaves_no_core(planted: Planted) -> None:
    assert planted.run("resync", "db").returncode == 0
    guard, dscli = planted.started["guard"], planted.started["dscli"]
    assert not [one for one in ALL if one in guard]
    assert not [one for one in ALL if one in dscli and one != IN_DSCLI_ENV]
    assert f"SECRET={IN_DSCLI_ENV}" in dscli
    for found in (guard, dscli):
        assert "PGPASS" not in found
        assert "umask=0077" in found
        assert "core=0" in found


def test_no_secret_is_in_what_is_said_of_a_refused_login(planted: Planted) -> None:
    site = planted.site
    site.array().write_pwfile(site.state / f"{SERIAL}.pwfile", password="wrong-" + PWFILE)
    with site.daemon() as daemon:
        daemon.until("logins-stopped")
        assert daemon.stop() == 0
        planted.said += [*daemon.lines, daemon.complaints()]
    all_of(planted)
    nowhere(planted, *set(ALL) - {IN_DSCLI_ENV})


def test_no_secret_is_in_what_is_said_of_bad_configuration(planted: Planted) -> None:
    """The mistakes are such as make a parser or a check show what it stumbled over."""
    site, good = planted.site, (planted.site.etc / "auth.conf").read_text()
    for auth, words in MISTAKEN.items():
        (site.etc / "auth.conf").write_text(auth.replace("GOOD\n", good))
        assert words in told_of_mistakes(planted)
    site.settings["dscli"]["env"] = {"A B": IN_DSCLI_ENV, "SECRET": [IN_DSCLI_ENV]}
    site.settings["state"] = f"postgres://flashd:{IN_URL}@127.0.0.1/flashd"
    site.write()
    assert "a variable: takes one value" in told_of_mistakes(planted)
    (site.etc / "flashd.yaml").write_text(
        f"state: 'postgresql+psycopg://flashd:{IN_URL}@127.0.0.1:x/flashd\ndscli: [{IN_DSCLI_ENV}\n"
    )
    assert "inside a quoted value" in told_of_mistakes(planted)
    all_of(planted)
    nowhere(planted, *ALL)


@pytest.mark.parametrize(
    "url",
    [
        f"http://flashd:{IN_HTTP}@127.0.0.1/",
        f"http://flashd:{IN_HTTP} @127.0.0.1/",
        f"flashd:{IN_HTTP}@127.0.0.1/",
        f"http://flashd:{IN_HTTP}@[::1/",
        f"http://flashd:{IN_HTTP}@127.0.0.1:x/",
        f"http://flashd:{IN_HTTP}/",
        f"http://127.0.0.1/?token={IN_HTTP}",
        f"http://127.0.0.1/health?deep=1&api_key={IN_HTTP}",
        f"http://127.0.0.1/ ?token={IN_HTTP}",
    ],
)
def test_no_secret_is_in_what_is_said_of_a_guard_s_url(planted: Planted, url: str) -> None:
    planted.site.services["db"]["guards"].append({"type": "http", "url": url})
    planted.site.write()
    assert "URL" in told_of_mistakes(planted)
    nowhere(planted, *ALL)


def test_no_secret_is_in_what_is_said_of_a_cluster(planted: Planted) -> None:
    site = planted.site
    with Api(site.root).running() as api:
        guard = {"type": "kubernetes", "kubeconfig": str(api.write(user={"token": IN_KUBECONFIG}))}
        what = {"namespace": "tst", "workloads": ["statefulset/db"], "claims": ["data"]}
        site.services["db"]["guards"].append({**guard, **what})
        site.write()
        assert "kubernetes" in planted.run("guard", "db", "--json").stdout
        (site.root / "kubeconfig").write_text(f"users: [{{token: {IN_KUBECONFIG}\n")
        all_of(planted, (("guard", "db"), *TELLING))
    assert "is no YAML" in "".join(planted.said)
    nowhere(planted, *set(ALL) - {IN_DSCLI_ENV})


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://flashd:{IN_URL}@127.0.0.1:1/flashd",
        f"postgresql+psycopg://flashd@127.0.0.1:1/flashd?password={IN_URL}",
        f"postgresql+psycopg://flashd:{IN_URL}@127.0.0.1:notaport/flashd",
        f"postgresql+psycopg://flashd:{IN_URL}@[::1/flashd",
        f"postgresql+psycopg://flashd:{IN_URL}@127.0.0.1:1/flashd?nonsense=1",
        f"mysql://flashd:{IN_URL}@127.0.0.1/flashd",
    ],
)
def test_no_secret_is_in_what_is_said_of_a_server_that_cannot_be_used(
    planted: Planted, url: str
) -> None:
    site = planted.site
    planted.run("--state", url, "status")
    site.settings["state"] = url
    site.write()
    all_of(planted, (("check",), ("doctor", "--json"), ("run",)))
    nowhere(planted, *ALL)


def test_no_secret_is_in_what_is_said_of_a_server_that_is_used(
    planted: Planted, server: Server
) -> None:
    site = planted.site
    url = server.url(schema := server.schema()).replace("flashd@", f"flashd:{IN_URL}/?x@", 1)
    site.settings["state"] = url
    site.write()
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
        planted.said += [*daemon.lines, daemon.complaints()]
    all_of(planted)
    nowhere(planted, *ALL)
    assert not [one for one in ALL if one in planted.started["guard"]]
    stored = str(server.ask(f"SELECT files FROM {schema}.accepted"))  # noqa: S608 - our own
    assert IN_URL not in stored


def test_what_an_array_says_beside_a_word_for_a_password_is_not_repeated(planted: Planted) -> None:
    shown = f"password={REFUSED} or -pw '{REFUSED} x' or password \"{REFUSED}\" or token: {REFUSED}"
    planted.site.array().add_fault("refused", "resyncflash", text=shown)
    assert planted.run("resync", "db").returncode != 0
    all_of(planted)
    nowhere(planted, REFUSED)


SHOWING = f"""\
#!/bin/sh
echo 'login with -pw "{SHOWN} {SHOWN}" and password={SHOWN} failed'
echo '{{"token": "{SHOWN}", "url": "https://flashd:{SHOWN}@127.0.0.1/"}}' >&2
exit "$(cat "$1")"
"""


@pytest.mark.parametrize("code", [0, 1, 2])
def test_what_a_guard_shows_of_a_secret_is_not_repeated(planted: Planted, code: int) -> None:
    """Its program prints what it should not, and a process has it in its command line."""
    site = planted.site
    (site.guards / "look").write_text(SHOWING)
    site.services["db"]["guards"][0]["command"][0] = str(site.guards / "look")
    words = [sys.executable, "-c", "input()", f"flashd-{os.getpid()}", f"--password={SHOWN}"]
    if code:
        pattern = {"type": "process", "pattern": f" flashd-{os.getpid()} "}
        site.services["db"]["guards"].append(pattern)
    site.says("db", code)
    site.write()
    with subprocess.Popen([*words, "-pw", SHOWN], stdin=subprocess.PIPE) as beside:
        told = planted.run("guard", "db", "--json").stdout
        assert "password=********" in told
        assert ("a process that matches" in told) == bool(code)
        assert (planted.run("resync", "db", "--force", "--json").returncode == 0) == (code == 0)
        all_of(planted, (("why", "db"), ("why", "db", "--json"), ("history",), *TELLING))
        beside.kill()
    nowhere(planted, SHOWN)


@pytest.mark.parametrize(
    "words",
    [
        ("status", TYPED),
        ("resync", TYPED),
        ("why", TYPED),
        (f"--{TYPED}",),
        ("hold", TYPED, "--reason", "r"),
    ],
)
def test_a_secret_that_was_typed_by_mistake_is_kept_nowhere(
    planted: Planted, words: tuple[str, ...]
) -> None:
    """On the terminal it stands already; neither store nor journal learns of it."""
    assert (
        planted.forks.run(planted.site.command(*words)[3:], planted.site.variables).returncode == 2
    )
    planted.run("history", "--json")
    nowhere(planted, TYPED)


def test_a_definition_that_others_can_change_is_in_force_no_more_and_the_last_one_is(
    planted: Planted,
) -> None:
    site = planted.site
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    file = site.etc / "services.d" / "all.yaml"
    file.chmod(0o666)
    done = planted.run("check")
    assert done.returncode == 2
    assert f"{file}:1:1: is not used:" in done.stderr
    assert f"run: chmod go-w {file}" in done.stderr
    with site.daemon() as daemon:
        daemon.until("configuration-degraded")
        assert daemon.stop() == 0


def test_a_dscli_that_others_can_change_gets_no_password_file(planted: Planted) -> None:
    (planted.site.guards / "dscli-recording").chmod(0o777)
    done = planted.run("resync", "db")
    assert done.returncode == 1
    assert "can be changed by its group or by others" in done.stderr
    assert not (planted.site.root / "dscli.started").exists()


def test_a_state_directory_that_others_can_change_is_not_used(planted: Planted) -> None:
    planted.site.state.chmod(0o777)
    done = planted.run("resync", "db")
    assert done.returncode == 1
    assert f"chmod go-w {planted.site.state}" in done.stderr
    assert planted.site.sent() == 0
