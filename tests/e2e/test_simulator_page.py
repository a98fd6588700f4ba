"""docs/simulator.md from top to bottom: each block of commands is run, in order, in one shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
BIN = Path(sys.executable).parent
STATUSES = {
    "flashd sim host demo.array umount tst1 0002": 1,
    "touch running && flashd resync try": 4,
    "flashd status --refresh": 3,
    "flashd rehearse --days 1 --array twin.array --faults 0.2 --seed 3 --commands sent.txt": 3,
}
"""Every other command that is shown with a prompt ends with 0."""
ENDLESS = "flashd run"
OF_THE_READER = {
    "/opt/ibm/dscli/dscli": str(BIN / "flashd-dscli"),
    "10.0.0.1": "10.10.10.10",
    "-user monitor": "-user opensvc",
    "my.pwfile": "IBM.2107-75ABC01.pwfile",
}
"""What stands for the reader's own array."""


def script() -> tuple[str, list[str]]:
    """Return all blocks as one script, and the commands whose statuses it tells."""
    text, commands = "", []
    for kind, block in re.findall(r"```(sh|console)\n(.*?)```", PAGE.read_text(), re.DOTALL):
        if kind == "sh":
            text += f"set -e\n{block}\nset +e\n"
            continue
        told = [line[2:].partition(" # ")[0].strip() for line in block.splitlines()]
        commands += (run := [command for command in told if command != ENDLESS])
        text += "".join(f"{command}\necho STATUS $?\n" for command in run)
    for theirs, ours in OF_THE_READER.items():
        text = text.replace(theirs, ours)
    return text, commands


def test_every_block_does_what_it_says(tmp_path: Path) -> None:
    text, commands = script()
    done = subprocess.run(
        ["/bin/sh", "-c", f"{text}\necho END"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{BIN}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = done.stdout + done.stderr
    statuses = [int(number) for number in re.findall(r"^STATUS (\d+)$", done.stdout, re.MULTILINE)]
    assert list(zip(commands, statuses, strict=False)) == [
        (command, STATUSES.get(command, 0)) for command in commands
    ], said
    assert done.stdout.endswith("END\n"), said
    assert re.search(r"^0002 .* 0001@1$", done.stdout, re.MULTILINE), said
    assert re.search(r"^HARM: 0002 lost 0002@\d+, now holds 0001@1$", said, re.MULTILINE)


def test_the_daemon_is_shown_and_only_that_is_left_out() -> None:
    assert PAGE.read_text().count(f"$ {ENDLESS} ") == 1


def test_every_command_of_flashd_sim_stands_in_the_page() -> None:
    told = PAGE.read_text()
    help_text = subprocess.run(
        [BIN / "flashd", "sim", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^  ([a-z][a-z-]+) ", help_text.partition("Commands:")[2], re.MULTILINE)
    assert len(commands) > 10
    assert [command for command in commands if f"`flashd sim {command}" not in told] == []
