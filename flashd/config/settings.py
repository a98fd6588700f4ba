"""`flashd.yaml`: the daemon's own settings."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from flashd.config.document import Block, read
from flashd.config.files import SETTINGS
from flashd.config.history import HistorySettings
from flashd.config.mistakes import Mistake, Source, nearest
from flashd.config.ssh import KNOWN_HOSTS, HostPin, SshSettings
from flashd.config.validation import Part, validate
from flashd.config.validation import Path as Keys
from flashd.config.values import (
    TEXT,
    AbsolutePath,
    Flag,
    Reads,
    Section,
    Span,
    bounded,
    empty_if_absent,
    written,
)
from flashd.config.zone import find_zone, host_zone, zone_names
from flashd.errors import ConfigError

AUTH = "auth.conf"

_MAY_BE_EMPTY = (("dscli",), ("dscli", "env"), ("history",), ("ssh",), ("ssh", "hosts"))

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg://"

DSCLI_OWN_LIMIT = timedelta(seconds=900)
"""After this time dscli gives up a command by itself, and reports."""


def state_url(value: object) -> str:
    """Read where the state is kept.

    No message shows the URL: it may hold a password.
    """
    url = written(value)
    if url.startswith(POSTGRESQL) and len(url) > len(POSTGRESQL):
        return url
    if not url.startswith(SQLITE):
        raise ValueError(f"write {SQLITE}/PATH or {POSTGRESQL}USER@HOST/DATABASE")
    if not url.startswith(f"{SQLITE}/") or url.endswith("/"):
        raise ValueError(f"needs the path of a file from / on: {SQLITE}/var/lib/flashd/flashd.db")
    return url


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    name = written(value)
    if zone := find_zone(name):
        return zone
    raise ValueError(f"{name!r} is not a time zone; {_suggestion(name)}")


def _suggestion(name: str) -> str:
    suggestion = nearest(name, zone_names())
    return suggestion if suggestion.startswith("did") else "write such as Europe/Paris"


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _env(value: Mapping[str, str]) -> Mapping[str, str]:
    """Check names and values; neither is told: with `=` or a comma in it a value becomes a name."""
    if not all(map(_VARIABLE.fullmatch, value)):
        raise ValueError("a name in it is not that of an environment variable")
    if any("\0" in text for text in value.values()):
        raise ValueError("a value in it holds a null character")
    return value


class DscliSettings(Section):
    """How dscli is started and used."""

    path: AbsolutePath = Field(default=Path("/opt/ibm/dscli/dscli"), description="The program.")
    mode: Literal["interactive", "oneshot"] = Field(
        default="interactive",
        description=(
            "interactive: one logged-in session an array, kept while used;"
            " oneshot: one process a command."
        ),
    )
    env: Annotated[
        Mapping[str, Annotated[str, Reads(written, TEXT)]],
        BeforeValidator(empty_if_absent),
        AfterValidator(_env),
    ] = Field(default_factory=dict, description="Extra environment of the process.", repr=False)
    timeout: Span = Field(
        default=timedelta(seconds=1200),
        description="Of one command; above dscli's own 900s, so that its own report comes first.",
    )
    in_doubt: Span = Field(
        default=timedelta(seconds=20),
        description="So long a console may still carry out a command whose client is gone.",
    )
    idle: Span = Field(
        default=timedelta(minutes=5), description="A session that is not used is closed after this."
    )
    sessions: Annotated[int, bounded(1, 16)] = Field(
        default=1, description="At most so many sessions an array at a time; of interactive."
    )


class Settings(Section):
    """The daemon's own settings; every one has a default."""

    state: Annotated[str, Reads(state_url, TEXT)] = Field(
        default="sqlite:////var/lib/flashd/flashd.db",
        description="Where the state is kept.",
        repr=False,  # it may hold a password
    )
    check_interval: Span = Field(
        default=timedelta(seconds=60), description="How often every service is looked at."
    )
    observe_interval: Span = Field(
        default=timedelta(minutes=15),
        description="How often an array is listed when nothing is due.",
    )
    require_enrolment: Flag = Field(
        default=False,
        description="Nothing is sent for a service that no person has enrolled: flashd enroll.",
    )
    timezone: Annotated[ZoneInfo, Reads(_zone, TEXT)] = Field(
        default_factory=lambda: host_zone().zone,
        description="The zone of the schedules; default: the host's.",
    )
    auth: AbsolutePath = Field(
        default=Path("/etc/flashd/auth.conf"),
        description="The arrays' consoles and users; default: auth.conf beside this file.",
    )
    pwfiles: AbsolutePath = Field(
        default=Path("/var/lib/flashd"), description="The directory of the arrays' pwfiles."
    )
    dscli: Annotated[DscliSettings, BeforeValidator(empty_if_absent)] = Field(
        default_factory=DscliSettings, description="How dscli is started and used."
    )
    history: Annotated[HistorySettings, BeforeValidator(empty_if_absent)] = Field(
        default_factory=HistorySettings, description="How much of the past is kept."
    )
    ssh: Annotated[SshSettings, BeforeValidator(empty_if_absent)] = Field(
        default_factory=SshSettings, description="How other hosts are asked."
    )

    @property
    def timezone_name(self) -> str:
        """The zone's name in the tz database; `localtime` where only its rules are known."""
        return self.timezone.key

    @property
    def state_file(self) -> Path | None:
        """The file of the state store; None where a server keeps it."""
        if not self.state.startswith(SQLITE):
            return None
        return Path(self.state.removeprefix(SQLITE))

    @property
    def own_directory(self) -> Path:
        """The directory whose owner flashd runs as.

        Beside a server the pwfiles are all that stays on this host.
        """
        return self.state_file.parent if self.state_file else self.pwfiles

    def with_state(self, url: str) -> "Settings":
        """Keep the state elsewhere, as asked on a command line.

        A relative path is meant from where the command was given. Raises `ConfigError`.
        """
        if url.startswith(SQLITE) and not url.startswith(f"{SQLITE}/") and url != SQLITE:
            url = f"{SQLITE}{Path.cwd() / url.removeprefix(SQLITE)}"
        try:
            return self.model_copy(update={"state": state_url(url)})
        except ValueError as error:
            raise ConfigError(f"state: {error}") from error


def read_settings(source: Source, directory: Path) -> tuple[Settings | None, list[Mistake]]:
    """Read `flashd.yaml`; no text means all defaults. `auth.conf` stands beside it by default."""
    document = read(source)
    mistakes = list(document.mistakes)
    block = Block((1, 1)) if document.root is None else document.root
    if not isinstance(block, Block):
        return None, [*mistakes, source.mistake((1, 1), "must be a mapping")]
    found = validate(Settings, Part(source, block, (1, 1), _name, _advice, _MAY_BE_EMPTY))
    if isinstance(found, list):
        return None, mistakes + found
    if "auth" not in found.model_fields_set:
        found = found.model_copy(update={"auth": directory.absolute() / AUTH})
    if "known_hosts" not in found.ssh.model_fields_set:
        beside = {"known_hosts": directory.absolute() / KNOWN_HOSTS}
        found = found.model_copy(update={"ssh": found.ssh.model_copy(update=beside)})
    return found, mistakes


_BELOW: Mapping[str, type[Section]] = {
    "dscli": DscliSettings,
    "history": HistorySettings,
    "ssh": SshSettings,
}


_ENV = ("dscli", "env")


def _name(path: Keys) -> str:
    if path[:2] == _ENV and path != _ENV:
        return "a variable"
    return str(path[-1]) if path else SETTINGS


def _advice(path: Keys) -> str:
    model: type[Section] = Settings
    if len(path) > 1:
        model = _BELOW.get(str(path[0]), Settings)
    if path[:2] == ("ssh", "hosts"):
        model = HostPin
    return nearest(str(path[-1]), model.model_fields)
