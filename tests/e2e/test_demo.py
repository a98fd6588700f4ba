"""`make demo` shows what it promises."""

from __future__ import annotations

import re
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
    guarded, unguarded = done.stdout.split("the same without flashd")
    commands = guarded.split("the commands that the array received")[1]
    assert commands.count("resyncflash") == 1
    assert re.findall(r"^  login (\d), by flashd (.*)$", commands, re.MULTILINE) == [
        ("1", "enroll"),
        ("2", "run: it stays logged in"),
    ]
    assert "resyncflash -dev IBM.2107-75ABC01 -persist -record -cp 0001:0002 0101:0102" in commands
    assert "target 0002 0001@1   the same data" in done.stdout
    assert re.search(r"target 0004 0004@\d+ +what its host wrote", commands)
    assert "target 0006 0005@0   older data" in commands
    assert "HARM" not in guarded
    assert re.search(
        r"aix7 says: HARM: 0004 lost 0004@\d+, now holds 0003@1$", unguarded, re.MULTILINE
    )
