"""`auth.conf`: where the arrays' management consoles are, and as whom to log in.

The file is judged and read through one open descriptor, so that nothing can be put in its place
in between. It holds no password, but it decides which machine one is sent to.
"""

from __future__ import annotations

import configparser
import getpass
import os
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.config.files import mark_of, opened, read_at_most
from flashd.config.mistakes import Mistake, Mistakes, Source, nearest
from flashd.config.values import array_id
from flashd.config.zone import find_zone, zone_names
from flashd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from zoneinfo import ZoneInfo

    from flashd.config.configuration import Configuration
    from flashd.config.settings import Settings

NAME = "auth.conf"
MAX_BYTES = 1024 * 1024
_COPIES = "/run/credentials"
_OWNER_ONLY = 0o077
_NOT_WORLD = 0o007


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to reach one array, and as whom; `timezone` is that in which it writes its dates."""

    array: str
    hmc1: str
    hmc2: str | None
    username: str
    timezone: ZoneInfo | None = None


_KEYS = frozenset({"type", *(field.name for field in fields(Login))} - {"array"})


class Auth(Mapping[str, Login]):
    """The logins by array, the file they come from, and its mark when it was read."""

    def __init__(self, file: Path, logins: Mapping[str, Login], mark: str = "") -> None:
        self.file = file
        self.mark = mark
        self._logins = dict(logins)

    def __getitem__(self, array: str) -> Login:
        return self._logins[array]

    def __iter__(self) -> Iterator[str]:
        return iter(self._logins)

    def __len__(self) -> int:
        return len(self._logins)


def open_auth(settings: Settings, environ: Mapping[str, str] | None = None) -> Auth:
    """Read the credentials that systemd passed on, else the file that the settings name.

    Raises `ConfigError` where the file cannot be trusted, `Mistakes` for what stands in it.
    """
    passed = _passed_on(os.environ if environ is None else environ)
    file = passed or settings.auth
    text, mark = _trusted_text(file, os.geteuid(), passed_on=passed is not None)
    return Auth(file, read_auth(Source(str(file), text)), mark)


def reopen_auth(settings: Settings, before: Auth, environ: Mapping[str, str] | None = None) -> Auth:
    """Read the credentials again, in a process that may have given up root's rights since.

    What was read `before` stays good as long as the file is the same.
    """
    try:
        return open_auth(settings, environ)
    except ConfigError as error:
        if not isinstance(error.__cause__, PermissionError):
            raise
        file = settings.auth
        if file == before.file and before.mark == _mark(file):
            return before
        raise ConfigError(
            f"{file} was changed, and flashd gave up root's rights after it had read it",
            "Restart flashd to have the new one read.",
        ) from error


def _mark(file: Path) -> str | None:
    try:
        return mark_of(file.stat())
    except OSError:
        return None


def missing_arrays(configuration: Configuration, auth: Auth) -> tuple[Mistake, ...]:
    """Tell which arrays have no login, where a service file names them first."""
    return tuple(
        Mistake(
            min(places),
            f"array {array} is not in {auth.file}",
            _remedy(array, auth),
        )
        for array, places in configuration.array_places.items()
        if array not in auth
    )


def _remedy(array: str, auth: Auth) -> str:
    """Say what to do about an array that has no login."""
    advice = nearest(array, auth) if auth else f"add a section [{array}] there"
    if not auth.file.is_relative_to(_COPIES):
        return advice
    copy = "that is the copy of auth.conf which systemd made at the start: restart flashd"
    between = " " if advice.endswith("?") else "; "
    return f"{advice}{between}{copy} once /etc/flashd/auth.conf is mended"


def _passed_on(environ: Mapping[str, str]) -> Path | None:
    """Find what `LoadCredential=` of the unit handed over."""
    if not (directory := environ.get("CREDENTIALS_DIRECTORY")):
        return None
    file = Path(directory) / NAME
    return file if os.path.lexists(file) else None


def _trusted_text(file: Path, user: int, *, passed_on: bool) -> tuple[str, str]:
    """Read a file that can be trusted; returns its text and its mark."""
    try:
        with opened(file, os.O_NOFOLLOW) as descriptor:
            found = os.fstat(descriptor)
            if complaint := distrust(file, found, user, passed_on=passed_on):
                raise complaint
            content = read_at_most(descriptor, MAX_BYTES + 1)
    except OSError as error:
        raise _unopened(file, error) from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{file} is larger than {MAX_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig"), mark_of(found)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8", "Save it as UTF-8.") from error


def distrust(
    file: Path, found: os.stat_result, user: int, *, passed_on: bool = False
) -> ConfigError | None:
    """Say why an open file must not be believed, and which command mends it.

    `user` is who runs this process: what belongs to root is believed, and what belongs to an
    unprivileged user by himself. systemd passes a credential on as 0440 of root with an access
    list from version 257 on, so there only access by everybody speaks against it.
    """
    name = shlex.quote(str(file))
    if not stat.S_ISREG(found.st_mode):
        return ConfigError(f"{file} is not a regular file", "Write the logins to a plain file.")
    if found.st_nlink != 1:
        hint = f"Run: cp {name} {name}.new && chmod 600 {name}.new && mv {name}.new {name}"
        return ConfigError(
            f"{file} has {found.st_nlink} hard links, so it can be changed by another name", hint
        )
    if found.st_uid not in {0, user}:
        owner = "root" if user == 0 else shlex.quote(_user_name())
        return ConfigError(
            f"{file} belongs to user {found.st_uid}, not to {owner}", f"Run: chown {owner} {name}"
        )
    if found.st_mode & (_NOT_WORLD if passed_on else _OWNER_ONLY):
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        return ConfigError(
            f"{file} has mode {mode}, so others can use it", f"Run: chmod 600 {name}"
        )
    return None


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def _unopened(file: Path, error: OSError) -> ConfigError:
    name = shlex.quote(str(file))
    if file.is_symlink():
        hint = f'Run: cp --remove-destination "$(readlink -f {name})" {name} && chmod 600 {name}'
        return ConfigError(f"{file} is a symbolic link", hint)
    if isinstance(error, FileNotFoundError):
        hint = f"Run: install -m 600 /dev/null {name}, and give each array a section there."
        return ConfigError(f"{file} does not exist", hint)
    reason = (error.strerror or str(error)).lower()
    return ConfigError(f"{file} cannot be opened: {reason}")


def read_auth(source: Source) -> Auth:
    """Read the text of an `auth.conf`; raises `Mistakes`, none of which shows a value."""
    parser = configparser.ConfigParser(
        interpolation=None, default_section="", empty_lines_in_values=False
    )
    try:
        parser.read_string(source.text)
    except configparser.Error as error:
        raise Mistakes(_syntax(error, source)) from error
    lines = _lines(source.text, parser)
    sections = [_Section(source, name, parser[name], lines) for name in parser.sections()]
    mistakes = [mistake for section in sections for mistake in section.mistakes()]
    mistakes += _twice(sections)
    if mistakes:
        raise Mistakes(mistakes)
    logins = [section.login() for section in sections]
    return Auth(Path(source.file), {login.array: login for login in logins})


Lines = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class _Section:
    """One array as the file has it."""

    source: Source
    name: str
    options: Mapping[str, str]
    lines: Lines

    @property
    def array(self) -> str:
        return array_id(self.name)

    def mistake(self, key: str, message: str, hint: str = "") -> Mistake:
        line = self.lines.get((self.name, key), self.lines.get((self.name, ""), 1))
        return self.source.mistake((line, 1), message, hint)

    def login(self) -> Login:
        given = {key: self.options.get(key, "").strip() for key in _KEYS}
        return Login(
            array=self.array,
            hmc1=given["hmc1"],
            hmc2=given["hmc2"] or None,
            username=given["username"],
            timezone=find_zone(given["timezone"]),
        )

    def mistakes(self) -> Iterator[Mistake]:
        try:
            self.array  # noqa: B018 - asked for its refusal
        except ValueError as error:
            yield self.mistake("", str(error))
        for key in self.options.keys() - _KEYS:
            yield self._unknown(key)
        yield from self._kind()
        for key in ("hmc1", "username"):
            if not self.options.get(key, "").strip():
                yield self.mistake(key, f"[{self.name}] needs '{key}'")
        for key in ("hmc1", "hmc2", "username"):
            yield from self._argument(key)
        yield from self._zone()

    def _unknown(self, key: str) -> Mistake:
        if key in {"password", "passwd", "pw"}:
            return self.mistake(
                key,
                f"'{key}' has no place here: the password is in the array's pwfile only",
                "remove the line, and run dscli managepwfile",
            )
        return self.mistake(key, f"unknown key '{key}'", nearest(key, _KEYS))

    def _kind(self) -> Iterator[Mistake]:
        if "type" not in self.options:
            yield self.mistake("", f"[{self.name}] needs 'type'", "write 'type = ibmds'")
        elif self.options["type"].strip() != "ibmds":
            yield self.mistake("type", "type must be ibmds")

    def _argument(self, key: str) -> Iterator[Mistake]:
        value = self.options.get(key, "").strip()
        if value.startswith("-") or value.split() not in ([], [value]) or not value.isprintable():
            message = f"{key} must be one word that does not begin with '-'"
            yield self.mistake(key, message, "a comment needs a line of its own")

    def _zone(self) -> Iterator[Mistake]:
        name = self.options.get("timezone", "").strip()
        if name and find_zone(name) is None:
            suggestion = nearest(name, zone_names())
            hint = suggestion if suggestion.startswith("did") else "write such as Europe/Paris"
            yield self.mistake("timezone", "timezone is not the name of a time zone", hint)


def _twice(sections: list[_Section]) -> Iterator[Mistake]:
    first: dict[str, _Section] = {}
    for section in sections:
        other = first.setdefault(section.name.strip().upper(), section)
        if other is not section:
            line = other.lines.get((other.name, ""), 1)
            yield section.mistake(
                "", f"[{section.name}] is there twice", f"the first one is in line {line}"
            )


def _lines(text: str, parser: configparser.ConfigParser) -> Lines:
    """Find where each section and key stands, which the parser does not tell."""
    lines: MutableMapping[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if header := parser.SECTCRE.match(line.strip()):
            section = header["header"]
            lines.setdefault((section, ""), number)
        elif option := parser.OPTCRE.match(line.strip()):
            lines.setdefault((section, parser.optionxform(option["option"].rstrip())), number)
    return lines


def _syntax(error: configparser.Error, source: Source) -> Iterator[Mistake]:
    """Put the parser's complaint in words of our own: its own would show the line."""
    match error:
        case configparser.DuplicateSectionError(lineno=int(line)):
            yield source.mistake((line, 1), f"[{error.section}] is there twice")
        case configparser.DuplicateOptionError(lineno=int(line)):
            yield source.mistake((line, 1), f"'{error.option}' is given twice")
        case configparser.MissingSectionHeaderError():
            hint = "begin with the array in brackets, such as [IBM.2107-75ABC01]"
            yield source.mistake((error.lineno, 1), "a line before any section", hint)
        case configparser.ParsingError():
            for line, _ in error.errors:
                yield source.mistake((line, 1), "neither a [section] nor 'key = value'")
        case _:
            yield source.mistake((1, 1), "not an INI file")
