"""`make demo` shows what it promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_resyncs_refuses_and_leaves_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    commands = done.stdout.split("the commands that the array received")[1]
    assert commands.count("resyncflash") == 1
    assert "resyncflash -dev IBM.2107-75ABC01 -persist -record -cp 0001:0002 0101:0102" in commands
    assert "target 0002 0001@1   the same data" in done.stdout
    assert "target 0004 0003@0   older data" in commands
    assert "target 0006 0005@0   older data" in commands
