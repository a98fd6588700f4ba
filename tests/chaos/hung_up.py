"""What a dscli that a midwife had born on a terminal is; `python -m tests.chaos.hung_up ROOT`.

It runs in a process of its own, since who has threads must not fork.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.chaos.nursery import Midwife
from tests.integration.engine.house import DSCLI, SERIAL, Lab, console

PROMPT = b"dscli> "


def main(root: Path) -> None:
    """Say whether the terminal is its own, and how it ended when that was hung up."""
    midwife = Midwife()
    lab = Lab(root)
    lab.clones("0001:0002")
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    pwfile = str(root / f"{SERIAL}.pwfile")
    argv = [str(DSCLI), "-hmc1", console(SERIAL), "-user", "opensvc", "-pwfile", pwfile]
    pid = midwife.spawn(
        argv[0],
        argv,
        {"FLASHD_SIM": str(root)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
        setsid=True,
    )
    os.close(theirs)
    said = b""
    while not said.endswith(PROMPT):
        said += os.read(ours, 4096)
    leads = os.getsid(pid) == os.getpgid(pid) == pid
    print(f"leads {leads}, on its own terminal {Path(name).stat().st_rdev == _terminal_of(pid)}")  # noqa: T201 - it is what it is for
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    print(f"ended by {os.waitstatus_to_exitcode(status)}")  # noqa: T201 - the same


def _terminal_of(pid: int) -> int:
    """Tell the device number of a process's controlling terminal, from proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return int(fields[4])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
