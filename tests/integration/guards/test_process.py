"""Real processes of this host, and /proc trees as kernels with other settings show them."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.process import ProcessGuard
from flashd.config.guards import ProcessOptions
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

SH = "/bin/sh"
SECRET = "flashd-test-5b1c"
KERNEL_THREAD = 0x00200000


async def look(proc: Path | None = None, **options: str) -> Finding:
    guard = ProcessGuard(ProcessOptions.model_validate(options))
    return await (ProcessGuard(guard.options, proc) if proc else guard).look()


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that is nobody's child of ours, as a service would be."""
    script = f"setsid sh -c 'echo $$; exec sleep 600' {SECRET} & wait $!"
    with subprocess.Popen(
        [SH, "-c", f"({script}) &"], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        starter.stdout.close()
    yield pid
    os.kill(pid, signal.SIGKILL)
