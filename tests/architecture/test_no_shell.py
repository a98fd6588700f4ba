"""No shell reads what flashd runs: every program is started by its argument vector.

The walk looks at the syntax of every module; each way to a shell that it knows is tried on it, so
that it can fail.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flashd"
SHELLS = frozenset(
    {"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "rbash", "tcsh", "zsh"}
)
BY_SHELL = frozenset(
    {
        "os.system",
        "os.popen",
        "posix.system",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "asyncio.create_subprocess_shell",
        "asyncio.subprocess.create_subprocess_shell",
        "pty.spawn",
        "popen2",
        "commands",
        "pexpect",
        "sh",
    }
)
SHELL_OF_A_LOOP = "subprocess_shell"
STARTERS = re.compile(
    r"subprocess|pty|multiprocessing|concurrent\.futures\.ProcessPoolExecutor"
    r"|os\.(exec\w+|spawn\w+|posix_spawnp?|fork(pty)?|startfile)"
    r"|asyncio(\.subprocess)?\.create_subprocess_exec"
)

FOR_A_SHELL = re.compile(rf"(\S*/)?({'|'.join(sorted(SHELLS))}) (-\w+ )*-\w*c\b")

WHO_STARTS = {
    "adapters/arrays/client.py": "names the pipe of dscli's input; processes.py starts it",
    "adapters/processes.py": "dscli, the guards' programs, ssh",
    "adapters/terminals.py": "dscli that is spoken to on a terminal",
    "install/host.py": "systemd-sysusers and systemd-tmpfiles, with constant arguments",
    "rehearsal/whole.py": "children of its own that rehearse a part each, and no other program",
    "sim/compare/client.py": "a real dscli, when an array is compared with the simulated one",
    "sim/dscli.py": "itself again, as the script around a real dscli does",
    "sim/mischief.py": "a child of its own that goes on when it is killed, and no other program",
}
"""Every module that may start a program, and which."""

SHELL_OF_THE_SIMULATED_CLIENT = ("sim/dscli.py", "_become_a_wrapper", '"$@"; exit $?')
"""The simulated dscli is wrapped in a shell as a real one is. Its text is constant, and what it was
given stays an argument of its own."""


def modules() -> Iterator[tuple[str, str]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), file.read_text()


def imported(tree: ast.Module) -> Mapping[str, str]:
    """Tell what each name stands for, whatever it was imported as."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=found):
                names |= {
                    one.asname or one.name.partition(".")[0]: one.name
                    if one.asname
                    else one.name.partition(".")[0]
                    for one in found
                }
            case ast.ImportFrom(module=str(module), names=found, level=0):
                names |= {one.asname or one.name: f"{module}.{one.name}" for one in found}
    return names


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.Attribute(value=value, attr=attribute):
            before = dotted(value, names)
            return f"{before}.{attribute}" if before else ""
    return ""


def complaints(text: str) -> list[str]:
    """Tell every way to a shell in a module."""
    tree = ast.parse(text)
    names = imported(tree)
    return [
        f"{getattr(node, 'lineno', 0)}: {found}"
        for node in ast.walk(tree)
        for found in judged(node, names)
    ]


def judged(node: ast.AST, names: Mapping[str, str]) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module=str(module), names=found):
            yield from sorted(({f"{module}.{one.name}" for one in found} | {module}) & BY_SHELL)
        case ast.Import(names=found):
            yield from sorted({one.name for one in found} & BY_SHELL)
        case ast.Call():
            yield from by_another_way(node)
            yield from judged_words(node)
        case ast.Attribute() | ast.Name():
            name = dotted(node, names)
            by_loop = isinstance(node, ast.Attribute) and node.attr == SHELL_OF_A_LOOP
            yield from [name] if name in BY_SHELL or by_loop else []
        case _:
            yield from judged_words(node)


def by_another_way(call: ast.Call) -> Iterator[str]:
    """Tell where text becomes code, or a function is called whose module the walk cannot tell."""
    match call:
        case ast.Call(func=ast.Attribute(attr="system" | "popen" as name)):
            yield f".{name}() of something"
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]) if (
            any(way.rpartition(".")[2] == name for way in BY_SHELL)
        ):
            yield f"getattr {name}"
        case ast.Call(func=ast.Name(id="eval" | "exec" | "__import__" as name)):
            yield f"{name}()"


def judged_words(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.keyword(arg="shell", value=value):
            yield from (
                [] if isinstance(value, ast.Constant) and value.value is False else ["shell="]
            )
        case ast.Dict(keys=keys) if any(getattr(key, "value", "") == "shell" for key in keys):
            yield "shell among the arguments"
        case ast.List(elts=words) | ast.Tuple(elts=words) | ast.Call(args=words):
            yield from ["a shell that reads an argument"] if by_shell(words) else []
        case ast.Constant(value=str(line)) if FOR_A_SHELL.match(line):
            yield "a command line for a shell"


def by_shell(words: Sequence[ast.expr]) -> bool:
    """Whether a row of words, or two nested ones, names a shell and then its -c."""
    flat: list[str] = []
    for word in words:
        inner = word.elts if isinstance(word, ast.List | ast.Tuple) else [word]
        flat += [one.value if isinstance(one, ast.Constant) else "" for one in inner if one]  # type: ignore[misc]
    shells = [
        index
        for index, word in enumerate(flat)
        if isinstance(word, str) and PurePath(word).name in SHELLS
    ]
    return bool(shells) and any(
        isinstance(word, str) and re.fullmatch(r"-[a-z]*c", word) for word in flat[shells[0] :]
    )


def starts(text: str) -> bool:
    """Whether a module could start a program."""
    tree = ast.parse(text)
    names = imported(tree)
    found = {
        *names.values(),
        *(dotted(n, names) for n in ast.walk(tree) if isinstance(n, ast.expr)),
    }
    return any(STARTERS.fullmatch(one) or STARTERS.match(f"{one}.") for one in found if one)


def test_no_module_gives_anything_to_a_shell_but_the_simulated_clients_wrapper() -> None:
    found = {path: wrong for path, text in modules() if (wrong := complaints(text))}
    path, function, script = SHELL_OF_THE_SIMULATED_CLIENT
    assert set(found) == {path}, found
    (place,) = [
        node
        for node in ast.walk(ast.parse((PACKAGE / path).read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    assert all(
        place.lineno <= int(one.partition(":")[0]) <= (place.end_lineno or 0) for one in found[path]
    )
    assert ast.unparse(place).count(repr(script)) == 1


def test_programs_are_started_in_these_modules_and_nowhere_else() -> None:
    assert {path for path, text in modules() if starts(text)} == set(WHO_STARTS)


def shells_with_a_script(text: str) -> list[int]:
    """Tell the lines of words that begin with the path of a shell, with or without -c."""
    rows = (
        (node.lineno, node.elts if isinstance(node, ast.List | ast.Tuple) else node.args)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.List | ast.Tuple | ast.Call)
    )
    return [line for line, words in rows if words and is_a_shell(words[0])]


def is_a_shell(word: ast.expr) -> bool:
    path = PurePath(str(word.value)) if isinstance(word, ast.Constant) else PurePath()
    return path.is_absolute() and path.name in SHELLS


def test_a_shell_runs_flashds_own_probe_and_the_simulated_client_alone() -> None:
    found = {path for path, text in modules() if shells_with_a_script(text)}
    assert found == {"adapters/guards/probe.py", "sim/dscli.py"}
    assert shells_with_a_script("argv = ['/bin/bash', script]")
    assert not shells_with_a_script("argv = ['/usr/bin/om', 'svc', '/bin/sh']")


def test_more_than_a_hundred_modules_are_looked_at() -> None:
    assert len(list(modules())) > 100


WAYS = {
    "shell=True": "import subprocess\nsubprocess.run('ls', shell=True)",
    "shell=name": "import subprocess as s\ndef f(x): s.Popen('ls', shell=x)",
    "shell=1": "import subprocess\nsubprocess.run('ls', shell=1)",
    "in a mapping": "import subprocess\nsubprocess.run('ls', **{'shell': True})",
    "os.system": "import os\nos.system('ls')",
    "os.system, renamed": "import os as o\no.system('ls')",
    "os.system, by name": "from os import system as go\ngo('ls')",
    "os.system, passed on": "import os\nmap(os.system, ['ls'])",
    "os.popen": "import os\nos.popen('ls')",
    "getoutput": "from subprocess import getoutput",
    "getstatusoutput": "import subprocess\nsubprocess.getstatusoutput('ls')",
    "asyncio": "import asyncio\nasync def f(): await asyncio.create_subprocess_shell('ls')",
    "asyncio, by name": "from asyncio import create_subprocess_shell",
    "asyncio, loop": "def f(loop): loop.subprocess_shell(None, 'ls')",
    "sh -c": "run(['sh', '-c', 'ls'])",
    "sh -c, a tuple": "run(('/bin/sh', '-c', text))",
    "bash -lc": "argv = ['/usr/bin/bash', '-lc', text]",
    "sh -e -c": "argv = ['sh', '-e', '-c', text]",
    "env sh -c": "argv = ['/usr/bin/env', 'sh', '-c', text]",
    "execl": "import os\nos.execlp('sh', 'sh', '-c', 'ls')",
    "execv": "import os\nos.execv('/bin/sh', ['sh', '-c', 'ls'])",
    "one line": "import shlex\nargv = shlex.split('/bin/sh -c ls')",
    "pty.spawn": "import pty\npty.spawn('ls')",
    "libc": "import ctypes\nctypes.CDLL(None).system(b'ls')",
    "getattr": "import os\ngetattr(os, 'system')('ls')",
    "__import__": "__import__('os').execv('/bin/ls', ['ls'])",
    "eval": "eval(text)",
    "exec": "exec(compile(text, '', 'exec'))",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS.keys())
def test_each_way_to_a_shell_is_seen(text: str) -> None:
    assert complaints(text)


STARTS = {
    "Popen": "import subprocess\nsubprocess.Popen(['ls'])",
    "run, by name": "from subprocess import run",
    "asyncio": "import asyncio\nasync def f(): await asyncio.create_subprocess_exec('ls')",
    "exec": "from os import execv",
    "spawn": "import os\nos.spawnv(0, 'ls', ['ls'])",
    "posix_spawn": "import os\nos.posix_spawn('ls', ['ls'], {})",
    "fork": "import os as o\no.fork()",
    "multiprocessing": "import multiprocessing.pool",
}


@pytest.mark.parametrize("text", STARTS.values(), ids=STARTS.keys())
def test_each_way_to_a_program_is_seen(text: str) -> None:
    assert starts(text)


HARMLESS = {
    "an argument vector": "import subprocess\nsubprocess.run(['om', 'svc', '-c'], shell=False)",
    "names of shells": "SHELLS = ['bash', 'zsh', 'fish']",
    "a system": "def f(host): return host.system",
    "the word": "shell = True",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_none_is_not_taken_for_one(text: str) -> None:
    assert complaints(text) == []


def test_a_shell_in_the_one_place_that_starts_programs_would_be_seen() -> None:
    text = (PACKAGE / "adapters/processes.py").read_text()
    assert complaints(text) == []
    assert complaints(text.replace("start_new_session=True", "start_new_session=True, shell=True"))


SCRIPTS = [
    PACKAGE / "adapters/remote/probe.sh",
    *sorted((ROOT / "debian").glob("flashd.p*")),
    *sorted((ROOT / "packaging").glob("*.sh")),
]
BY_EVAL = re.compile(
    r"(^|[\s;&|(`])(eval|source)\s|\b(ba|da|k|z)?sh\s+(-\w+\s+)*-\w*c\b", re.MULTILINE
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_of_ours_lets_text_become_a_command(script: Path) -> None:
    code = re.sub(r"(?m)^\s*#.*$", "", script.read_text())
    assert not BY_EVAL.search(code)
    sourced = re.findall(r"(?m)^\s*\. (\S+)", code)
    assert set(sourced) <= {"/usr/share/debconf/confmodule"}


@pytest.mark.parametrize("text", ["eval $x", "x; eval y", "sh -c ls", "if bash -ec ls", "source x"])
def test_a_script_that_does_would_be_seen(text: str) -> None:
    assert BY_EVAL.search(text)


def test_the_unit_starts_programs_by_their_whole_path_and_with_no_more_rights() -> None:
    unit = (ROOT / "systemd/flashd.service").read_text()
    started = re.findall(r"(?m)^Exec\w+=(.*)$", unit)
    assert started
    assert all(
        re.fullmatch(r"/(opt/flashd/bin/flashd run|bin/kill -HUP \$MAINPID)", one)
        for one in started
    )
