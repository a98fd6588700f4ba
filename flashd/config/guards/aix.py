"""A guard that asks the logical volume manager of an AIX."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from flashd.config.guards.common import GuardOptions, LocalHost, where
from flashd.config.values import TEXT, Flag, Reads, filled, shaped, split_words

_VOLUME_GROUP = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}"
_DISK = r"[A-Za-z0-9][A-Za-z0-9_.:+/-]{7,254}"
_MOUNT_POINT = r"/[^\s/][^\s]*"
_LIST = WithJsonSchema(
    {
        "anyOf": [
            {"type": "array", "minItems": 1, "items": {"type": "string"}},
            {"type": "string"},
        ]
    }
)


def _each_once(words: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [word for word in words if words.count(word) > 1]:
        raise ValueError(f"{twice[0]!r} is there twice")
    return words


_Disk = Annotated[str, Reads(shaped(_DISK, "the unique_id of a disk, as lsattr prints it"), TEXT)]
_MountPoint = Annotated[
    str, Reads(shaped(_MOUNT_POINT, "a mount point, written from / on; / itself is none"), TEXT)
]


class AixOptions(GuardOptions):
    """A volume group of an AIX is varied off, found by its disks, and nothing is mounted."""

    proves: ClassVar[bool] = True

    volume_group: Annotated[
        str,
        Reads(
            shaped(_VOLUME_GROUP, "the name of a volume group"),
            {"type": "string", "pattern": f"^{_VOLUME_GROUP}$"},
        ),
    ] = Field(description="The volume group on the clone.")
    disks: Annotated[
        tuple[_Disk, ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        AfterValidator(_each_once),
        _LIST,
    ] = Field(description="All its disks, each by its unique_id as lsattr prints it.")
    mount_points: Annotated[
        tuple[_MountPoint, ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        AfterValidator(_each_once),
        _LIST,
    ] = Field(default=(), description="Where nothing may be mounted, nor below.")
    exported_is_down: Flag = Field(
        default=False,
        description="Take a disk in no volume group for down; never where disks are used raw.",
    )
    host: LocalHost = None

    def label(self) -> str:
        """Name the volume group and its host."""
        return f"aix {self.volume_group}{where(self.host)}"
