"""The site of docs/simulator.md, made and used by the lines that stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
STATUSES = {"touch running && flashd resync try": 4, "flashd status --refresh": 3}
"""Every other command ends with 0."""


def blocks(kind: str) -> str:
    section = PAGE.read_text().partition("### A site to try\n")[2].partition("\n### ")[0]
    (found,) = re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)
    return str(found)


def test_every_line_does_what_it_says(tmp_path: Path) -> None:
    lines = [line[2:].partition("#")[0].strip() for line in blocks("console").splitlines()]
    *commands, daemon = lines
    assert daemon == "flashd run"
    told = "".join(f"{command}\necho STATUS $?\n" for command in commands)
    bin_directory = Path(sys.executable).parent
    done = subprocess.run(
        ["/bin/sh", "-c", f"set -e\n{blocks('sh')}\nset +e\n{told}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{bin_directory}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    statuses = [int(number) for number in re.findall(r"^STATUS (\d+)$", done.stdout, re.MULTILINE)]
    assert statuses == [STATUSES.get(command, 0) for command in commands], done.stdout + done.stderr
    assert re.search(r"^0002 .* 0001@1$", done.stdout, re.MULTILINE)
