"""managepwfile: keep passwords in a file. It asks no array, so it needs no login."""

from pathlib import Path

from flashd.sim import messages, pwfile
from flashd.sim.commands.command import APPLICATION, SUCCESS
from flashd.sim.errors import SimError
from flashd.sim.grammar import Grammar, Request, UsageError, parse
from flashd.sim.layout import Layout, Report, render
from flashd.sim.terminal import Terminal

NAME = "managepwfile"
_GRAMMAR = Grammar(options=frozenset(("-action", "-mc1", "-mc2", "-pwfile", "-name", "-pw")))


def run(words: list[str], default: Path, terminal: Terminal) -> int:
    """Add, change, remove or list records; return the exit code."""
    request = parse(_GRAMMAR, words)
    path = Path(request.options.get("-pwfile", default))
    actions = {"add": _add, "change": _change, "remove": _remove, "list": _list}
    action = actions.get(request.options.get("-action", ""))
    if action is None:
        raise UsageError("-action takes add, change, remove or list")
    try:
        lines = action(request, path)
    except SimError as error:
        terminal.complain(f"{messages.syntax(NAME, str(error))}\n")
        return APPLICATION
    terminal.write("".join(f"{line}\n" for line in lines))
    return SUCCESS


def _add(request: Request, path: Path) -> list[str]:
    password = _need(request, "-pw")
    users = _records(request)
    there = pwfile.read(path) if path.exists() else {}
    pwfile.write(path, {**there, **dict.fromkeys(users, password)})
    return [messages.record_added(NAME, console, user, path) for console, user in users]


def _change(request: Request, path: Path) -> list[str]:
    password = _need(request, "-pw")
    there = _holding(path, _records(request))
    pwfile.write(path, {**there, **dict.fromkeys(_records(request), password)})
    changed = _records(request)
    return [messages.record_changed(NAME, console, user, path) for console, user in changed]


def _remove(request: Request, path: Path) -> list[str]:
    gone = _records(request)
    there = _holding(path, gone)
    pwfile.write(path, {key: there[key] for key in there if key not in gone})
    return [messages.record_removed(NAME, console, user, path) for console, user in gone]


def _list(_: Request, path: Path) -> list[str]:
    rows = tuple((user, console) for console, user in pwfile.read(path))
    return render(Report(("Name", "Management Console"), rows), Layout())


def _records(request: Request) -> list[tuple[str, str]]:
    """Return the keys of the records that are meant, one for each console."""
    user = _need(request, "-name")
    consoles = [_need(request, "-mc1"), *filter(None, [request.options.get("-mc2")])]
    return [(console, user) for console in consoles]


def _holding(path: Path, wanted: list[tuple[str, str]]) -> pwfile.Records:
    """Read a file that has to have these records."""
    there = pwfile.read(path)
    if missing := [f"{console}/{user}" for console, user in wanted if (console, user) not in there]:
        raise SimError(f"{path} has no record {missing[0]}")
    return there


def _need(request: Request, option: str) -> str:
    if not (value := request.options.get(option)):
        raise UsageError(f"option {option} is missing")
    return value
