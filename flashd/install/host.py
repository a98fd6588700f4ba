"""What an installation finds on a host, and how it is carried out there."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.privileges import closed_step
from flashd.config.files import MAX_BYTES, opened, read_at_most
from flashd.errors import FlashdError
from flashd.install.steps import Step, decide

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from flashd.install.steps import Item

COMMANDS = (
    ("systemd-sysusers", "flashd.conf"),
    ("systemd-tmpfiles", "--create", "flashd.conf"),
)
RELOAD = ("systemctl", "daemon-reload")

_BEFORE_OURS = "/etc/systemd/system/flashd.service"
_HIDDEN_BY_UNIT = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # nosec B108 # noqa: S108 - PrivateTmp=
_SHEBANG_LIMIT = 256
_COMMAND_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Host:
    """The host, or a directory that stands for its root."""

    root: Path

    @property
    def live(self) -> bool:
        """Whether this is the host itself."""
        return self.root == Path("/")

    def place(self, path: PurePosixPath) -> Path:
        """Tell where a path of the host is; raises `FlashdError` where a link leads out of it."""
        place = self.root / path.relative_to("/")
        if not place.parent.resolve().is_relative_to(self.root.resolve()):
            raise FlashdError(
                f"{place} leads out of {self.root}, by a symbolic link",
                "Make that link a relative one, or write below another directory.",
            )
        return place

    def steps(self, items: Iterable[Item]) -> list[Step]:
        """Say what is to be done about each file."""
        return [self._step(item) for item in items]

    def _step(self, item: Item) -> Step:
        beside = item.path.with_name(f"{item.path.name}.new")
        return decide(item, self._text(item.path), self._text(beside))

    def _text(self, path: PurePosixPath) -> str | None:
        place = self.place(path)
        try:
            with opened(place) as descriptor:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return ""  # somebody's, and no file that could be ours
                return read_at_most(descriptor, MAX_BYTES).decode("utf-8", "backslashreplace")
        except FileNotFoundError:
            return "" if place.is_symlink() else None  # somebody's, wherever it was to lead
        except PermissionError:
            return ""  # it is there, and who tells a plan need not be root
        except OSError as error:
            raise _failed("read", place, error) from error

    def write(self, step: Step) -> None:
        """Put a file in its place, whole or not at all."""
        place = self.place(step.path)
        try:
            _make_directory(place.parent)
            _replace(place, step.text.encode(), step.mode)
        except OSError as error:
            raise _failed("write", place, error) from error

    def overshadowed(self) -> str:
        """Say that another unit of that name stands before the one that is written."""
        other = self.root / _BEFORE_OURS.lstrip("/")
        if not os.path.lexists(other):
            return ""
        return f"{other} stands before the unit of this flashd: move it away, or keep it up to date"

    def commands(self) -> list[tuple[str, ...]]:
        """List what is run once the files are there: user, directories, systemd's view of it."""
        if not self.live:
            return []
        running = Path("/run/systemd/system").is_dir()
        return [*COMMANDS, RELOAD] if running else [*COMMANDS]


def run(command: tuple[str, ...], limit: float = _COMMAND_LIMIT) -> None:
    """Run a command of the host; raises `FlashdError` where it is missing, hangs or fails."""
    program = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin")
    if program is None:
        raise FlashdError(
            f"there is no {command[0]} on this host",
            "Install systemd; or make the user flashd and what flashd.conf of tmpfiles.d"
            " lists by hand.",
        )
    done = _ended([program, *command[1:]], " ".join(command), limit)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or "nothing"
        raise FlashdError(f"{' '.join(command)} ended with {done.returncode} and said: {said}")


def _ended(argv: list[str], told: str, limit: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limit,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise FlashdError(
            f"{told} did not end within {limit:g} s", "Run it by hand, and see for what it waits."
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FlashdError(f"{told} cannot be run: {reason}", f"See to {argv[0]}.") from error


def _make_directory(place: Path) -> None:
    """Make a directory that everybody may enter, whatever the umask is."""
    if place.is_dir():
        return
    _make_directory(place.parent)
    place.mkdir()
    place.chmod(0o755)


def _replace(place: Path, content: bytes, mode: int) -> None:
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as new:
        try:
            os.fchmod(new.fileno(), mode)
            new.write(content)
            new.close()
            Path(new.name).replace(place)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise


def own_program(argv0: str) -> str:
    """Find the flashd that was run, as the unit has to name it."""
    found = shutil.which(argv0) if not argv0.endswith(".py") else None
    return str(Path(found).absolute() if found else Path(sys.executable).with_name("flashd"))


def unreachable(program: str) -> str:
    """Say why the unit could not start a program, or its interpreter; empty where it can."""
    path = Path(program)
    try:
        with path.open("rb") as script:
            line = script.readline(_SHEBANG_LIMIT).decode("utf-8", "replace")
    except OSError as error:
        return f"{path}: {(error.strerror or str(error)).lower()}"
    words = line.removeprefix("#!").split() if line.startswith("#!") else []
    programs = [path, *(Path(word) for word in words[:1])]
    return next((reason for one in programs if (reason := _hidden(one))), "")


def _hidden(path: Path) -> str:
    """Say why the unit cannot see a program, by its name or by what that leads to."""
    for place in (path, path.resolve()):
        for hidden in _HIDDEN_BY_UNIT:
            if place.is_relative_to(hidden):
                return f"{place} is below {hidden}, which the unit hides from flashd"
    return closed_step(path, _open_to_all, "flashd")


def _open_to_all(step: Path) -> bool:
    """Whether anybody passes; the user flashd may not be there yet."""
    return bool(step.stat().st_mode & stat.S_IXOTH)


def _failed(what: str, place: Path, error: OSError) -> FlashdError:
    reason = (error.strerror or str(error)).lower()
    return FlashdError(f"cannot {what} {place}: {reason}", "Run it as root, or with --root.")
