"""A file that stays as it is is not read again, and nothing is told otherwise for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashd.config.configuration import Configuration, interpret
from flashd.config.files import PROTECTED, SETTINGS, Files
from flashd.config.guards import BUILT_IN_GUARDS
from flashd.config.mistakes import Mistakes

DIRECTORY = Path("/etc/flashd")
ONE, TWO, THREE = (f"services.d/{name}.yaml" for name in ("one", "two", "three"))


def service(name: str, pair: str, **more: str) -> str:
    keys = "".join(f"    {key}: {value}\n" for key, value in more.items())
    return (
        f"  {name}:\n    sync_max_delay: 25h\n{keys}"
        "    guards: [{type: systemd, unit: db.service, host: db1}]\n"
        f"    sync: {{s: {{array: IBM.2107-75ABC01, pairs: [{pair}]}}}}\n"
    )


def texts(**changed: str | None) -> dict[str, str]:
    """Two files of services and the settings, some of them changed; None takes a file away."""
    found = {
        SETTINGS: "timezone: Europe/Berlin\n",
        ONE: "services:\n"
        + service("b", "0001:0101", refresh_after="30h")
        + service("a", "0002:0102", schedule='"22:00-23:00"'),
        TWO: "services:\n" + service("c", "0003:0103", schedule='"22:00-23:00"'),
    }
    named = {"one": ONE, "two": TWO, "three": THREE, "settings": SETTINGS, "protected": PROTECTED}
    found |= {named[key]: text or "" for key, text in changed.items()}
    return {path: text for path, text in found.items() if changed.get(Path(path).stem) != ""}


def told(before: Configuration | None, changed: dict[str, str]) -> object:
    """Tell all that comes of the files: the configuration with its places, or what is wrong."""
    try:
        found = interpret(Files(DIRECTORY, changed), before=before)
    except Mistakes as mistakes:
        return mistakes.mistakes
    origins = [one.origin for one in found.services]
    return found, found.array_places, origins, found.readings


CHANGES = {
    "nothing": {},
    "a service that is changed": {"two": service("c", "0003:0104")},
    "a service that moves": {"one": service("c", "0009:0109"), "two": service("d", "0003:0103")},
    "a file that is new": {"three": service("d", "0004:0104", refresh_after="31h")},
    "a file that is gone": {"two": ""},
    "a name that is taken": {"two": service("a", "0003:0103")},
    "a target that is taken": {"two": service("c", "0003:0102")},
    "a target that is a source": {"two": service("c", "0102:0103")},
    "a source that is a target": {"three": service("d", "0004:0001")},
    "a source of two": {"two": service("c", "0001:0103")},
    "a target that is protected": {"protected": "volumes: {IBM.2107-75ABC01: [0102]}\n"},
    "another zone": {"settings": "timezone: Asia/Tokyo\n"},
    "settings that are wrong": {"settings": "timezone: Nowhere\n"},
    "a schedule that hints": {"two": service("c", "0003:0103", schedule='"!22:00-23:00"')},
    "another host pinned": {"settings": "ssh: {hosts: {db2: {}}}\n"},
    "what is no YAML": {"two": "services: [\n"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_all_is_told_as_if_everything_had_been_read(change: dict[str, str]) -> None:
    before = interpret(Files(DIRECTORY, texts()))
    whole = {
        key: f"services:\n{text}" if text.startswith("  ") else text for key, text in change.items()
    }
    files = texts(**whole)
    assert told(before, files) == told(None, files)


def test_services_on_one_line_stay_in_their_order() -> None:
    """A file of JSON may be one line; of a mistake in many places the first one is told."""
    line = ", ".join(
        f'{name}: {{schedule: "!22:00-23:00", guards: [{{type: systemd, unit: db.service}}],'
        f" sync: {{s: {{array: IBM.2107-75ABC01, pairs: [{pair}]}}}}}}"
        for name, pair in (("b", "0001:0101"), ("a", "0002:0102"))
    )
    files = texts(one=f"services: {{{line}}}\n")
    before = interpret(Files(DIRECTORY, files))
    assert told(before, files) == told(None, files)


def test_the_services_of_a_file_that_stays_are_the_very_same() -> None:
    before = interpret(Files(DIRECTORY, texts()))
    files = texts(two="services:\n" + service("c", "0003:0104"))
    after = interpret(Files(DIRECTORY, files), before=before)
    same = {name: one is other for name, one, other in by_name(before, after)}
    assert same == {"a": True, "b": True, "c": False}


def test_of_other_guards_nothing_is_taken_over() -> None:
    before = interpret(Files(DIRECTORY, texts()))
    types = {name: kind for name, kind in BUILT_IN_GUARDS.items() if name != "systemd"}
    with pytest.raises(Mistakes, match="systemd"):
        interpret(Files(DIRECTORY, texts()), types, before)


def test_a_file_of_the_same_text_in_another_place_is_read() -> None:
    before = interpret(Files(DIRECTORY, texts()))
    moved = {SETTINGS: texts()[SETTINGS], TWO: texts()[ONE]}
    after = interpret(Files(DIRECTORY, moved), before=before)
    assert {one.origin.split(":")[0] for one in after.services} == {str(DIRECTORY / TWO)}


def test_what_was_taken_over_is_taken_over_again() -> None:
    first = interpret(Files(DIRECTORY, texts()))
    second = interpret(Files(DIRECTORY, texts(three="services:\n")), before=first)
    third = interpret(Files(DIRECTORY, texts()), before=second)
    assert third == first
    assert third.array_places == first.array_places
    assert all(one is other for _, one, other in by_name(first, third))


def by_name(before: Configuration, after: Configuration) -> list[tuple[str, object, object]]:
    others = {one.name: one for one in after.services}
    return [(one.name, one, others[one.name]) for one in before.services]


def test_a_host_that_is_elsewhere_has_its_guards_read_anew() -> None:
    def read(address: str, before: Configuration | None = None) -> Configuration:
        settings = f"timezone: Europe/Berlin\nssh: {{hosts: {{db1: {{address: {address}}}}}}}\n"
        return interpret(Files(DIRECTORY, texts(settings=settings)), before=before)

    there = read("192.0.2.11")
    elsewhere = read("192.0.2.99", there)
    assert elsewhere == read("192.0.2.99")
    for was, now in zip(there.services, elsewhere.services, strict=True):
        assert ("address of its host", "192.0.2.11") in was.guards[0].facts
        assert ("address of its host", "192.0.2.99") in now.guards[0].facts
    again = read("192.0.2.99", elsewhere)
    assert all(a is b for a, b in zip(again.services, elsewhere.services, strict=True))
