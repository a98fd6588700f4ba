"""Where each file of an installation belongs."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from flashd.install.shipped import shipped, shipped_below
from flashd.install.steps import Item, Owner, commented, sign, with_documents, with_program

if TYPE_CHECKING:
    from collections.abc import Mapping

ETC = PurePosixPath("/etc/flashd")
SCHEMA = "config/flashd-services.schema.json"
DOCUMENTS = "share/doc/flashd"
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""These and `docs/` name each other, so they stand on a host as they do in the source tree."""

COMPLETIONS = {
    "flashd.bash": "share/bash-completion/completions/flashd",
    "flashd.zsh": "share/zsh/site-functions/_flashd",
    "flashd.fish": "share/fish/vendor_completions.d/flashd.fish",
}


def items(prefix: PurePosixPath, program: str, completions: Mapping[str, str]) -> list[Item]:
    """List every file; `program` is the flashd that the unit starts."""
    return [
        *_units(prefix, program),
        *_configuration(),
        *_examples(prefix),
        *_documents(prefix),
        *(
            Item(_completion(prefix, name), text, Owner.NOBODY)
            for name, text in completions.items()
        ),
    ]


def _completion(prefix: PurePosixPath, name: str) -> PurePosixPath:
    """Tell where a shell looks by itself; fish looks below /usr and /etc, not below /usr/local."""
    if name == "flashd.fish" and prefix != PurePosixPath("/usr"):
        return PurePosixPath("/etc/fish/completions/flashd.fish")
    return prefix / COMPLETIONS[name]


def _units(prefix: PurePosixPath, program: str) -> list[Item]:
    unit = with_program(shipped("systemd/flashd.service"), program)
    unit = with_documents(unit, str(prefix / DOCUMENTS))
    lib = prefix / "lib"
    texts = {
        lib / "systemd/system/flashd.service": unit,
        lib / "sysusers.d/flashd.conf": shipped("systemd/flashd.sysusers"),
        lib / "tmpfiles.d/flashd.conf": shipped("systemd/flashd.tmpfiles"),
    }
    return [Item(path, sign(text), Owner.FLASHD) for path, text in texts.items()]


def _configuration() -> list[Item]:
    auth = commented(shipped("config/auth.conf.example"))
    return [
        Item(ETC / "flashd.yaml", shipped("config/flashd.yaml"), Owner.ADMINISTRATOR),
        Item(ETC / "auth.conf", auth, Owner.ADMINISTRATOR, 0o600),
        Item(ETC / PurePosixPath(SCHEMA).name, shipped(SCHEMA), Owner.NOBODY),
    ]


def _examples(prefix: PurePosixPath) -> list[Item]:
    folder = prefix / DOCUMENTS / "examples"
    names = [*shipped_below("config/services.d"), *shipped_below("systemd/flashd.service.d")]
    found = [
        Item(folder / name.partition("/")[2], sign(shipped(name)), Owner.FLASHD) for name in names
    ]
    found.append(
        Item(folder / "auth.conf", sign(shipped("config/auth.conf.example")), Owner.FLASHD)
    )
    return found


def _documents(prefix: PurePosixPath) -> list[Item]:
    names = [*PAGES, *shipped_below("docs")]
    return [Item(prefix / DOCUMENTS / name, shipped(name), Owner.NOBODY) for name in names]
