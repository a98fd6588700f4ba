"""Many commands for the price of one start: a process that has all of flashd in it, and forks.

Each command is a process of its own, with its own streams and environment; only the interpreter's
start and the imports, most of the time of a command, are spared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WITH_JOURNAL = """\
import sys
from pathlib import Path
from flashd.adapters.notifiers import journal
journal.host_events.__defaults__ = (Path(sys.argv.pop(1)), Path("/nowhere"))
from flashd.cli.main import main
"""
SERVER = """\
import importlib, json, os, pkgutil, sys, tempfile
import flashd
for package in ("adapters", "cli", "doctor"):
    at = importlib.import_module(f"flashd.{package}")
    for found in pkgutil.walk_packages(at.__path__, f"flashd.{package}."):
        importlib.import_module(found.name)
os.umask(0)  # what a command makes is private, whatever it was started with


def run(words, environment, streams):
    for number, stream in enumerate(streams, 1):
        os.dup2(stream.fileno(), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["flashd", *words]
    status = 70
    try:
        exec(BEGIN + "main()", {})
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


for line in sys.stdin:
    streams = [tempfile.TemporaryFile() for _ in range(2)]
    child = os.fork()
    if not child:
        run(*json.loads(line), streams)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for stream in streams:
        stream.seek(0)
    print(json.dumps([status, *(stream.read().decode() for stream in streams)]), flush=True)
"""


@dataclass(frozen=True)
class Forks:
    """The process that forks."""

    process: subprocess.Popen[str]

    def run(self, words: list[str], environment: Mapping[str, str]) -> CompletedProcess[str]:
        """Run a command to its end; the first word is where the journal is."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([words, dict(environment)]) + "\n")
        self.process.stdin.flush()
        status, out, err = json.loads(self.process.stdout.readline())
        return CompletedProcess(words, status, out, err)


@contextmanager
def forking() -> Iterator[Forks]:
    """Start it; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-c", f"BEGIN = {WITH_JOURNAL!r}\n{SERVER}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    ) as process:
        yield Forks(process)
        assert process.stdin
        process.stdin.close()
