"""The last gate: of all texts the two that are this service's commands, letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.firewall import Cleared
from tests.fuzz.target import SEAM, Target, text_of
from tests.unit.core.test_firewall import ESTABLISH, NAMED, RECORDING, RESYNC, WITHDRAW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.core.firewall import Stopped

_SPARING = RESYNC.replace(" -cp", " -cp -tgtse")


def _read(data: bytes) -> Cleared | Stopped:
    return RECORDING.examine(text_of(data))


def _check(data: bytes, found: Cleared | Stopped) -> None:
    """See that nothing passes but what was enumerated by hand, and that a no has a reason."""
    if isinstance(found, Cleared):
        assert found.text == text_of(data)
        assert data.decode("ascii") in {RESYNC, _SPARING}, "another command"
        return
    assert found.reason


def _seeds() -> Iterator[bytes]:
    for text in (RESYNC, _SPARING, WITHDRAW, ESTABLISH, f"{RESYNC}\n{WITHDRAW}", f"{RESYNC} "):
        yield text.encode()


TARGETS = (
    Target(
        name="gate",
        read=_read,
        check=_check,
        seeds=_seeds,
        words=(
            *(
                b"resyncflash",
                b"rmflash",
                b"mkflash",
                b"reverseflash",
                b"-dev",
                b"-persist",
                b"-record",
            ),
            *(
                b"-cp",
                b"-nocp",
                b"-tgtse",
                b"-quiet",
                b"-resetreserve",
                b"-tgtpprc",
                b"-freeze",
                b" ",
                b";",
            ),
            *(
                NAMED.encode(),
                b"0001:0002",
                b"0002:0001",
                b"-force",
                b"\n",
                b"\r",
                b"\t",
                b"&&",
                b"|",
                SEAM,
            ),
            *(
                "\u00a0".encode(),
                "\uff10".encode(),
                b"IBM.2107-75ABC01",
                b"dscli>",
                b"#",
                b"quit\n",
            ),
        ),
        largest=600,
    ),
)
