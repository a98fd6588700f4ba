"""The names that a configuration uses, read fast and without a judgement.

For completion at a prompt: a file that cannot be read has no names, and what is wrong with a
service does not take its name away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.config.document import Block, read
from flashd.config.files import Files, read_files
from flashd.config.mistakes import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Names:
    """What can be named, each once and in order."""

    services: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()


def names_in(directory: Path) -> Names:
    """Read the names from a configuration directory; never raises."""
    try:
        return names_of(read_files(directory))
    except Exception:  # noqa: BLE001 - a prompt is no place to hear of it; `check` tells
        return Names()


def names_of(files: Files) -> Names:
    """Read the names from files."""
    services = [found for path in files.services for found in _services(files, path)]
    arrays = {
        array.upper() for _, service in services for array in _arrays(service) if _tellable(array)
    }
    return Names(
        tuple(sorted({name for name, _ in services if _tellable(name)})), tuple(sorted(arrays))
    )


def _services(files: Files, path: str) -> Iterator[tuple[str, Block]]:
    root = read(Source(files.name(path), files.texts[path])).root
    services = root.get("services") if isinstance(root, Block) else None
    if isinstance(services, Block):
        for name, service in services.items():
            yield name, service if isinstance(service, Block) else Block((1, 1))


def _arrays(service: Block) -> Iterator[str]:
    resources = service.get("sync")
    for resource in resources.values() if isinstance(resources, Block) else ():
        array = resource.get("array") if isinstance(resource, Block) else None
        if isinstance(array, str):
            yield array


def _tellable(name: str) -> bool:
    """Whether a name fits on one line, as what a shell is told must."""
    return _PRINTABLE.fullmatch(name) is not None
