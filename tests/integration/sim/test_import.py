"""flashd sim import, as a process, on what flashd-dscli and people print."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array
from flashd.sim.hosts import access

Dscli = Callable[..., CompletedProcess[str]]
SIM = [sys.executable, "-c", "from flashd.sim.cli import sim; sim(prog_name='flashd sim')"]
COMMANDS = ("lssi", "lsfbvol -l", "lsflash -l 0000-FFFF", "lshostconnect", "lsvolgrp")

Import = Callable[..., CompletedProcess[str]]


@pytest.fixture
def sim_import(tmp_path: Path) -> Import:
    def run(*words: str, stdin: str = "") -> CompletedProcess[str]:
        return subprocess.run(
            [*SIM, "import", *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=30,
        )

    return run


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    return tmp_path / "twins" / "b.array"


@pytest.fixture
def site(array: Array, twin: Path) -> Array:
    twin.parent.mkdir()
    with array.inventory() as held:
        access.add(held, "aix1")
        access.map_volumes(held, "aix1", ["0002", "0004"])
    return array


def test_a_session_that_was_pasted_becomes_a_twin(
    site: Array, dscli: Dscli, sim_import: Import, twin: Path
) -> None:
    session = dscli(stdin="\n".join((*COMMANDS, "quit\n"))).stdout
    words = ("--hmc", "10.0.0.9", "--user", "me", "--password", "secret")
    made = sim_import(str(twin), *words, stdin=session.replace("\n", "\r\n"))
    assert made.stderr == ""
    assert made.stdout == (
        f"made {twin}: IBM.2107-75ABC01, 10 volumes, 3 relations, 1 host connections\n"
    )
    login = ("-hmc1", "10.0.0.9", "-user", "me", "-passwd", "secret")
    for command in COMMANDS:
        plain = (*command.split(), "-bnr", "off")
        again = dscli(*login, *plain, FLASHD_SIM=str(twin))
        assert again.stdout == dscli(*plain).stdout
    assert Array.open(twin).identity.wwnn == site.identity.wwnn


def test_each_listing_may_come_in_a_file_and_format_of_its_own(
    site: Array, dscli: Dscli, sim_import: Import, twin: Path, tmp_path: Path
) -> None:
    shapes = (("stanza",), ("delim",), ("xml",), ("default",), ("delim", "-delim", ";"))
    files = []
    for command, shape in zip(COMMANDS, shapes, strict=True):
        file = tmp_path / command.split()[0]
        file.write_text(dscli(*command.split(), "-fmt", *shape).stdout)
        files.append(file.name)
    assert sim_import(str(twin), *files).returncode == 0
    made = Array.open(twin)
    assert [v.volgrp for v in made.volumes()] == [v.volgrp for v in site.volumes()]
    assert [str(r.pair) for r in made.relations()] == [str(r.pair) for r in site.relations()]


def test_what_is_not_understood_is_told_by_file_and_line_and_nothing_is_made(
    site: Array, dscli: Dscli, sim_import: Import, twin: Path, tmp_path: Path
) -> None:
    assert len(site.relations()) == 3
    good = tmp_path / "good"
    good.write_text(dscli("lsflash", "-l", "0000-FFFF").stdout)
    bad = tmp_path / "bad"
    bad.write_text(dscli("lsfbvol", "-fmt", "delim").stdout.replace("20971520", "much", 1))
    refused = sim_import(str(twin), "good", "bad")
    assert (refused.returncode, refused.stdout, twin.exists()) == (2, "", False)
    assert "bad:4: cap (blocks) 'much' is no number\n  Copy the line again" in refused.stderr
    made = sim_import(str(twin), "good", "bad", "--anyway")
    assert made.returncode == 0
    assert "left out: bad:4: cap (blocks)" in made.stdout
    assert "note: 1 volumes are in no lsfbvol (0001): they have the size of" in made.stdout
    assert len(Array.open(twin).volumes()) == 10


def test_a_file_that_is_there_is_left_alone(sim_import: Import, tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("precious")
    refused = sim_import(str(path), stdin="ID,SrcLSS,SequenceNum\n===\n1:2,00,0\n")
    assert (refused.returncode, path.read_text()) == (2, "precious")
    assert "exists already" in refused.stderr
    assert sim_import(str(tmp_path / "none" / "x"), "--serial", "IBM.2107-75AAAA1").returncode == 2


def test_an_array_cut_short_in_making_leaves_no_file(sim_import: Import, tmp_path: Path) -> None:
    text = "ID,SrcLSS,SequenceNum\n===\n1:2,00,0\n"
    path = tmp_path / "x"
    words = (str(path), "--serial", "IBM.2107-75AAAA1", "--role", "king")
    refused = sim_import(*words, stdin=text)
    assert (refused.returncode, "no role 'king'" in refused.stderr, path.exists()) == (
        2,
        True,
        False,
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_paste_is_decoded_as_its_first_bytes_say(
    sim_import: Import, tmp_path: Path, encoding: str
) -> None:
    text = "ID,SrcLSS,SequenceNum\r\n===\r\n1:2,00,0\r\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "wide").write_bytes((mark + text).encode(encoding))
    made = sim_import("w.array", "wide", "--serial", "75AAAA1")
    assert (made.returncode, made.stderr) == (0, "")
    assert "IBM.2107-75AAAA1, 2 volumes, 1 relations" in made.stdout


def test_a_paste_with_nuls_is_none(sim_import: Import, tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(1_000_000))
    refused = sim_import("w.array", "zeros", "--serial", "75AAAA1")
    assert (refused.returncode, "zeros is no text" in refused.stderr) == (2, True)


def test_a_contradiction_is_told_with_both_places(sim_import: Import, tmp_path: Path) -> None:
    row = "ID,SrcLSS,SequenceNum,Timeout\n===\n1:2,00,0,300\n"
    (tmp_path / "one").write_text(row)
    (tmp_path / "two").write_text(f"\n{row.replace('300', '60')}")
    words = ("w.array", "one", "two", "--serial", "75AAAA1")
    told = "two:4: 1:2 has Timeout '60' here, but had '300' at one:3"
    refused = sim_import(*words)
    assert (refused.returncode, told in refused.stderr) == (2, True)
    made = sim_import(*words, "--anyway")
    assert (made.returncode, f"left out: {told}" in made.stdout) == (0, True)
