"""The command `flashd`: finds a command, runs it, and puts errors in words."""

from __future__ import annotations

import gc
import os
import resource
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from flashd import __version__
from flashd.cli.names import directories
from flashd.cli.words import tell
from flashd.errors import FlashdError
from flashd.wiring import CONFIG_DIR, Home

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "check": "Read the whole configuration and tell every mistake.",
    "run": "Run the daemon, in the foreground.",
    "status": "Tell how every service stands.",
    "resync": "Resync clones now.",
    "plan": "Tell the dscli commands that a resync would send.",
    "why": "Explain the present decision about a service.",
    "guard": "Ask every guard of services now, and show what it says.",
    "history": "Tell past runs.",
    "enroll": "Pin what services are, so that what differs later is refused.",
    "hold": "Let nobody resync until a time, or until released; or tell the holds.",
    "release": "End holds.",
    "backup": "Write a backup of the state store.",
    "restore": "Restore a backup into the state store.",
    "probe": "Print the script by which other hosts are asked, or ask some who they are.",
    "schedule": "Tell when schedules let a run start.",
    "install": "Put unit, user and directories on this host, or tell what that would be.",
    "doctor": "Check the whole installation, and say what to do.",
    "completion": "Teach a shell to complete commands, options and names.",
}
BRIEF = frozenset({"check", "status", "plan", "why", "history", "schedule", "completion"})
"""Commands that only tell something: they have ended before there is garbage worth collecting."""
EXTRA_GROUP = "flashd.commands"
EXTRA = {
    "flashd.sim.cli": "Make and drive simulated DS8000 arrays.",
    "flashd.rehearsal.command": "Run the daemon on a twin of this configuration, in virtual time.",
}
"""What is said of commands that stand beside, by their module, which is not loaded for that."""

_OWN_ERROR = 1
_INTERRUPTED = 130  # as shells tell SIGINT


class LazyCommands(click.Group):
    """Loads a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name all commands, ours first."""
        extra = sorted(point.name for point in entry_points(group=EXTRA_GROUP))
        return [*COMMANDS, *(name for name in extra if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command."""
        if cmd_name in BRIEF:
            gc.disable()
        if cmd_name in COMMANDS:
            return _command(import_module(f"flashd.cli.{cmd_name}"), cmd_name)
        for point in entry_points(group=EXTRA_GROUP, name=cmd_name):
            command = point.load()
            return command if isinstance(command, click.Command) else None
        return None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete the name of a command without loading any, or an option."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=_help(name))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        names = self.list_commands(ctx)
        rows = [(name, _help(name)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _command(module: object, name: str) -> click.Command | None:
    command = getattr(module, "command", None) or getattr(module, name, None)
    return command if isinstance(command, click.Command) else None


def _help(name: str) -> str:
    if name in COMMANDS:
        return COMMANDS[name]
    for point in entry_points(group=EXTRA_GROUP, name=name):
        module = point.value.partition(":")[0]
        return EXTRA.get(module, f"Provided by {module}.")
    return ""


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flashd")
@click.option(
    "--config-dir",
    type=click.Path(path_type=Path, file_okay=True),
    shell_complete=directories,
    default=CONFIG_DIR,
    envvar="FLASHD_CONFIG_DIR",
    show_default=True,
    help="Where flashd.yaml and services.d/ are; also FLASHD_CONFIG_DIR.",
)
@click.option("--state", metavar="URL", help="Where the state is kept, instead of flashd.yaml's.")
@click.pass_context
def cli(ctx: click.Context, config_dir: Path, state: str | None) -> None:
    """Keep FlashCopy clones on IBM DS8000 arrays fresh, and never overwrite a volume in use."""
    ctx.obj = Home(config_dir, state)


def main() -> None:
    """Run the command line; the exit status is the contract's."""
    _keep_to_ourselves()
    try:
        _run()
    finally:
        gc.freeze()  # else all that was loaded is looked through on the way out: 0.1 s


def _run() -> NoReturn:
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except FlashdError as error:
        sys.exit(tell(error))
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("flashd: interrupted; what was sent is judged when the array is read", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(_OWN_ERROR)
    except Exception as error:  # noqa: BLE001 - the last place where it can be put in words
        from flashd.model.masking import without_secrets

        click.echo(f"flashd: an error of its own: {without_secrets(repr(error))}", err=True)
        sys.exit(_OWN_ERROR)


def _keep_to_ourselves() -> None:
    """Leave no file to others, whatever the umask, and no core: both could hold a password.

    Children inherit it: dscli's Java holds the password of an array.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
