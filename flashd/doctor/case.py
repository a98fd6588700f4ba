"""What one examination is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from flashd.config.settings import Settings
    from flashd.doctor.reading import Read
    from flashd.doctor.sessions import Overhearing
    from flashd.wiring import Home


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be looked at; `unit` is a unit's file to judge in place of the installed one."""

    login: bool = True
    guards: bool = True
    unit: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An installation, what was read of it, and what may be done.

    `reachable` are the arrays of which a console answers, as soon as that is known. `no_terminal`
    says why this host gives none, if so.
    """

    home: Home
    read: Read
    wanted: Wanted
    events: Overhearing
    now: datetime
    no_terminal: str = ""
    reachable: set[str] = field(default_factory=set)

    @property
    def settings(self) -> Settings:
        """The settings, with what the command line says otherwise."""
        return self.read.settings

    @property
    def keeps_sessions(self) -> bool:
        """Whether sessions with arrays are to be kept."""
        return self.settings.dscli.mode == "interactive"

    @property
    def place(self) -> Path | None:
        """The file of the store; None where a server keeps it."""
        return self.settings.state_file

    @property
    def directory(self) -> Path:
        """The directory whose owner the daemon runs as."""
        return self.settings.own_directory
