"""Guards that look at what runs on a host: its units, its processes, a program of yours."""

import re
import shlex
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from flashd.config.guards.common import LONGEST_LOOK, GuardOptions, LocalHost, Timeout, where
from flashd.config.values import TEXT, Flag, Reads, Word, filled, whole_number, written

_UNIT_TYPES = (
    "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer",
    "slice", "scope",
)  # fmt: skip
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,254}")

_POSIX_CLASS = re.compile(r"\[:[a-z]+:\]")

# The shell's own words for a program that is missing or cannot be run.
_NOT_RUN = frozenset({126, 127})


def _unit(value: object) -> str:
    text = written(value)
    if not _UNIT.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a systemd unit")
    stem, dot, suffix = text.rpartition(".")
    if not (dot and suffix in _UNIT_TYPES):
        stem, text = text, f"{text}.service"
    if stem.endswith("@"):
        raise ValueError(f"{text!r} is a template; name an instance of it")
    return text


class SystemdOptions(GuardOptions):
    """A systemd unit is inactive and has no process left."""

    proves: ClassVar[bool] = True

    unit: Annotated[str, Reads(_unit, TEXT)] = Field(
        description="The unit; without a suffix it is a .service."
    )
    host: LocalHost = None
    failed_is_down: Flag = Field(
        default=False,
        description="Take 'failed' for down where no process is left; else it is unknown.",
    )

    def label(self) -> str:
        """Name the unit and its host."""
        return f"systemd {self.unit}{where(self.host)}"


def _pattern(value: object) -> str:
    text = written(value)
    if _POSIX_CLASS.search(text):  # Python would take it for a set of letters, and warn only
        raise ValueError(f"{text!r} has a class like [:alpha:], which Python does not know")
    try:
        compiled = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if compiled.search(""):
        raise ValueError(f"{text!r} matches every process")
    return text


class ProcessOptions(GuardOptions):
    """No process matches; where several of pattern, name and user are given, all must match."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [key]} for key in ("pattern", "name", "user")]}
    )
    proves: ClassVar[bool] = False

    pattern: Annotated[str, Reads(_pattern, TEXT)] | None = Field(
        default=None,
        description="A regular expression (Python's), searched in the command line.",
    )
    name: Word | None = Field(default=None, description="The exact name of the process.")
    user: Word | None = Field(default=None, description="The user that it runs as.")
    host: LocalHost = None

    @model_validator(mode="after")
    def _something_to_look_for(self) -> "ProcessOptions":
        if not (self.pattern or self.name or self.user):
            raise ValueError("needs 'pattern', 'name' or 'user'")
        return self

    def label(self) -> str:
        """Name what is looked for."""
        sought = {"pattern": self.pattern, "name": self.name, "user": self.user}
        words = " ".join(f"{key}={shlex.quote(text)}" for key, text in sought.items() if text)
        return f"process {words}{where(self.host)}"


def _argv(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("takes a list of program and arguments; there is no shell")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _program(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv[0].startswith("/"):
        raise ValueError(f"{argv[0]!r} is a relative path; write the program from / on")
    return argv


def _exit_codes(value: object) -> tuple[int, ...]:
    codes = value if isinstance(value, list | tuple) else [value]
    if not codes:
        raise ValueError("is empty")
    return tuple(sorted({whole_number(code, 0, 255) for code in codes}))


_CODE: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 255},
        {"type": "string", "pattern": "^[0-9]{1,3}$"},
    ]
}
ExitCodes = Annotated[
    tuple[int, ...],
    Reads(
        _exit_codes,
        {"anyOf": [*_CODE["anyOf"], {"type": "array", "items": _CODE, "minItems": 1}]},
    ),
]


def _can_mean_down(codes: tuple[int, ...]) -> tuple[int, ...]:
    if found := _NOT_RUN.intersection(codes):
        raise ValueError(
            f"{min(found)} is what a shell says where the program cannot be run,"
            " so it cannot mean down"
        )
    return codes


class CommandOptions(GuardOptions):
    """A program of yours says so by its exit code."""

    proves: ClassVar[bool] = True

    command: Annotated[
        tuple[Word, ...],
        BeforeValidator(_argv),
        AfterValidator(filled),
        AfterValidator(_program),
    ] = Field(description="Program, from / on, and its arguments; there is no shell.")
    down: Annotated[ExitCodes, AfterValidator(_can_mean_down)] = Field(
        description="The exit codes, one or a list, that mean down."
    )
    up: ExitCodes = Field(
        description="The exit codes, one or a list, that mean up. Any other is unknown."
    )
    host: LocalHost = None
    timeout: Timeout = Field(
        default=LONGEST_LOOK, description="How long the program may run, 30s at most."
    )

    @model_validator(mode="after")
    def _one_meaning_each(self) -> "CommandOptions":
        if both := sorted(set(self.down) & set(self.up)):
            raise ValueError(f"exit code {both[0]} cannot mean both down and up")
        return self

    def label(self) -> str:
        """Name the program with its arguments."""
        return f"command {shlex.join(self.command)}{where(self.host)}"
