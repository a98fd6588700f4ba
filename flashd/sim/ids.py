"""Volume and pair notation: `0001`, short `111`, fully qualified `IBM.2107-75ABC01/0001`."""

import re
from dataclasses import dataclass

from flashd.sim.errors import SimError

_LSS = re.compile(r"[0-9A-Fa-f]{1,2}")
_VOLUME = re.compile(r"[0-9A-Fa-f]{1,4}")

_IMAGE = re.compile(r"(?:(?:IBM\.)?(\d{4})-)?([0-9A-Za-z]{7})")


class BadIdError(SimError):
    """Text that names no volume, pair or storage image."""


def volume_id(text: str, image: str = "") -> str:
    """Read a volume id as four upper-case hex digits; a qualified one must be of `image`."""
    qualifier, slash, digits = text.strip().rpartition("/")
    if slash and image and not same_image(qualifier, image):
        raise BadIdError(f"{text!r} is on another storage image than {image}")
    if not _VOLUME.fullmatch(digits):
        raise BadIdError(f"{text!r} is not a volume id")
    return digits.upper().zfill(4)


def lss_id(text: str, image: str = "") -> str:
    """Read a logical subsystem, two hex digits; a qualified one must be of `image`."""
    qualifier, slash, digits = text.strip().rpartition("/")
    if slash and image and not same_image(qualifier, image):
        raise BadIdError(f"{text!r} is on another storage image than {image}")
    if not _LSS.fullmatch(digits):
        raise BadIdError(f"{text!r} is not a logical subsystem")
    return digits.upper().zfill(2)


def volume_range(text: str, image: str = "") -> tuple[str, str]:
    """Read `0000-00FF`, or one volume, as the first and the last volume meant."""
    head, slash, bare = text.rpartition("/")
    first, dash, last = bare.partition("-")
    start = volume_id(f"{head}{slash}{first}", image)
    return start, volume_id(last) if dash else start


def same_image(text: str, image: str) -> bool:
    """Say whether `text` names `image`, in full or by its serial number alone."""
    return text in {image, image.partition(".")[2], image.rpartition("-")[2]}


def image_id(text: str) -> str:
    """Read a storage image as `IBM.2107-75ABC01`; its serial number alone may stand for it."""
    match = _IMAGE.fullmatch(text.strip())
    if not match:
        raise BadIdError(f"{text!r} is not a storage image; write IBM.2107-75ABC01")
    return f"IBM.{match[1] or '2107'}-{match[2].upper()}"


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A source volume and its FlashCopy target."""

    source: str
    target: str

    @classmethod
    def parse(cls, text: str, image: str = "") -> "Pair":
        """Read `0065:0073`."""
        source, colon, target = text.partition(":")
        if not colon:
            raise BadIdError(f"{text!r} is not a pair; write source:target")
        return cls(volume_id(source, image), volume_id(target, image))

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"
