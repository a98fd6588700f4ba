"""Who asks little pays little: what a command loads is decided here, not by chance."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HEAVY = {
    *("asyncio", "concurrent", "ctypes", "curses", "difflib", "email", "html", "http", "logging"),
    *("multiprocessing", "pdb", "pydoc", "socket", "sqlite3", "ssl", "tempfile", "unittest"),
    *("urllib", "xml", "zipfile", "zoneinfo"),
}
"""Packages of Python's own that cost a millisecond and more, or lead to others that do."""

_METADATA = {"email", "socket", "tempfile", "urllib", "zipfile"}  # of `importlib.metadata`
_TOP = frozenset({"difflib", *_METADATA})
_LOOP = frozenset({"asyncio", "concurrent", "logging", "ssl"})
_READS = _TOP | {"logging", "zoneinfo"}
_LOOKS = _READS | _LOOP | {"sqlite3"}
_CONFIGURATION = frozenset(
    {
        *("annotated_types", "click", "pydantic", "pydantic_core", "typing_extensions"),
        *("typing_inspection", "yaml"),
    }
)
_STORE = _CONFIGURATION | {"sqlalchemy"}


@dataclass(frozen=True)
class Allowed:
    """What a command may load: all packages of others, and which heavy ones of Python's own."""

    packages: frozenset[str]
    heavy: frozenset[str]


COMMANDS = {
    "--help": Allowed(frozenset({"click"}), _TOP),
    "--version": Allowed(frozenset({"click"}), _TOP),
    "status --help": Allowed(frozenset({"click"}), _TOP),
    "schedule 09:00-10:00": Allowed(frozenset({"click"}), _TOP | {"zoneinfo", *_LOOP}),
    "check": Allowed(_CONFIGURATION, _READS),
    "status": Allowed(_CONFIGURATION, _LOOKS),
    "status --json": Allowed(_CONFIGURATION, _LOOKS),
    "status s": Allowed(_CONFIGURATION, _LOOKS),
    "why s": Allowed(_CONFIGURATION, _LOOKS),
    "plan s": Allowed(_CONFIGURATION, _LOOKS),
    "history": Allowed(_CONFIGURATION, _LOOKS),
    "hold": Allowed(_STORE, _LOOKS),
}

FLASHD = Path(sys.executable).with_name("flashd")

FOR_ACTING = (
    *("flashd.adapters.arrays", "flashd.adapters.guards", "flashd.adapters.remote"),
    *("flashd.daemon", "flashd.engine.world", "flashd.sim", "sqlalchemy.dialects.postgresql"),
)
"""Of no use to who only looks."""

SERVICES = """
services:
  s:
    guards: [{type: command, command: [/bin/true], down: 0, up: 1}]
    sync: {sync#1: {array: IBM.2107-75ABC01, pairs: "0001:0002"}}
"""

AUTH = "[IBM.2107-75ABC01]\ntype = ibmds\nhmc1 = 10.10.10.10\nusername = opensvc\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "services.d").mkdir()
    (home / "services.d" / "s.yaml").write_text(SERVICES)
    (home / "auth.conf").touch(mode=0o600)
    (home / "auth.conf").write_text(AUTH)
    (home / "flashd.yaml").write_text(
        f"state: sqlite:///{home}/flashd.db\nauth: {home}/auth.conf\ntimezone: UTC\n"
    )
    loaded_by(home, "status")  # the store is made by who comes first
    return home


def loaded(script: str) -> set[str]:
    """Run a script in an interpreter of its own; tell which modules it leaves loaded."""
    tell = "\nimport sys; print(*sorted(sys.modules), file=sys.stderr)\n"
    done = subprocess.run(
        [sys.executable, "-c", script + tell],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stderr.splitlines()[-1].split())


def loaded_by(home: Path, *words: str) -> set[str]:
    """Tell which modules a command loads, and see to it that it ended as it should."""
    script = (
        f"import sys\nsys.argv = ['flashd', '--config-dir', {str(home)!r}, *{list(words)!r}]\n"
        "from flashd.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code in {0, 3}, end.code\n"
    )
    return loaded(script)


def packages(modules: set[str]) -> set[str]:
    """Name the packages; `cython_runtime` is no package but a place where Cython keeps things."""
    return {name.partition(".")[0] for name in modules} - {"cython_runtime"}


@pytest.fixture(scope="module")
def bare() -> set[str]:
    """Modules of an interpreter that was asked for nothing, which depend on where it runs."""
    return loaded("")


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_loads_what_it_may_and_nothing_else(
    home: Path, bare: set[str], words: str
) -> None:
    modules = loaded_by(home, *words.split())
    found = packages(modules) - packages(bare)
    own = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    others = {name for name in found - own if not name.startswith("_")} - {"flashd"}
    allowed = COMMANDS[words]
    more = (others - allowed.packages) | (found & HEAVY - allowed.heavy)
    assert not more, (
        f"`flashd {words}` also loads {sorted(more)}, which whoever asks waits for each time; who"
        f" imports it stands below it in: python -X importtime {FLASHD} {words}"
    )
    assert others == allowed.packages, "it does not load all that it may: take that out of COMMANDS"


@pytest.mark.parametrize("words", [words for words in COMMANDS if not words.startswith("-")])
def test_who_only_looks_loads_nothing_that_acts(home: Path, words: str) -> None:
    modules = loaded_by(home, *words.split())
    acting = {name for name in modules if name.startswith(FOR_ACTING)}
    assert not acting, f"`flashd {words}` loads {sorted(acting)}, which it has no use for"


def test_completing_a_name_opens_no_store_and_checks_no_service(home: Path) -> None:
    modules = loaded_by(home, "completion", "zsh", "--answer", "--", "why", "")
    assert not packages(modules) & {"sqlalchemy", "pydantic", "asyncio"}
