"""What is allowed and may still not be what was meant."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from flashd.config.document import Block, read
from flashd.config.durations import format_duration
from flashd.config.files import PROTECTED, SERVICES, SETTINGS
from flashd.config.mistakes import Mistake, Place, Source, nearest
from flashd.config.settings import DSCLI_OWN_LIMIT
from flashd.config.zone import host_zone
from flashd.core.counting import counted
from flashd.model.hosts import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flashd.config.files import Files
    from flashd.config.services import Definition
    from flashd.config.settings import Settings
    from flashd.config.unchanged import Unchanged
    from flashd.core.schedule import Schedule
    from flashd.model.protection import Protection

# Any instant will do: whether there is ever a start does not depend on where one looks from.
_SOMEWHEN = datetime(2000, 1, 1)  # noqa: DTZ001 - local time without clock changes, as schedules are written


def hints_on(
    files: Files,
    settings: Settings,
    definitions: Sequence[Definition | Unchanged],
    protected: Protection,
) -> Iterator[Mistake]:
    """Tell what the operator may want to look at again."""
    yield from _on_settings(files, settings)
    if not definitions:
        yield Mistake(Place(files.name(SERVICES), 1, 1), "no service is defined")
    for definition in definitions:
        yield from _on_delays(definition)
    yield from _on_hosts(files, settings, definitions)
    yield from _on_protected(Place(files.name(PROTECTED), 1, 1), protected, definitions)
    yield from _on_schedules(definitions)


def _on_protected(
    place: Place, protected: Protection, definitions: Sequence[Definition | Unchanged]
) -> Iterator[Mistake]:
    """Tell what is protected on an array that no service uses: it may be meant otherwise."""
    used = {one.array for definition in definitions for one in definition.resources.values()}
    named = {array for array, _ in protected.volumes | protected.groups}
    for array in sorted(named - used):
        message = f"no service uses array {array}: what is protected there protects nothing"
        yield Mistake(place, message, nearest(array, used) if used else "")


def _in_settings(files: Files, *path: str) -> Place:
    """Find where a key of the settings stands; read once more, since hints are few."""
    source = Source(files.name(SETTINGS), files.texts.get(SETTINGS, ""))
    root = read(source).root
    return source.place(root.spot(path, key=True) if isinstance(root, Block) else (1, 1))


def _on_settings(files: Files, settings: Settings) -> Iterator[Mistake]:
    if "timezone" not in settings.model_fields_set and (doubt := host_zone().doubt):
        place = Place(files.name(SETTINGS), 1, 1)
        yield Mistake(place, f"{doubt}; schedules are read in UTC", "set 'timezone'")
    if settings.dscli.timeout <= DSCLI_OWN_LIMIT:
        own = f"{int(DSCLI_OWN_LIMIT.total_seconds())}s"
        yield Mistake(
            _in_settings(files, "dscli", "timeout"),
            f"dscli.timeout is not above dscli's own {own}",
            "a command is then killed, and its outcome unknown, before dscli reports",
        )


def _on_hosts(
    files: Files, settings: Settings, definitions: Sequence[Definition | Unchanged]
) -> Iterator[Mistake]:
    """Tell what is pinned of a host at which no guard looks: its name may be meant otherwise."""
    hosts = {
        plain_name(host): host
        for definition in definitions
        if definition.options is not None
        for guard in definition.options.guards
        if isinstance(host := getattr(guard.options, "host", None), str)
    }
    for name in settings.ssh.hosts:
        if plain_name(name) not in hosts:
            place = _in_settings(files, "ssh", "hosts", name)
            message = f"ssh.hosts: no guard looks at {name}"
            yield Mistake(place, message, nearest(name, hosts.values()) if hosts else "")


def _on_delays(definition: Definition | Unchanged) -> Iterator[Mistake]:
    options = definition.options
    if options is None or options.refresh_after is None:
        return
    after = f"refresh_after {format_duration(options.refresh_after)}"
    if options.refresh_after >= options.sync_max_delay:
        longest = format_duration(options.sync_max_delay)
        message = f"{after} is not less than sync_max_delay {longest}"
        yield definition.part.mistake(
            ("refresh_after",), message, "the status is warn before a resync is due"
        )
    if options.refresh_after < options.sync_min_delay:
        shortest = format_duration(options.sync_min_delay)
        message = f"{after} is less than sync_min_delay {shortest}"
        yield definition.part.mistake(
            ("refresh_after",), message, "what is due then waits for sync_min_delay"
        )


def _on_schedules(definitions: Sequence[Definition | Unchanged]) -> Iterator[Mistake]:
    """Tell each thing once, at its first place: a thousand services may share one schedule."""
    users: dict[Schedule, list[Definition | Unchanged]] = defaultdict(list)
    for definition in definitions:
        if definition.options is not None and definition.options.schedule is not None:
            users[definition.options.schedule].append(definition)
    for schedule, found in users.items():
        more = f" (and {counted(len(found) - 1, 'more service')})" if len(found) > 1 else ""
        for message, hint in _on_schedule(schedule):
            yield found[0].part.mistake(("schedule",), f"{message}{more}", hint)


def _on_schedule(schedule: Schedule) -> Iterator[tuple[str, str]]:
    for hint in schedule.hints():
        yield f"schedule: {hint.rstrip('.')}", ""
    if schedule.next_start(_SOMEWHEN, None) is None:
        message = "schedule: it never lets the daemon start a resync"
        excludes = all(text.lstrip().startswith("!") for text in schedule.expressions)
        yield message, "it only excludes; add a window, such as *" if excludes else ""
