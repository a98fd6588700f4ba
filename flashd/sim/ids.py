"""Volume and pair notation: `0001`, short `111`, fully qualified `IBM.2107-75ABC01/0001`."""

import re
from dataclasses import dataclass

from flashd.sim.errors import SimError

_LSS = re.compile(r"[0-9A-Fa-f]{1,2}")
_LSS_DIGITS = 2
_VOLUME = re.compile(r"[0-9A-Fa-f]{1,4}")

_IMAGE = re.compile(r"(?:(?:IBM\.)?(\d{4})-)?([0-9A-Za-z]{7})")


class BadIdError(SimError):
    """Text that names no volume, pair or storage image."""


class ForeignImageError(BadIdError):
    """A name on another storage image than the one that is asked."""


def volume_id(text: str, image: str = "") -> str:
    """Read a volume id as four upper-case hex digits; a qualified one must be of `image`."""
    return _digits(text, image, _VOLUME, "volume id").zfill(4)


def lss_id(text: str, image: str = "") -> str:
    """Read a logical subsystem, two hex digits; a qualified one must be of `image`."""
    return _digits(text, image, _LSS, "logical subsystem").zfill(2)


def _digits(text: str, image: str, form: re.Pattern[str], kind: str) -> str:
    qualifier, slash, digits = text.strip().rpartition("/")
    if slash and image and not same_image(qualifier, image):
        raise ForeignImageError(f"{text!r} is on another storage image than {image}")
    if not form.fullmatch(digits):
        raise BadIdError(f"{text!r} is not a {kind}")
    return digits.upper()


def volume_range(text: str, image: str = "") -> tuple[str, str]:
    """Read `0000-00FF`, or one volume, as the first and the last volume meant."""
    head, slash, bare = text.rpartition("/")
    first, dash, last = bare.partition("-")
    start = volume_id(f"{head}{slash}{first}", image)
    return start, volume_id(last) if dash else start


def listed_range(text: str, image: str = "") -> tuple[str, str]:
    """Read what a listing of pairs is asked for: a logical subsystem such as `01`, or volumes."""
    if len(text) == _LSS_DIGITS:
        return volume_id(f"{text}00"), volume_id(f"{text}FF")
    return volume_range(text, image)


def in_full(operand: str) -> bool:
    """Say whether a volume, or both of a pair, are named with their storage image."""
    return all("/" in part for part in operand.split(":"))


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

    @property
    def turned(self) -> "Pair":
        """The pair the other way round."""
        return Pair(self.target, self.source)

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"
