"""`flashd install`."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, json_option, print_json
from flashd.errors import FlashdError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.install.installation import Installation

NEXT = """
Next:
1. write the consoles of each array to /etc/flashd/auth.conf
2. write the path of IBM's dscli to /etc/flashd/flashd.yaml, unless it is /opt/ibm/dscli/dscli
3. let flashd reach the consoles, by IPAddressAllow= in a drop-in; the example is
   {prefix}/share/doc/flashd/examples/flashd.service.d/addresses.conf.example
4. define services in /etc/flashd/services.d/ and run: flashd check
5. make the password file of each array, as the user flashd, by the line that flashd check prints
6. see whether all is well: flashd doctor; and what it would do: flashd run --observe
7. look what each service is, and pin it: flashd enroll SERVICE
8. start it, now and at each boot: systemctl enable --now flashd"""


@click.command
@click.option("--apply", "do", is_flag=True, help="Do it; otherwise it is only told.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("/"),
    help="Mean this directory, not the host: nothing is run, and --apply writes below it.",
)
@click.option(
    "--prefix",
    type=click.Path(path_type=PurePosixPath),
    default=PurePosixPath("/usr/local"),
    show_default=True,
    help="Where the unit and the like belong; a package says /usr.",
)
@click.option(
    "--program", metavar="PATH", help="The flashd that the unit starts; default: this one."
)
@json_option
def command(
    *, do: bool, root: Path, prefix: PurePosixPath, program: str | None, as_json: bool
) -> int:
    """Tell what belongs on this host beside the program, or put it there.

    That is the unit, its user, the directories with their owners and modes, configuration to begin
    with, and examples. What you have changed is never overwritten.
    """
    from flashd.install.host import Host, own_program
    from flashd.install.installation import prepare

    if not prefix.is_absolute():
        raise click.UsageError("--prefix must be an absolute path")
    host = Host(root.absolute())
    found = prepare(host, prefix, program or own_program(sys.argv[0]), _completions())
    if do:
        _refuse(found)
        found.carry_out(_silent if as_json else _line)
    elif not as_json:
        for action, what in found.lines():
            _line(action, what)
    if as_json:
        print_json(_document(found, done=do))
    else:
        _close(found, prefix, done=do)
    return 0


def _completions() -> Mapping[str, str]:
    """Read the scripts that complete flashd's words, where this flashd has them."""
    from importlib.resources import files

    from flashd.install.layout import COMPLETIONS

    folder = files("flashd.cli").joinpath("shells")
    scripts = {name: folder.joinpath(name) for name in COMPLETIONS}
    return {name: script.read_text("utf-8") for name, script in scripts.items() if script.is_file()}


def _refuse(found: Installation) -> None:
    """Raise where it cannot be done on this host."""
    if not found.host.live:
        return
    if os.geteuid() != 0:
        raise FlashdError(
            "only root can install flashd on this host",
            "Run it with sudo; or see the plan without --apply; or write below --root.",
        )
    if found.obstacle:
        raise FlashdError(
            f"the unit could not start this flashd: {found.obstacle}",
            "Install flashd where everybody can run it, such as /opt/flashd.",
        )


def _line(action: str, what: str) -> None:
    click.echo(f"{action:<8} {what}")


def _silent(action: str, what: str) -> None:
    """Say nothing: the document tells it all."""


def _close(found: Installation, prefix: PurePosixPath, *, done: bool) -> None:
    """Tell people what is in the way, and what comes next."""
    for note in (found.host.overshadowed(), found.obstacle):
        if note:
            click.echo(f"flashd: {note}", err=True)
    end = NEXT.format(prefix=prefix) if done else "\nNothing was changed; --apply does it."
    click.echo(end, err=True)


def _document(found: Installation, *, done: bool) -> dict[str, object]:
    return {
        "version": VERSION,
        "applied": done,
        "files": [
            {
                "path": str(found.host.place(step.path)),
                "action": step.action,
                "mode": f"{step.mode:04o}",
                "reason": step.reason,
            }
            for step in found.steps
        ],
        "commands": [list(command) for command in found.commands],
        "hints": [note for note in (found.host.overshadowed(), found.obstacle) if note],
    }
