"""The files of a configuration as text, wherever they come from."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from flashd.config.mistakes import Mistake, Place
from flashd.config.trust import distrust_of, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flashd.config.trust import Distrust

SETTINGS = "flashd.yaml"
PROTECTED = "protected.yaml"
SERVICES = "services.d"
SUFFIX = ".yaml"

MAX_BYTES = 16 * 1024 * 1024
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Files:
    """Texts by their path below `directory`.

    `unread` tells which files are there and could not be read, `hints` which ones were left
    out although they look as if they were meant.
    """

    directory: Path
    texts: Mapping[str, str]
    unread: tuple[Mistake, ...] = field(default=(), compare=False)
    hints: tuple[Mistake, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))

    @property
    def services(self) -> tuple[str, ...]:
        """The paths of the service files, in order."""
        return tuple(sorted(path for path in self.texts if path.startswith(f"{SERVICES}/")))

    def name(self, path: str) -> str:
        """Name a file as the user would."""
        return str(self.directory / path)


def read_files(config_dir: Path | str) -> Files:
    """Read `flashd.yaml`, `protected.yaml` and `services.d/*.yaml`.

    A file that vanishes between being listed and being read was replaced or removed by
    somebody: the directory is then read again, since half of a change is no configuration.
    """
    directory = Path(config_dir)
    for _ in range(_ATTEMPTS - 1):
        try:
            return _read(directory)
        except FileNotFoundError:
            continue
    try:
        return _read(directory)
    except FileNotFoundError as error:
        mistake = _about(error.filename, "vanished while it was read", "look again")
        return Files(directory, {}, unread=(mistake,))


def _read(directory: Path) -> Files:
    try:
        top = sorted(os.listdir(directory))  # noqa: PTH208 - the error names what was listed
        below = sorted(os.listdir(directory / SERVICES)) if SERVICES in top else []  # noqa: PTH208
        if doubt := distrust_of(directory / SERVICES if SERVICES in top else directory):
            return Files(directory, {}, unread=(_about(directory, *_in_doubt(doubt)),))
    except OSError as error:
        return Files(directory, {}, unread=(_unlisted(directory, error),))
    paths = [name for name in top if name in {SETTINGS, PROTECTED}]
    paths += [f"{SERVICES}/{name}" for name in below if _counts(name)]
    texts, unread = _texts(directory, paths)
    unread += tuple(_unprotected(directory, top))
    return Files(directory, texts, unread, tuple(_misnamed(directory, top, below)))


def _counts(name: str) -> bool:
    return name.endswith(SUFFIX) and not name.startswith(".")


def _texts(directory: Path, paths: Iterable[str]) -> tuple[dict[str, str], tuple[Mistake, ...]]:
    texts: dict[str, str] = {}
    unread: list[Mistake] = []
    for path in paths:
        match _text(directory / path):
            case str(text):
                texts[path] = text
            case mistake:
                unread.append(mistake)
    return texts, tuple(unread)


def _text(file: Path) -> str | Mistake:
    try:
        content = _content(file)
    except FileNotFoundError:
        if file.is_symlink():
            return _about(file, "is a symbolic link that leads nowhere", "")
        raise
    except OSError as error:
        return _about(file, f"cannot be read: {_reason(error)}", "")
    if isinstance(content, Mistake):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        return Mistake(Place(str(file), line, column), "not UTF-8", "save the file as UTF-8")


def _content(file: Path) -> bytes | Mistake:
    with opened(file) as descriptor:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return _about(file, "is not a regular file", "")
        if doubt := judge(file, found) or (distrust_of(file) if file.is_symlink() else None):
            return _about(file, *_in_doubt(doubt))
        content = read_at_most(descriptor, MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        return _about(file, f"is larger than {MAX_BYTES // 2**20} MiB", "split it")
    return content


@contextmanager
def opened(file: Path, flags: int = 0) -> Iterator[int]:
    """Open a file for reading, without waiting for a writer should it be a fifo."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_at_most(descriptor: int, size: int) -> bytes:
    """Read a file from its beginning, to its end or to `size`."""
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        return stream.read(size)


def mark_of(found: os.stat_result) -> str:
    """Tell a file from any other and from its former self, without its content."""
    return f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _unprotected(directory: Path, top: list[str]) -> Iterable[Mistake]:
    """Refuse to go on where what somebody protects would not be protected."""
    for name in top:
        if name != PROTECTED and name.lower() in {PROTECTED, "protected.yml"}:
            hint = f"its name must be {PROTECTED}; what it protects would be overwritten"
            yield _about(directory / name, "is not read", hint)


def _misnamed(directory: Path, top: list[str], below: list[str]) -> Iterable[Mistake]:
    for name in top:
        if name == "flashd.yml":
            yield _about(directory / name, "is not read", "its name must end in .yaml")
    for name in below:
        if name.endswith(".yml") and not name.startswith("."):
            yield _about(directory / SERVICES / name, "is not read", "its name must end in .yaml")


def _unlisted(directory: Path, error: OSError) -> Mistake:
    missing = isinstance(error, FileNotFoundError) and not directory.exists()
    if missing:
        return _about(directory, "no such directory", "name it with --config-dir")
    return _about(error.filename or directory, f"cannot be read: {_reason(error)}", "")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _in_doubt(doubt: Distrust) -> tuple[str, str]:
    """Tell why a file is not believed: commands come from it, and when a volume is overwritten."""
    return f"is not used: {doubt.message}", f"run: {doubt.remedy}"


def _about(file: Path | str, message: str, hint: str) -> Mistake:
    return Mistake(Place(str(file), 1, 1), message, hint)
