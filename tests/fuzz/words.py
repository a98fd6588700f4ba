"""What others say that holds a password, and what a person's command line may bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.model.masking import without_secrets
from tests.fuzz.target import Target, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = "********"
_SECRET = "hUnTeR2-cAnArY"
_SHOWN = (
    *(f"-pw {_SECRET}", f"password={_SECRET}", f'"password": "{_SECRET}"', f"Password: {_SECRET}"),
    *(f"--password '{_SECRET} x'", f"postgresql://u:{_SECRET}@h/d", f"token={_SECRET}"),
)


def _read(data: bytes) -> str:
    return without_secrets(text_of(data))


def _check(data: bytes, masked: str) -> None:
    """See that nothing is put in but blanks, and that a password is blanked whatever is around."""
    text, place = text_of(data), 0
    for piece in masked.split(_BLANK):
        found = text.find(piece, place)
        assert found >= 0, f"{piece!r} was not said"
        place = found + len(piece)
    for shown in _SHOWN:
        assert _SECRET not in without_secrets(f"{text}\n{shown}\n{text}"), f"{shown} is shown"


def _seeds() -> Iterator[bytes]:
    for shown in _SHOWN:
        yield f"CMUC00191E dscli: {shown} is wrong\n".replace(_SECRET, "x1-y2").encode()
    yield b"Enter your password:CMUC00191E dscli: no\nPassword Expiration 90 days"


TARGETS = (
    Target(
        name="masking",
        read=_read,
        check=_check,
        seeds=_seeds,
        words=(
            *(
                b"password",
                b"passwd",
                b"-pw",
                b"--password",
                b"token",
                b"secret",
                b"://",
                b"@",
                b":",
            ),
            *(
                b"=",
                b"'",
                b'"',
                b"\\",
                b'\\"',
                b"=>",
                b"Bearer ",
                b"Authorization:",
                b"CMUC00191E",
                b"%3D",
            ),
        ),
    ),
)
