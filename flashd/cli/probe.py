"""`flashd probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, json_option, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.config.ssh import SshSettings
    from flashd.ports.remote import Answer, Remote, Silence
    from flashd.wiring import Home

_SECONDS = 20
_UNANSWERED = 1
_PATH = "/usr/libexec/flashd-probe"


@click.command
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@click.option(
    "--authorized-keys", is_flag=True, help="Print the line for authorized_keys, not the script."
)
@click.option(
    "--from",
    "source",
    metavar="ADDRESS",
    help="The address from which flashd comes, for that line.",
)
@json_option
@click.pass_obj
def command(
    home: Home, *, hosts: tuple[str, ...], authorized_keys: bool, source: str | None, as_json: bool
) -> int:
    """Print the script flashd-probe; with HOSTs, ask each of them who it is.

    The script goes to standard output, what to do with it to standard error.
    """
    import asyncio

    configuration = home.configuration
    if hosts:
        return asyncio.run(_ask(home.remote(configuration), hosts, as_json=as_json))
    settings = home.settings(configuration).ssh
    line = _line(settings, source)
    if authorized_keys:
        click.echo(line)
        return 0
    click.echo(_script(), nl=False)
    _explain(settings, line)
    return 0


def _script() -> str:
    from importlib.resources import files

    return (files("flashd.adapters.remote") / "probe.sh").read_text("utf-8")


def _line(settings: SshSettings, source: str | None) -> str:
    address = source or "ADDRESS-OF-THIS-HOST"
    return f'restrict,from="{address}",command="{_PATH}" {_public(settings.key)}'


def _public(key: Path | None) -> str:
    """Read the public part beside the private key."""
    try:
        text = key.with_name(f"{key.name}.pub").read_text("utf-8") if key else ""
    except (OSError, UnicodeDecodeError):
        text = ""
    words = text.split()
    return " ".join(words[:2]) if len(words) > 1 else "PUBLIC-KEY"


def _explain(settings: SshSettings, line: str) -> None:
    for text in (
        f"on each host, as root: install the script as {_PATH}, mode 0755, owner root",
        f"there, have root own the home of {settings.user} and .ssh in it, mode 0755, so that",
        "he cannot put another .ssh there, without the command of this line;",
        f"there, in authorized_keys of {settings.user} (root's too, mode 0644), one line:",
        line,
        f"here, in {settings.known_hosts}, the host key, under the name that the guards use",
        "then: flashd probe HOST",
    ):
        click.echo(text, err=True)


async def _ask(remote: Remote, hosts: tuple[str, ...], *, as_json: bool) -> int:
    import asyncio

    deadline = asyncio.get_running_loop().time() + _SECONDS
    answers = await asyncio.gather(
        *(remote.ask(host, ("identity",), deadline=deadline, cap=0) for host in hosts)
    )
    told = dict(zip(hosts, map(_told, answers), strict=True))
    if as_json:
        print_json({"version": VERSION, "hosts": [{"host": h, **t} for h, t in told.items()]})
    else:
        for host, facts in told.items():
            click.echo(f"{host}: {_words(facts)}", err="reason" in facts)
    return _UNANSWERED if any("reason" in facts for facts in told.values()) else 0


def _told(answer: Answer | Silence) -> dict[str, object]:
    from flashd.ports.remote import Silence

    if isinstance(answer, Silence):
        return {"reason": answer.reason}
    return {key: answer.facts[key] for key in ("system", "hostname", "machine_id", "compared")}


def _words(facts: dict[str, object]) -> str:
    if "reason" in facts:
        return str(facts["reason"])
    return (
        f"{{hostname: {facts['hostname']}, machine_id: {facts['machine_id']}}}"
        f"  # {facts['system']}; compared: {facts['compared']}"
    )
