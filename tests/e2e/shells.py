"""Real shells on a real terminal, as a person has them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.home import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHELLS = ("bash", "zsh", "fish")
ENOUGH = 30
TAB = "\t"
HOME_KEY = "\x01"

_WORDS = f"""#!{sys.executable}
import json, sys
print("ARGS" + json.dumps(sys.argv[1:]) + "END")
"""
_BEGIN = {
    "bash": "PS1='READ''Y:'\nsource <(flashd completion bash)\n",
    "zsh": (
        "autoload -Uz compinit; compinit -u -D; unsetopt prompt_sp; PROMPT='READ''Y:'\n"
        "source <(flashd completion zsh)\n"
    ),
    "fish": (
        "function fish_prompt; echo -n READ''Y:; end; function fish_greeting; end\n"
        "flashd completion fish | source\n"
    ),
}


def program(shell: str) -> str:
    """Find a shell; where tests must not skip, its absence fails them."""
    if found := shutil.which(shell):
        return found
    words = f"install {shell}: tests/setup/servers.sh"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


def argv(shell: str, begin: Path) -> list[str]:
    """Tell how a shell is started interactively with `begin` as its start file."""
    options = {
        "bash": ["--noprofile", "--rcfile", str(begin), "-i"],
        "zsh": ["-i"],  # finds .zshrc by ZDOTDIR
        "fish": ["--no-config", "-i", "--init-command", f"source {begin}"],
    }
    return [program(shell), *options[shell]]


@dataclass
class Terminal:
    """A shell that reads what is typed."""

    descriptor: int
    seen: str = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Read until something is shown, which is then forgotten."""
        end = time.monotonic() + ENOUGH
        while (found := re.search(pattern, self.seen, re.DOTALL)) is None:
            ready, _, _ = select.select([self.descriptor], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no {pattern!r} in {self.seen!r}"
            self.seen += os.read(self.descriptor, 65536).decode("utf-8", "replace")
        self.seen = self.seen[found.end() :]
        return found

    def completed(self, line: str) -> Any:  # noqa: ANN401 - JSON is anything
        """Type a line and TAB, and tell the words that the shell makes of it then."""
        self.until("READY:")
        os.write(self.descriptor, f"{line}{TAB}{HOME_KEY}words \r".encode())
        return json.loads(self.until(r"ARGS(\[.*?\])END")[1])


@contextmanager
def shell(name: str, directory: Path, begin: str = "", **environment: str) -> Iterator[Terminal]:
    """Start a shell with `directory` as its home; `begin` stands in for flashd's completion."""
    directory.mkdir()
    start_file = directory / ".zshrc"
    start_file.write_text(begin or _BEGIN[name])
    words = directory / "words"
    words.write_text(_WORDS)
    words.chmod(0o755)
    command = argv(name, start_file)
    ours, theirs = pty.openpty()
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith("FLASHD")},
        "PATH": f"{BIN}:{directory}:{os.environ['PATH']}",
        "HOME": str(directory),
        "ZDOTDIR": str(directory),
        "TERM": "xterm",
        "COLUMNS": "1000",
        "LC_ALL": "C.UTF-8",
        **environment,
    }
    process = subprocess.Popen(
        ["/usr/bin/setsid", "--ctty", *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=directory,
        env=variables,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
