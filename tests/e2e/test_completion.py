"""Completion, as a person at a prompt of each shell has it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.home import ARRAY, BIN
from tests.e2e.shells import SHELLS, argv, program, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.home import Home
    from tests.e2e.shells import Terminal

SERVICES = f"""\
services:
  reporting: {{guards: nonsense, sync: {{sync#1: {{array: {ARRAY.lower()}}}}}}}
  payroll-test: {{unknown: key}}
  "odd#one:a b": {{}}
  "quo'te$x": {{}}
"""
"""Most of it is wrong, and its names can be told all the same."""


@pytest.fixture
def etc(home: Home) -> Path:
    (home.etc / "services.d" / "some.yaml").write_text(SERVICES)
    (home.etc / "services.d" / "broken.yaml").write_text("services: [")
    return home.etc


@pytest.fixture(params=SHELLS)
def terminal(request: pytest.FixtureRequest, etc: Path, tmp_path: Path) -> Iterator[Terminal]:
    with shell(request.param, tmp_path / "user", FLASHD_CONFIG_DIR=str(etc)) as found:
        yield found


def test_commands_options_and_names_complete(terminal: Terminal) -> None:
    assert terminal.completed("flashd hist") == ["flashd", "history"]
    assert terminal.completed("flashd status --ref") == ["flashd", "status", "--refresh"]
    assert terminal.completed("flashd why rep") == ["flashd", "why", "reporting"]
    assert terminal.completed("flashd resync --force pay") == [
        "flashd",
        "resync",
        "--force",
        "payroll-test",
    ]
    assert terminal.completed("flashd completion fi") == ["flashd", "completion", "fish"]


def test_a_name_that_is_there_already_is_not_offered_again(terminal: Terminal) -> None:
    assert terminal.completed("flashd plan reporting pay") == [
        "flashd",
        "plan",
        "reporting",
        "payroll-test",
    ]
    assert terminal.completed("flashd plan payroll-test pay")[-1] == "pay"


@pytest.mark.parametrize(
    "typed", ["od", "odd#one", "odd#one:", "odd#one:a\\ ", "'odd#one:a ", '"od']
)
def test_values_with_odd_characters_arrive_whole(terminal: Terminal, typed: str) -> None:
    assert terminal.completed(f"flashd why {typed}") == ["flashd", "why", "odd#one:a b"]


@pytest.mark.parametrize("typed", ["quo", '"quo'])
def test_quotes_and_dollars_arrive_whole(terminal: Terminal, typed: str) -> None:
    assert terminal.completed(f"flashd why {typed}") == ["flashd", "why", "quo'te$x"]


def test_files_and_directories_complete(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a file.array").touch()
    (tmp_path / "ettore").touch()
    assert terminal.completed(f"flashd sim show {tmp_path}/a") == [
        "flashd",
        "sim",
        "show",
        f"{tmp_path}/a file.array",
    ]
    (directory,) = terminal.completed(f"flashd --config-dir {tmp_path}/et")[2:]
    assert directory.rstrip("/") == f"{tmp_path}/etc"


def test_the_configuration_directory_of_the_line_counts(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "user" / "oth er"
    (other / "services.d").mkdir(parents=True)
    (other / "services.d" / "a.yaml").write_text("services: {elsewhere: }")
    for line in ("--config-dir ~/oth\\ er", f"--config-dir='{other}'"):
        assert terminal.completed(f"flashd {line} why els")[-1] == "elsewhere"
    assert terminal.completed("flashd --config-dir /nowhere why els")[-1] == "els"


def test_fish_tells_what_each_thing_is(etc: Path, tmp_path: Path) -> None:
    begin = tmp_path / "begin"
    begin.write_text("flashd completion fish | source\n")
    command = [*argv("fish", begin)[:2], "--init-command", f"source {begin}"]
    done = subprocess.run(
        [*command, "-c", "complete -C 'flashd histor'; complete -C 'flashd why '"],
        env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "FLASHD_CONFIG_DIR": str(etc)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == [
        "history\tTell past runs.",
        "odd#one:a b",
        "payroll-test",
        "quo'te$x",
        "reporting",
    ]


def test_zsh_finds_the_function_by_the_name_of_its_file(tmp_path: Path) -> None:
    printed = subprocess.run(
        [BIN / "flashd", "completion", "zsh"], capture_output=True, check=True, timeout=60
    )
    (tmp_path / "_flashd").write_bytes(printed.stdout)
    script = f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D"
    found = subprocess.run(
        [program("zsh"), "-fc", f"{script}; print $_comps[flashd]"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout == "_flashd\n"


def test_bash_loads_it_on_demand_and_completes_behind_sudo(etc: Path, tmp_path: Path) -> None:
    loader = Path("/usr/share/bash-completion/bash_completion")
    if not loader.exists():
        program("bash-completion")
    place = tmp_path / "data" / "bash-completion" / "completions"
    place.mkdir(parents=True)
    printed = subprocess.run(
        [BIN / "flashd", "completion", "bash"], capture_output=True, check=True, timeout=60
    )
    (place / "flashd").write_bytes(printed.stdout)
    with shell(
        "bash",
        tmp_path / "user",
        begin=f"PS1='READ''Y:'\nsource {loader}\n",
        XDG_DATA_HOME=str(tmp_path / "data"),
        FLASHD_CONFIG_DIR=str(etc),
    ) as terminal:
        assert terminal.completed("flashd why rep") == ["flashd", "why", "reporting"]
        assert terminal.completed("sudo flashd why odd#") == [
            "sudo",
            "flashd",
            "why",
            "odd#one:a b",
        ]


def test_completion_never_fails_loudly_and_touches_nothing(home: Home) -> None:
    for text in ("services: [", "- no mapping", "services: 5", "\x00", "services: {a: {sync: 3}}"):
        (home.etc / "services.d" / "a.yaml").write_text(text)
        done = home.flashd("completion", "zsh", "--answer", "--", "why", "")
        assert (done.status, done.err) == (0, "")
    (home.etc / "flashd.yaml").write_text("state: nonsense: too")
    assert home.flashd("completion", "bash", "--answer", "--", ":", "flashd why ").status == 0
    assert not list((home.path / "state").glob("flashd.db*"))
    assert home.array.logins() == ()


def test_a_thousand_services_complete_in_well_under_a_second(home: Home) -> None:
    guard = "{type: command, command: [/usr/local/libexec/db-is-down, TST1], down: 0, up: 1}"
    sync = f"sync: {{sync#1: {{array: {ARRAY}, pairs: ['0001:0002', '0101:0102']}}}}"
    lines = [f"  service-{n:04}:\n    guards: [{guard}]\n    {sync}\n" for n in range(1000)]
    (home.etc / "services.d" / "many.yaml").write_text("services:\n" + "".join(lines))
    began = time.monotonic()
    done = home.flashd("completion", "zsh", "--answer", "--", "why", "service-099")
    assert len(done.out.splitlines()) == 10
    assert time.monotonic() - began < 5  # 0.3 s on an idle machine


def test_a_wrong_use_is_told(home: Home) -> None:
    assert home.flashd("completion", "tcsh").status == 2
    assert home.flashd("completion", "bash", "more").status == 2
