"""`protected.yaml`: each kind of entry in each spelling protects what it says, or is refused."""

from __future__ import annotations

import pytest

from flashd.config.mistakes import Source
from flashd.config.protected import read_protected
from flashd.model.protection import NOTHING, Protection

ARRAY, OTHER = "IBM.2107-75ABC01", "IBM.2107-75XYZ02"


def protection(text: str) -> Protection:
    found, mistakes = read_protected(Source("/etc/flashd/protected.yaml", text))
    assert mistakes == []
    return found


def refused(text: str) -> str:
    found, mistakes = read_protected(Source("/etc/flashd/protected.yaml", text))
    assert found == NOTHING
    return "\n".join(map(str, mistakes))


def ids(first: int, last: int) -> list[str]:
    return [f"{number:04X}" for number in range(first, last + 1)]


VOLUMES = {
    "[0100, 0777, 1e10, 1E05, 00e1, 1000]": ["00E1", "0100", "0777", "1000", "1E05", "1E10"],
    "['0a1f', \"0A20\"]": ["0A1F", "0A20"],
    "0100": ["0100"],
    "0100 0103": ["0100", "0103"],
    '"0100\\t0103"': ["0100", "0103"],
    "|\n    0100\n    0103\n": ["0100", "0103"],
    "[0100, 0100]": ["0100"],
    "[0100-0103]": ids(0x100, 0x103),
    "['0100 - 0103']": ids(0x100, 0x103),
    "0100-0100": ["0100"],
    "01fe-0201": ["01FE", "01FF", "0200", "0201"],
    "0000-FFFF": ids(0, 0xFFFF),
    "[]": [],
}


@pytest.mark.parametrize(("text", "volumes"), VOLUMES.items(), ids=map(repr, VOLUMES))
def test_volumes_are_taken_as_they_are_written(text: str, volumes: list[str]) -> None:
    found = protection(f"volumes:\n  {ARRAY}: {text}")
    assert found == Protection(volumes=frozenset((ARRAY, one) for one in volumes))


SUBSYSTEMS = {
    "[10, 1e, 0A-0c]": [*ids(0x1000, 0x10FF), *ids(0x1E00, 0x1EFF), *ids(0x0A00, 0x0CFF)],
    "FE-FF": ids(0xFE00, 0xFFFF),
    "'00'": ids(0, 0xFF),
    "00-FF": ids(0, 0xFFFF),
    "['1e - 1e']": ids(0x1E00, 0x1EFF),
}


@pytest.mark.parametrize(("text", "volumes"), SUBSYSTEMS.items(), ids=SUBSYSTEMS.keys())
def test_a_subsystem_is_every_volume_that_it_can_hold(text: str, volumes: list[str]) -> None:
    found = protection(f"subsystems:\n  {ARRAY}: {text}")
    assert found == Protection(volumes=frozenset((ARRAY, one) for one in volumes))


NO_VOLUMES = {
    "[0x01]": "'0x01' is not a volume id",
    "[100]": "'100' is not a volume id",
    "[1.10]": "'1.10' is not a volume id",
    "[1_00]": "'1_00' is not a volume id",
    "['01*']": "'01*' is not a volume id",
    "[0100:0103]": "'0100:0103' is not a volume id",
    "0100,0103": "'0100,0103' is not a volume id",
    "0100 - 0103": "'' is not a volume id",
    "[0103-0100]": "0103-0100 runs backwards",
    "[0100-]": "'' is not a volume id",
    "[0100-01FG]": "'01FG' is not a volume id",
    "[0100-0103-0105]": "'0103-0105' is not a volume id",
    f"['{ARRAY}/0100']": "is not a volume id",
    "['000\u0661']": "is not a volume id",
    "['\uff10001']": "is not a volume id",
    '["0100\\0"]': "is not a volume id",
    "[~]": "has no value",
    "~": "has no value",
    "[[0100]]": "takes one value, not a list",
    "{0100: x}": "must be a list",
}


@pytest.mark.parametrize(("text", "told"), NO_VOLUMES.items(), ids=map(repr, NO_VOLUMES))
def test_what_is_no_volume_is_refused_with_all_else_in_the_file(text: str, told: str) -> None:
    assert told in refused(f"hosts: [prd*]\nvolumes:\n  {ARRAY}: {text}")


NO_SUBSYSTEMS = {
    "[1]": "'1' is not a logical subsystem",
    "[001]": "'001' is not a logical subsystem",
    "[0G]": "'0G' is not a logical subsystem",
    "[0A-]": "'0A-' is not a logical subsystem",
    "[0A-0]": "'0A-0' is not a logical subsystem",
    "[0B-0A]": "0B-0A runs backwards",
    "['\u0661\u0661']": "is not a logical subsystem",
    "[0A00]": "'0A00' is not a logical subsystem",
}


@pytest.mark.parametrize(("text", "told"), NO_SUBSYSTEMS.items(), ids=map(repr, NO_SUBSYSTEMS))
def test_what_is_no_subsystem_is_refused(text: str, told: str) -> None:
    assert told in refused(f"subsystems:\n  {ARRAY}: {text}")


def test_each_kind_protects_beside_the_others_on_its_own_array() -> None:
    found = protection(
        f"volumes: {{{ARRAY.lower()}: 0001, {OTHER}: [0002]}}\n"
        f"subsystems: {{{ARRAY}: FF}}\n"
        f"volume_groups: {{{ARRAY}: [V11, ORA*], {OTHER}: v12 x}}\n"
        "hosts: prd* oraprod1\n"
        "volume_names: ['PRD 1', 123, true, 1e3, 'a[1]']\n"
    )
    assert found == Protection(
        volumes=frozenset(
            {(ARRAY, "0001"), (OTHER, "0002"), *((ARRAY, one) for one in ids(0xFF00, 0xFFFF))}
        ),
        groups=frozenset({(ARRAY, "V11"), (ARRAY, "ORA*"), (OTHER, "v12"), (OTHER, "x")}),
        hosts=frozenset({"prd*", "oraprod1"}),
        names=frozenset({"PRD 1", "123", "true", "1e3", "a[1]"}),
    )


NO_PATTERNS = {
    "*": "fits every name",
    "?*": "fits every name",
    "": "is empty",
    " prd": "has a blank at an end",
    "prd1,prd2": "has a comma",
    "prd[": "a bracket that is not closed",
    "^prd": "looks like a regular expression",
    "prd$": "looks like a regular expression",
    "prd|ora": "looks like a regular expression",
    "(prd|ora)": "looks like a regular expression",
    "prd.*": "looks like a regular expression",
    ".+prd": "looks like a regular expression",
    "prd[0-9]+": "looks like a regular expression",
    "prd[0-9]{2}": "looks like a regular expression",
    "(?i)prd": "looks like a regular expression",
    "prd\\d": "looks like a regular expression",
}
PATTERNS = ["prd*", "*.example.net", "prd.x*", "prd?", "prd[0-9]*", "a(1)", "a+b", "x^y", "us$x"]


def with_pattern(kind: str, pattern: str) -> str:
    quoted = f"['{pattern}']"
    return f"{kind}: {{{ARRAY}: {quoted}}}\n" if kind == "volume_groups" else f"{kind}: {quoted}\n"


@pytest.mark.parametrize("kind", ["volume_groups", "hosts", "volume_names"])
def test_a_pattern_that_would_protect_nothing_or_all_is_refused(kind: str) -> None:
    for pattern, told in NO_PATTERNS.items():
        assert told in refused(with_pattern(kind, pattern)), pattern
    for pattern in PATTERNS:
        assert protection(with_pattern(kind, pattern)) != NOTHING, pattern


OTHERWISE = {
    "- 0001": "must be a mapping",
    "volumes: [0001]": "must be a mapping",
    "volumes:": "has no value",
    "hosts:": "has no value",
    "volume: x": "did you mean 'volumes'",
    "Hosts: [prd1]": "unknown key 'Hosts'",
    "hosts: [a]\nhosts: [b]": "given twice",
    "volumes: {nowhere: 0001}": "is not a storage image id",
    f"volumes: {{{ARRAY}: 0001, {ARRAY}: 0002}}": "given twice",
    f"volumes: {{{ARRAY}: 0001, ' {ARRAY.lower()}': 0002}}": "is the same array as",
    f"volumes: {{{ARRAY}: 0001}}\n---\nhosts: [x]": "a second document begins",
    f"volumes: {{{ARRAY}: 0001}}\nhosts: [": "",
}


@pytest.mark.parametrize(("text", "told"), OTHERWISE.items(), ids=map(repr, OTHERWISE))
def test_what_cannot_be_enforced_is_refused_and_not_left_out(text: str, told: str) -> None:
    said = refused(text)
    assert said
    assert told in said


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "---\n", "null"])
def test_an_empty_file_protects_nothing(text: str) -> None:
    assert protection(text) == NOTHING


def test_a_mistake_is_told_with_its_place_and_the_key_that_it_is_of() -> None:
    text = f"volumes:\n  {ARRAY}: [0100, x]\n  nowhere: 0001\nhosts:\nvolume_names: {{a: b}}\n"
    no_array = "'nowhere' is not a storage image id; lssi shows it, such as IBM.2107-75ABC01"
    no_volume = "'x' is not a volume id; write four hex digits, such as 0A1F"
    assert sorted(refused(text).splitlines()) == [
        f"/etc/flashd/protected.yaml:2:28: {no_volume}",
        f"/etc/flashd/protected.yaml:3:3: nowhere: {no_array}",
        "/etc/flashd/protected.yaml:4:7: hosts: has no value; write one, or remove the line",
        "/etc/flashd/protected.yaml:5:1: volume_names: must be a list",
    ]
