"""flashd sim import: a twin of a real array, made of what its dscli printed."""

import codecs
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypedDict, Unpack

import click

from flashd.sim import array as defaults
from flashd.sim.clock import HOST
from flashd.sim.errors import SimError
from flashd.sim.nouns import DEFAULT_BLOCKS
from flashd.sim.reading import Reading, Trouble, read
from flashd.sim.twin import Access, Twin, Wishes, make, notes, plan

_TWIN_RATE = "2000"  # tracks a second, 125 MB/s: what was being copied goes on, and ends

_SHOWN = 20  # troubles that are told; one mistake in a paste often makes many


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the lines of all files together come from: the name of each, and its first line."""

    files: tuple[tuple[int, str], ...]

    def place(self, line: int) -> str:
        """Return the file and the line in it."""
        first, name = max(entry for entry in self.files if entry[0] <= max(1, line))
        return f"{name}:{line - first + 1}"

    def told(self, trouble: Trouble) -> str:
        """Return what is the matter, and where."""
        earlier = f" at {self.place(trouble.earlier)}" if trouble.earlier else ""
        return f"{self.place(trouble.line)}: {trouble.problem}{earlier}"


class Options(TypedDict):
    """The options, as click hands them over."""

    hmc: tuple[str, ...]
    user: str
    password: str
    role: str
    serial: str
    zone: str
    copy_rate: str
    anyway: bool


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("outputs", metavar="[OUTPUT]...", nargs=-1, type=click.File("rb"))
@click.option("--hmc", multiple=True, default=(defaults.DEFAULT_CONSOLE,), show_default=True)
@click.option("--user", default=defaults.DEFAULT_USER, show_default=True)
@click.option("--password", default=defaults.DEFAULT_PASSWORD, show_default=True)
@click.option("--role", default="op_copy_services", show_default=True)
@click.option("--serial", default="", help="The image, if the output is about several or none.")
@click.option("--zone", default="", help="Zone of the dates, such as Europe/Paris.")
@click.option("--copy-rate", default=_TWIN_RATE, show_default=True, help="Tracks a second.")
@click.option("--anyway", is_flag=True, help="Leave out the lines that are not understood.")
def import_(file: Path, outputs: tuple[BinaryIO, ...], **options: Unpack[Options]) -> None:
    """Make FILE the twin of an array, of what dscli printed: files, or standard input.

    Taken: lsfbvol -l, lsflash -l, lshostconnect, lsvolgrp, lssi, lsextpool, lspprc; one or several,
    in any format, with or without banners, prompts and the commands themselves.
    """
    if file.exists():
        raise SimError(f"{file} exists already")
    reading, sources = _read_all(outputs)
    twin = _plan(reading, options)
    if twin.troubles and not options["anyway"]:
        raise SimError(_told(twin.troubles, sources))
    array = make(file, twin, _access(options))
    said = notes.of_relations(twin.relations, HOST.now(), options["copy_rate"])
    for note in (*twin.notes, *said):
        click.echo(f"note: {note}")
    for trouble in twin.troubles:
        click.echo(f"left out: {sources.told(trouble)}")
    click.echo(
        f"made {array.path}: {twin.serial}, {len(twin.volumes)} volumes,"
        f" {len(twin.relations)} relations, {len(twin.connections)} host connections"
    )


def _plan(reading: Reading, options: Options) -> Twin:
    wishes = Wishes(
        now=HOST.now(), serial=options["serial"], zone=options["zone"], blocks=DEFAULT_BLOCKS
    )
    return plan(reading, wishes)


def _access(options: Options) -> Access:
    return Access(
        consoles=options["hmc"],
        user=options["user"],
        password=options["password"],
        role=options["role"],
        copy_rate=options["copy_rate"],
    )


def _read_all(outputs: Sequence[BinaryIO]) -> tuple[Reading, Sources]:
    """Read each file by itself, numbering the lines through."""
    reading = Reading()
    files: list[tuple[int, str]] = []
    first = 1
    for stream in outputs or (sys.stdin.buffer,):
        name = stream.name if outputs else "standard input"
        text = _text(stream.read(), name)
        files.append((first, name))
        reading += read(text, first_line=first)
        first += text.count("\n") + 1
    return reading, Sources(tuple(files))


def _text(content: bytes, name: str) -> str:
    """Decode a file as its first bytes say; a shell of Windows writes UTF-16."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    if "\0" in text:
        raise SimError(f"{name} is no text that dscli printed: there are NULs in it")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _told(troubles: Sequence[Trouble], sources: Sources) -> str:
    lines = [f"{sources.told(t)}\n  {t.hint}" for t in troubles]
    more = len(lines) - _SHOWN
    rest = [f"and {more} more"] if more > 0 else []
    return "\n".join(["nothing was made, since not all was understood", *lines[:_SHOWN], *rest])
