"""All checks, in their order."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from flashd.adapters.privileges import become_owner
from flashd.config.pwfile import chown, managepwfile, pwfile_of
from flashd.core.checkup.dates import judge_host_clock
from flashd.core.checkup.diagnosis import Diagnosis, State, hint, ok, problem, unseen
from flashd.core.checkup.files import (
    Remedies,
    judge_directory,
    judge_java,
    judge_program,
    judge_pwfile,
)
from flashd.core.checkup.network import judge_consoles
from flashd.core.checkup.sandbox import judge_sandbox
from flashd.core.checkup.sessions import judge_terminal
from flashd.doctor.case import Case
from flashd.doctor.client import is_simulated, javas, ports
from flashd.doctor.files import look_at, look_at_directory, look_at_program, user_name
from flashd.doctor.kernel import clock_error
from flashd.doctor.network import consoles_of
from flashd.doctor.reading import AUTH, CONFIGURATION, read
from flashd.doctor.sandbox import NAME, needs_of, unit_of
from flashd.doctor.sessions import Overhearing, lack_of_terminals
from flashd.doctor.state import about_state
from flashd.errors import ConfigError
from flashd.wiring import READER, system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from flashd.doctor.case import Wanted
    from flashd.ports.events import Events
    from flashd.wiring import Home

_SIMULATED = "the simulated array's client needs none"


async def examine(home: Home, wanted: Wanted, events: Events) -> AsyncIterator[Diagnosis]:
    """Make every check. As root it goes on as the owner of the state once auth.conf is open."""
    found = read(home)
    for one in found.diagnoses:
        yield one
    case = Case(
        home=home,
        read=found,
        wanted=wanted,
        events=Overhearing(events),
        now=system_clock().now(),
        no_terminal=lack_of_terminals(),
    )
    for one in (_take_on(case), *_about_files(case)):
        yield one
    for family in (_about_client, _about_sessions, _about_consoles, about_state, _about_sandbox):
        async for one in family(case):
            yield one


def exit_code(diagnoses: Iterable[Diagnosis]) -> int:
    """Tell how the command ends: 2 for the configuration, 1 for any other problem, else 0."""
    wrong = {one.check for one in diagnoses if one.state is State.PROBLEM}
    if wrong & {CONFIGURATION, AUTH}:
        return ConfigError.exit_code
    return 1 if wrong else 0


def _take_on(case: Case) -> Diagnosis:
    """Become who the daemon is, as every command does, so that rights are judged for him."""
    check, directory = "user", case.directory
    try:
        become_owner(directory)
    except OSError as error:
        return problem(
            check,
            f"cannot become the owner of {directory}: {(error.strerror or '').lower()}",
            "Run this as root, or as the user that flashd runs as.",
        )
    me, owner = user_name(), look_at(directory, os.R_OK).owner
    if owner and me != owner:
        return hint(
            check,
            f"these checks are made as {me}, and {directory} belongs to {owner}",
            f"Run this as root or as {owner}: what {me} may use says nothing of the daemon.",
        )
    return ok(check, f"these checks are made as {me}, the owner of {directory}" if owner else me)


def _about_files(case: Case) -> Iterator[Diagnosis]:
    me, settings = user_name(), case.settings
    for array in case.read.arrays:
        login = case.read.logins[array]
        file = look_at(pwfile_of(settings, login), os.R_OK)
        remedies = Remedies(managepwfile(settings, login, READER), chown(settings, login))
        yield judge_pwfile(file, remedies, me, case.now)
    yield from judge_directory(look_at_directory(case.directory, case.place), me)
    yield judge_host_clock(clock_error(), case.now)
    yield judge_program(look_at_program(settings.dscli.path), me)


async def _about_client(case: Case) -> AsyncIterator[Diagnosis]:
    if is_simulated(case.settings.dscli):
        yield ok("java", _SIMULATED)
        return
    for one in judge_java(await javas(case.settings.dscli)):
        yield one


async def _about_sessions(case: Case) -> AsyncIterator[Diagnosis]:
    if case.keeps_sessions:
        yield judge_terminal(case.no_terminal)


async def _about_consoles(case: Case) -> AsyncIterator[Diagnosis]:
    """Connect to the consoles, and note which arrays can be logged in to."""
    if is_simulated(case.settings.dscli):
        case.reachable.update(case.read.arrays)
        yield unseen("consoles", "not tried: a simulated array has no network")
        return
    tried = ports(case.settings.dscli)
    logins = [case.read.logins[array] for array in case.read.arrays]
    found = await asyncio.gather(*(consoles_of(login, tried) for login in logins))
    for login, consoles in zip(logins, found, strict=True):
        judged = list(judge_consoles(login.array, consoles))
        if any(one.state is State.OK for one in judged):
            case.reachable.add(login.array)
        for one in judged:
            yield one


async def _about_sandbox(case: Case) -> AsyncIterator[Diagnosis]:
    check = "sandbox"
    try:
        unit = await unit_of(case.wanted.unit)
    except OSError as error:
        yield unseen(check, f"the unit cannot be read: {(error.strerror or '').lower()}")
        return
    if unit is None:
        yield unseen(check, f"no {NAME} is installed; --unit FILE judges one that is not")
        return
    guards = [spec for service in case.read.configuration.services for spec in service.guards]
    owner = look_at(case.directory, os.R_OK).owner
    for one in judge_sandbox(unit, await needs_of(case.settings, case.read.logins, guards, owner)):
        yield one
