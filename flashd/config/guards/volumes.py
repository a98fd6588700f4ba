"""Guards that look at the volumes themselves, on a host that they are mapped to."""

import re
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from flashd.config.guards.common import GuardOptions, LocalHost, where
from flashd.config.values import Reads, filled, split_words, volume_id, written
from flashd.model.volumes import VolumeId, wwid_of

_WWID = re.compile(r"(?:naa\.|0x|3)?(6[0-9a-f]{31})")
_WWNN = re.compile(r"(?:0x)?(5[0-9a-f]{15})")


def _wwid(value: object) -> str:
    """Read the id of a volume in the forms in which hosts show it."""
    text = written(value).lower()
    if not (found := _WWID.fullmatch(text)):
        raise ValueError(f"{text!r} is not a WWID; it has 32 hex digits and begins with 6")
    return found[1]


def _wwnn(value: object) -> str:
    text = written(value).lower().replace(":", "")
    if not (found := _WWNN.fullmatch(text)):
        raise ValueError(
            f"{text!r} is not the WWNN of a storage image; it has 16 hex digits and begins with 5"
        )
    return found[1]


def _listed(item: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": item}},
                {"type": "string"},
            ]
        }
    )


def _once(found: tuple[object, ...]) -> tuple[object, ...]:
    if twice := [one for one in found if found.count(one) > 1]:
        raise ValueError(f"{twice[0]} is named twice")
    return found


class VolumesOptions(GuardOptions):
    """Which volumes a host is asked about: by their WWIDs, or by what these are made of."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["wwids"]}, {"required": ["wwnn", "volumes"]}],
        }
    )

    wwids: Annotated[
        tuple[Annotated[str, Reads(_wwid, {"type": "string"})], ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        AfterValidator(_once),
        _listed("^([Nn][Aa][Aa][.]|0[Xx]|3)?6[0-9A-Fa-f]{31}$"),
    ] = Field(default=(), description="The volumes, by their WWIDs; or wwnn and volumes.")
    wwnn: Annotated[str, Reads(_wwnn, {"type": "string"})] | None = Field(
        default=None, description="The WWNN of the storage image, as lssi shows it."
    )
    volumes: Annotated[
        tuple[Annotated[VolumeId, Reads(volume_id, {"type": "string"})], ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        AfterValidator(_once),
        _listed("^[0-9A-Fa-f]{4}$"),
    ] = Field(default=(), description="The volumes of that image, each 4 hex digits.")
    host: LocalHost = None

    @model_validator(mode="after")
    def _one_way_to_name_them(self) -> "VolumesOptions":
        if bool(self.wwids) == bool(self.wwnn or self.volumes):
            raise ValueError("needs 'wwids', or 'wwnn' with 'volumes'")
        if bool(self.wwnn) != bool(self.volumes):
            raise ValueError("needs 'wwnn' and 'volumes' together")
        return self

    def sought(self) -> tuple[str, ...]:
        """Tell the WWID of each volume, 32 hex digits in lower case."""
        made = (wwid_of(self.wwnn, one) for one in self.volumes if self.wwnn)
        return self.wwids or tuple(made)

    def _named(self) -> str:
        return " ".join(self.wwids) or f"{self.wwnn} {' '.join(map(str, self.volumes))}"


class MountsOptions(VolumesOptions):
    """A host sees the volumes, and nothing on it uses them."""

    proves: ClassVar[bool] = True

    def label(self) -> str:
        """Name the volumes and the host."""
        return f"mounts {self._named()}{where(self.host)}"


class LvmOptions(VolumesOptions):
    """A host sees the volumes, and no logical volume on them is active."""

    proves: ClassVar[bool] = True

    def label(self) -> str:
        """Name the volumes and the host."""
        return f"lvm {self._named()}{where(self.host)}"


class ScsiReservationOptions(VolumesOptions):
    """No persistent reservation is registered for the volumes."""

    proves: ClassVar[bool] = False

    def label(self) -> str:
        """Name the volumes and the host that asks them."""
        return f"scsi-reservation {self._named()}{where(self.host)}"
