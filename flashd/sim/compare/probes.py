"""What is asked of a real dscli: a fixed list, none of which can change anything.

The one gate for all that is sent is `cleared`: a verb that is not in `READ_ONLY` goes to no dscli.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flashd.sim.errors import SimError

SINGLE, QUOTED, STREAM, SCRIPT = "single", "quoted", "stream", "script"

UNKNOWN_COMMAND = "lsnothing"
"""A command that no dscli has, by a name that could only ever list."""

READ_ONLY = frozenset(
    (
        "lsextpool",
        "lsfbvol",
        "lsflash",
        "lshostconnect",
        "lspprc",
        "lssi",
        "lsvolgrp",
        "quit",
        "setenv",
        "setoutput",
        "showfbvol",
        "ver",
        UNKNOWN_COMMAND,
    )
)
"""Verbs that list or show, and what a session is told about its own output."""

_PLAIN = re.compile(r"[A-Za-z0-9 ._:|/-]+")
_COMMENT = "# a comment"
_NOWHERE = "FEFE:FEFF"
_ABROAD = "IBM.2107-7500000"
FLASHD = "setenv -banner off -header on -format delim"
"""What flashd says before each listing."""


def cleared(line: str) -> str:
    """Return `line` if it is one read-only command, in characters that mean nothing else."""
    if line == _COMMENT:
        return line
    if not _PLAIN.fullmatch(line) or line.split(" ", maxsplit=1)[0] not in READ_ONLY:
        raise SimError(f"{line!r} is not among the read-only commands, so it is not sent")
    return line


@dataclass(frozen=True, slots=True)
class Probe:
    """Commands of one login, and why they are asked; `{device}` and the like are filled in.

    `lists` says that any dscli must answer with a listing, or that there is none to list.
    """

    name: str
    mode: str
    lines: tuple[str, ...]
    why: str
    lists: bool = True

    def filled(self, facts: Mapping[str, str]) -> tuple[str, ...] | None:
        """Return the lines for one array; None if it has nothing to fill in."""
        try:
            return tuple(cleared(line.format_map(facts)) for line in self.lines)
        except KeyError:
            return None


@dataclass(frozen=True, slots=True)
class Request:
    """What one process of dscli is given after its global options."""

    words: tuple[str, ...]
    stdin: str


def request(probe: Probe, lines: tuple[str, ...]) -> Request:
    """Put lines, each cleared, into the form of the probe's mode."""
    safe = [cleared(line) for line in lines]
    text = "".join(f"{line}\n" for line in safe)
    if probe.mode == STREAM:
        return Request((), text)
    if probe.mode == SCRIPT:
        return Request(("-script", "/dev/stdin"), text)
    (line,) = safe
    return Request((line,) if probe.mode == QUOTED else tuple(line.split()), "")


IMAGES = Probe("images", SINGLE, ("lssi",), "the array's own name; the login is tried with this")
RELATIONS = Probe(
    "relations",
    STREAM,
    (FLASHD, "lsflash -l -dev {device} 0000-FFFF"),
    "what flashd reads at each look",
)
VOLUMES = Probe(
    "volumes", STREAM, (FLASHD, "lsfbvol -l -dev {device}"), "what flashd may know of volumes"
)

HOSTS = Probe("hosts", STREAM, (FLASHD, "lshostconnect -l -dev {device}"), "host connections")
MIRRORS = Probe(
    "remote-copies", STREAM, (FLASHD, "lspprc -dev {device} 0000-FFFF"), "remote mirrors"
)

PROBES = (
    IMAGES,
    RELATIONS,
    VOLUMES,
    Probe("version", SINGLE, ("ver",), "a command that is bound to no image", lists=False),
    Probe("image-id", SINGLE, ("lssi -s -fullid -hdr off -bnr off",), "an id alone"),
    Probe("words", SINGLE, ("lsflash -dev {device} 0000-FFFF",), "the default format"),
    Probe("quoted", QUOTED, ("lsflash -dev {device} 0000-FFFF",), "one word for a whole command"),
    Probe(
        "comma",
        SINGLE,
        ("lsflash -l -fmt delim -dev {device} 0000-FFFF",),
        "the delimiter that nobody asked for",
    ),
    Probe(
        "bar",
        SINGLE,
        ("lsflash -l -bnr off -fmt delim -delim | -dev {device} 0000-FFFF",),
        "another delimiter, no banner",
    ),
    Probe(
        "no-header",
        SINGLE,
        ("lsflash -l -bnr off -hdr off -fmt delim -dev {device} 0000-FFFF",),
        "rows alone",
    ),
    Probe("xml", SINGLE, ("lsflash -fmt xml -dev {device} 0000-FFFF",), "another format"),
    Probe("stanza", SINGLE, ("lsflash -fmt stanza -dev {device} 0000-FFFF",), "another format"),
    Probe(
        "full-ids",
        SINGLE,
        ("lsflash -l -fullid -bnr off -fmt delim -dev {device} 0000-FFFF",),
        "the long form of ids",
    ),
    Probe("one-pair", SINGLE, ("lsflash -l -fmt delim -dev {device} {pair}",), "a pair by name"),
    Probe(
        "no-such-pair",
        STREAM,
        (FLASHD, f"lsflash -l -dev {{device}} {_NOWHERE}"),
        "none found, in a stream",
        lists=False,
    ),
    Probe(
        "no-such-pair-alone",
        SINGLE,
        (f"lsflash -dev {{device}} {_NOWHERE}",),
        "none found, alone",
        lists=False,
    ),
    Probe("banners", STREAM, ("lssi",), "a stream whose banners nobody turned off"),
    Probe(
        "collector",
        STREAM,
        ("setoutput -fmt delim -delim : -p off -hdr on -v off -bnr off", "lssi"),
        "setoutput, as collectors use it",
    ),
    Probe("verbose", SINGLE, ("lssi -v on",), "what verbose adds"),
    Probe(
        "paging",
        STREAM,
        (FLASHD, "lssi -p on -r 1", "lssi"),
        "pages where nobody sits at a terminal",
    ),
    Probe("quit", STREAM, (FLASHD, "lssi", "quit"), "a stream that says when it ends"),
    Probe(
        "unknown-command", SINGLE, (UNKNOWN_COMMAND,), "a message of the client, alone", lists=False
    ),
    Probe(
        "error-first",
        STREAM,
        (FLASHD, UNKNOWN_COMMAND, "lssi"),
        "whether a stream goes on after an error",
        lists=False,
    ),
    Probe(
        "error-last", STREAM, (FLASHD, "lssi", UNKNOWN_COMMAND), "a stream that ends in an error"
    ),
    Probe(
        "unknown-option",
        SINGLE,
        ("lsflash -nothing -dev {device} 0000-FFFF",),
        "an option that no dscli has",
        lists=False,
    ),
    Probe(
        "other-image",
        SINGLE,
        (f"lsflash -dev {_ABROAD} 0000-FFFF",),
        "an image that the console does not manage",
        lists=False,
    ),
    Probe(
        "script",
        SCRIPT,
        (_COMMENT, "lssi", UNKNOWN_COMMAND, "lssi"),
        "a script with a comment, and an error in the middle",
        lists=False,
    ),
    HOSTS,
    Probe("groups", STREAM, (FLASHD, "lsvolgrp -dev {device}"), "volume groups"),
    Probe("pools", STREAM, (FLASHD, "lsextpool -dev {device}"), "pools"),
    MIRRORS,
    Probe("one-volume", SINGLE, ("showfbvol -dev {device} {volume}",), "names and values"),
)


def chosen(only: tuple[str, ...]) -> tuple[Probe, ...]:
    """Return the probes of these names, or all, with those that they need.

    The first always stands, as the login's trial; a listing tells what the twin has to hold.
    """
    known = {probe.name: probe for probe in PROBES}
    if unknown := [name for name in only if name not in known]:
        raise SimError(f"no probe {unknown[0]!r}; there are: {', '.join(known)}")
    wanted = {name: known[name] for name in only or known}
    verbs = {line.split(" ")[0] for probe in wanted.values() for line in probe.lines}
    needed = {IMAGES.name, *wanted}
    needed |= {RELATIONS.name} if "lsflash" in verbs else set()
    needed |= {VOLUMES.name} if verbs & {"lsfbvol", "showfbvol"} else set()
    return tuple(probe for probe in PROBES if probe.name in needed)
