"""Which storage image a command means, and what is said of one that it does not."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

SERIAL = "IBM.2107-75ABC01"
PAIR = "0001:0002"
IN_FULL = f"{SERIAL}/0001:{SERIAL}/0002"
RESYNC = ("resyncflash", "-record", "-persist")


@pytest.fixture
def several(array: Array) -> Array:
    """Return an array whose console manages others too."""
    array.switch("images_per_console", "several")
    return array


TOLD = {
    "-dev": ("lsflash", "-dev", SERIAL, PAIR),
    "full ids": ("lsflash", IN_FULL),
    "a full range": ("lsflash", f"{SERIAL}/0000-FFFF"),
    "a change": (*RESYNC, IN_FULL),
    "of no image": ("lssi",),
    "of the console": ("ver",),
    "of users": ("lsuser",),
}
NOT_TOLD = {
    "a pair": ("lsflash", PAIR),
    "half in full": ("lsflash", f"{SERIAL}/{PAIR}"),
    "one of two": ("lsflash", IN_FULL, PAIR),
    "all volumes": ("lsfbvol",),
    "a change": (*RESYNC, PAIR),
}


@pytest.mark.parametrize("words", TOLD.values(), ids=TOLD.keys())
def test_several_images_and_it_is_told_which(
    dscli: Dscli, several: Array, words: tuple[str, ...]
) -> None:
    done = dscli(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert several.journal()[-1].exit == 0


@pytest.mark.parametrize("words", NOT_TOLD.values(), ids=NOT_TOLD.keys())
def test_several_images_and_it_is_not_told_which(
    dscli: Dscli, several: Array, words: tuple[str, ...]
) -> None:
    done = dscli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"CMMCI9099E {words[0]}: simulated: ")
    assert "several storage images" in done.stderr
    assert several.journal()[-1].acted == ()
    several.switch("images_per_console", "one")
    assert dscli(*words).returncode == 0


def test_devid_tells_which_image(
    bare_dscli: Dscli, login: tuple[str, ...], stream: Dscli, several: Array, tmp_path: Path
) -> None:
    assert stream(f"setenv -devid {SERIAL}", f"lsflash {PAIR}").stderr == ""
    profile = tmp_path / "a.profile"
    profile.write_text(f"devid: {SERIAL}\n")
    assert bare_dscli("-cfg", str(profile), *login, "lsflash", PAIR).returncode == 0
    assert [one.exit for one in several.journal("lsflash")] == [0, 0]


def test_operands_on_standard_input_tell_it_as_well(dscli: Dscli, several: Array) -> None:
    assert dscli("lsflash", "-", stdin=f"{IN_FULL}\n").returncode == 0
    assert dscli("lsflash", "-", stdin=f"{PAIR}\n").returncode == 2
    assert [one.exit for one in several.journal("lsflash")] == [0, 2]


@pytest.mark.parametrize("code", ["2", "4", "6"])
@pytest.mark.parametrize(
    "words",
    [("lsflash", "-dev", "IBM.2107-75XYZ02", PAIR), (*RESYNC, "IBM.2107-75XYZ02/0001:0002")],
)
def test_another_image_exits_as_the_switch_says(
    dscli: Dscli, array: Array, code: str, words: tuple[str, ...]
) -> None:
    array.switch("foreign_image_exit", code)
    done = dscli(*words)
    assert (done.returncode, done.stdout) == (int(code), "")
    assert dscli("lsflash", "00G1").returncode == 2


@pytest.mark.parametrize("code", ["4", "6", "2"])
def test_all_pairs_refused_exits_as_the_switch_says(dscli: Dscli, array: Array, code: str) -> None:
    array.switch("all_refused_exit", code)
    assert dscli("mkflash", "0001:0002", "0101:0102").returncode == int(code)
    assert dscli("commitflash", "0001").returncode == int(code)
    assert dscli("mkflash", "0001:0002", "0005:0006").returncode == 4


def test_words_and_numbers_of_lsflash_are_as_the_switches_say(dscli: Dscli, array: Array) -> None:
    array.set_relation(PAIR, sequence="1F")
    for word, number, shown in (("-", "as-given", "1F"), ("Standard", "four-digits", "001F")):
        array.switch("standard_target_word", word)
        array.switch("sequence_number", number)
        row = dscli("lsflash", "-l", "-fmt", "delim", PAIR).stdout.splitlines()[-1]
        cells = row.split(",")
        assert (cells[2], cells[-1]) == (shown, word)
