"""The files that flashd brings along: units, examples."""

from __future__ import annotations

from pathlib import Path

from flashd.errors import FlashdError

_PACKAGE = Path(__file__).parents[1]
_IN_WHEEL = _PACKAGE / "share"
_IN_CHECKOUT = _PACKAGE.parent


def shipped(name: str) -> str:
    """Read a file by its path in the source tree; a wheel has the same ones in `share/`."""
    return _place(name).read_text("utf-8")


def shipped_below(folder: str) -> list[str]:
    """Name the files of a folder, by their paths in the source tree; none where it is missing."""
    place = next((at for at in _places(folder) if at.is_dir()), None)
    if place is None:
        return []
    files = (file for file in place.rglob("*") if file.is_file())
    return sorted(f"{folder}/{file.relative_to(place)}" for file in files)


def _place(name: str) -> Path:
    for place in _places(name):
        if place.is_file():
            return place
    raise FlashdError(
        f"{name} was not installed with flashd", "Install flashd again, from its wheel or package."
    )


def _places(name: str) -> tuple[Path, Path]:
    return _IN_WHEEL / name, _IN_CHECKOUT / name
