"""managepwfile: keep passwords in a file. It asks no array, so it needs no login."""

import sys
from pathlib import Path

from flashd.sim import messages, pwfile
from flashd.sim.commands.command import APPLICATION, SUCCESS
from flashd.sim.errors import SimError
from flashd.sim.grammar import Grammar, Request, UsageError, parse
from flashd.sim.layout import Layout, Report, render

NAME = "managepwfile"
_GRAMMAR = Grammar(options=frozenset(("-action", "-mc1", "-mc2", "-pwfile", "-name", "-pw")))


def run(words: list[str], default: Path) -> int:
    """Add, remove or list records; return the exit code."""
    request = parse(_GRAMMAR, words)
    path = Path(request.options.get("-pwfile", default))
    action = {"add": _add, "remove": _remove, "list": _list}.get(request.options.get("-action", ""))
    if action is None:
        raise UsageError("-action takes add, remove or list")
    try:
        return action(request, path)
    except SimError as error:
        sys.stderr.write(f"{messages.syntax(NAME, str(error))}\n")
        return APPLICATION


def _add(request: Request, path: Path) -> int:
    user, password = _need(request, "-name"), _need(request, "-pw")
    records = dict(pwfile.read(path)) if path.exists() else {}
    for console in _consoles(request):
        records[console, user] = password
        print(messages.record_added(NAME, console, user, path))  # noqa: T201 - a client's answer
    pwfile.write(path, records)
    return SUCCESS


def _remove(request: Request, path: Path) -> int:
    user = _need(request, "-name")
    records = dict(pwfile.read(path))
    for console in _consoles(request):
        if records.pop((console, user), None) is None:
            raise SimError(f"{path} has no record {console}/{user}")
        print(messages.record_removed(NAME, console, user, path))  # noqa: T201 - a client's answer
    pwfile.write(path, records)
    return SUCCESS


def _list(_: Request, path: Path) -> int:
    rows = tuple((user, console) for console, user in pwfile.read(path))
    report = Report(("Name", "Management Console"), rows)
    print("\n".join(render(report, Layout())))  # noqa: T201 - a client's answer
    return SUCCESS


def _consoles(request: Request) -> list[str]:
    return [_need(request, "-mc1"), *filter(None, [request.options.get("-mc2")])]


def _need(request: Request, option: str) -> str:
    if not (value := request.options.get(option)):
        raise UsageError(f"option {option} is missing")
    return value
