"""Read the configuration and auth.conf; a mistake there is a finding, and ends nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.config.auth import Auth, missing_arrays, open_auth
from flashd.config.configuration import Configuration
from flashd.config.mistakes import Mistakes
from flashd.core.checkup.diagnosis import Diagnosis, hint, ok, problem, unseen
from flashd.core.counting import counted
from flashd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flashd.config.auth import Login
    from flashd.config.settings import Settings
    from flashd.wiring import Home

CONFIGURATION, AUTH = "configuration", "auth.conf"
_CHECK_TELLS = "`flashd check` tells all of them; docs/configuration.md has every key."


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What could be read. A bad configuration leaves its settings, and no services."""

    configuration: Configuration
    settings: Settings
    auth: Auth | None
    diagnoses: tuple[Diagnosis, ...]

    @property
    def logins(self) -> Mapping[str, Login]:
        """The logins by array; none where auth.conf could not be read."""
        return {} if self.auth is None else self.auth

    @property
    def arrays(self) -> tuple[str, ...]:
        """The arrays to look at: those of services, or, without any, those of auth.conf."""
        named = {array for service in self.configuration.services for array in service.arrays}
        logins = set(self.logins)
        return tuple(sorted(named & logins if named else logins))


def read(home: Home) -> Read:
    """Read all that can be read.

    Raises `ConfigError` for a wrong --state, and where it cannot be told where the state is:
    what is said of another store would mislead.
    """
    try:
        configuration, said = home.configuration, []
    except ConfigError as error:
        configuration = Configuration(settings=home.settings_at_hand(), services=())
        said = [problem(CONFIGURATION, line, _CHECK_TELLS) for line in _lines(error)]
    said = said or [*_judge(configuration)]
    settings = home.settings(configuration)
    auth, about_auth = _read_auth(settings, configuration)
    return Read(
        configuration=configuration,
        settings=settings,
        auth=auth,
        diagnoses=(*said, *about_auth),
    )


def _judge(configuration: Configuration) -> Iterator[Diagnosis]:
    arrays = {array for service in configuration.services for array in service.arrays}
    services = counted(len(configuration.services), "service")
    yield ok(CONFIGURATION, f"{services} on {counted(len(arrays), 'array')}, no mistake")
    for one in configuration.hints:
        yield hint(CONFIGURATION, str(one), "docs/configuration.md tells what is allowed.")


def _read_auth(
    settings: Settings, configuration: Configuration
) -> tuple[Auth | None, list[Diagnosis]]:
    try:
        auth = open_auth(settings, os.environ)
    except Mistakes as error:
        return None, [
            problem(AUTH, line, "docs/configuration.md has every key.") for line in _lines(error)
        ]
    except ConfigError as error:
        if isinstance(error.__cause__, PermissionError):
            return None, [unseen(AUTH, error.message, "Run this as root, whose file it is.")]
        remedy = error.hint or "docs/configuration.md tells what it must be."
        return None, [problem(AUTH, error.message, remedy)]
    missing = missing_arrays(configuration, auth)
    if missing:
        return auth, [
            problem(AUTH, str(one), "Give that array a section in auth.conf.") for one in missing
        ]
    words = f"{auth.file} has the logins of {counted(len(auth), 'array')}, and is only its owner's"
    return auth, [ok(AUTH, words)]


def _lines(error: ConfigError) -> list[str]:
    mistakes = error.mistakes if isinstance(error, Mistakes) else ()
    return [str(one) for one in mistakes] or [error.message]
