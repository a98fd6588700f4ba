"""`flashd completion`."""

from __future__ import annotations

import os
from importlib.resources import files
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--answer", is_flag=True, hidden=True, help="Complete the words that follow.")
@click.argument("typed", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
def command(ctx: click.Context, shell: str, typed: tuple[str, ...], *, answer: bool) -> int:
    """Print the script that teaches a shell to complete flashd's commands, options and names.

    The Debian package and `flashd install` have put it where new shells look for it. In a shell
    that runs already, or for yourself alone:

    \b
    bash:  flashd completion bash > ~/.local/share/bash-completion/completions/flashd
    zsh:   flashd completion zsh > _flashd        (in a directory of $fpath)
    fish:  flashd completion fish > ~/.config/fish/completions/flashd.fish
    """  # noqa: D301 - click's mark for lines that stay as they are
    if answer:
        lines = _bash(ctx, typed) if shell == "bash" else _words(ctx, typed)
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
        return 0
    if typed:
        raise click.UsageError("only the name of a shell is expected")
    click.echo(files("flashd.cli").joinpath("shells", f"flashd.{shell}").read_text(), nl=False)
    return 0


def _bash(ctx: click.Context, given: tuple[str, ...]) -> Iterable[str]:
    """Answer bash, which wants what replaces the end of the line, quoted."""
    from flashd.cli.typed import read_line

    breaks, line = (*given, "", "")[:2]
    typed = read_line(line, breaks)
    stem = _option_stem(typed.current)
    for item in _items(ctx, typed.words, typed.current):
        if item.type != "plain":
            yield f"{item.type}\t"
        elif (value := typed.written(f"{stem}{item.value}")) is not None:
            yield f"plain\t{value}"


def _words(ctx: click.Context, typed: tuple[str, ...]) -> Iterable[str]:
    """Answer a shell that quotes by itself."""
    *words, current = (os.path.expanduser(word) for word in typed or ("",))  # noqa: PTH111
    stem = _option_stem(current)
    for item in _items(ctx, words, current):
        yield f"{item.type}\t{stem}{item.value}\t{item.help or ''}".rstrip("\t")


def _items(ctx: click.Context, words: Iterable[str], current: str) -> list[CompletionItem[str]]:
    from click.shell_completion import ShellComplete

    root = ctx.find_root()
    return ShellComplete(root.command, {}, root.info_name or "flashd", "").get_completions(
        list(words), current
    )


def _option_stem(current: str) -> str:
    """Tell `--option=` of `--option=value`: click answers with the value alone."""
    name, equals, _ = current.partition("=")
    return f"{name}{equals}" if equals and name.startswith("-") else ""
