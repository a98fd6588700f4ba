"""What a paste amounts to: the twin, what was filled in for want of a listing, what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flashd.sim.errors import SimError
from flashd.sim.hosts import BUILT_IN, HostConnection, VolumeGroup
from flashd.sim.ids import image_id, same_image
from flashd.sim.nouns import TRACKS_PER_GIB, Pool, Relation, RemoteCopy, Volume
from flashd.sim.reading import Reading, Row, Trouble
from flashd.sim.reading.shapes import SHAPES
from flashd.sim.twin import notes, objects
from flashd.sim.twin.dates import BadDateError, Zone
from flashd.sim.twin.facts import SOURCES, Facts, bare, gather, images

T = TypeVar("T")
_MEND = "Copy the line again as dscli printed it, or leave it out with --anyway."
_ZONE = "Name the zone in which the listing was made: --zone Europe/Paris."
_BUILT_IN_IDS = frozenset(group.id for group in BUILT_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the paste does not say: which image, in which zone, when, how large volumes are."""

    now: float
    serial: str = ""
    zone: str = ""
    blocks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """An array to be made. `wwnn` and `model` are empty where nothing tells them.

    `notes` say what was filled in; `troubles` which lines are not in it.
    """

    serial: str
    wwnn: str
    model: str
    volumes: tuple[Volume, ...]
    relations: tuple[Relation, ...]
    timers: Mapping[str, int] = field(default_factory=dict)
    connections: tuple[HostConnection, ...]
    groups: tuple[VolumeGroup, ...]
    pools: tuple[Pool, ...]
    mirrors: tuple[RemoteCopy, ...]
    extra_columns: tuple[str, ...]
    notes: tuple[str, ...]
    troubles: tuple[Trouble, ...]

    @property
    def copying(self) -> bool:
        """Whether something is left to be copied in the background."""
        return any(relation.background_copy and relation.uncopied for relation in self.relations)


def plan(reading: Reading, wishes: Wishes) -> Twin:
    """Return the twin of the one image that a paste is about."""
    if not reading.of("lsfbvol") + reading.of("lsflash"):
        first = "".join(f"; {trouble}" for trouble in reading.troubles[:1])
        raise SimError(f"there is neither lsfbvol nor lsflash output in it{first}")
    serial = _serial(reading, wishes.serial)
    facts = gather(reading, serial)
    ours = [t for t in reading.troubles if t.verb in {"", *SOURCES}]
    reader = _Reader([*ours, *facts.troubles])
    moments = objects.Moments(wishes.now, Zone(wishes.zone))
    relations = reader.each(facts.of("lsflash"), lambda row: objects.relation(row, moments))
    relations = _one_source_each(relations, facts, reader)
    listed = reader.each(facts.of("lsfbvol"), lambda row: objects.volume(row, wishes.blocks))
    mirrors = reader.each(facts.of("lspprc"), objects.mirror)
    volumes = _volumes(listed, relations, mirrors, facts, wishes.blocks)
    thin = frozenset(volume.id for volume in volumes if volume.space_efficient)
    groups = reader.each(facts.of("lsvolgrp"), objects.group)
    connections = reader.each(facts.of("lshostconnect"), objects.connection)
    (image,) = [row for row in facts.of("lssi") if row["ID"] == serial] or (Row(0, {}),)
    return Twin(
        serial=serial,
        wwnn=image["WWNN"].strip("-"),
        model=image["Model"].strip("-"),
        volumes=volumes,
        relations=tuple(_onto_space(relation, thin) for relation in relations),
        timers=dict(filter(None, reader.each(facts.of("lsflash"), objects.timer))),
        connections=connections,
        groups=_groups(groups, connections, volumes),
        pools=reader.each(facts.of("lsextpool"), lambda row: _pool(row, volumes)),
        mirrors=mirrors,
        extra_columns=_extra_columns(facts),
        notes=notes.filled_in(facts, images(reading), serial, listed, volumes),
        troubles=tuple(sorted(dict.fromkeys(reader.troubles), key=lambda t: t.line)),
    )


def _serial(reading: Reading, wanted: str) -> str:
    wanted = wanted and image_id(wanted)
    found = images(reading)
    chosen = [name for name in found if not wanted or same_image(wanted, name)]
    if len(chosen) == 1:
        return chosen[0]
    if len(chosen) > 1:
        raise SimError(f"it is about several images: {', '.join(chosen)}; choose with --serial")
    if wanted and found:
        raise SimError(f"it is not about {wanted}, but about {', '.join(found)}")
    if wanted:
        return wanted
    raise SimError(
        "it does not say of which image it is: paste lssi with it, or a banner, or give --serial"
    )


class _Reader:
    """Makes objects of rows, and keeps what went wrong."""

    def __init__(self, troubles: list[Trouble]) -> None:
        self.troubles = troubles

    def each(self, rows: Iterable[Row], make: Callable[[Row], T]) -> tuple[T, ...]:
        """Return an object for each row that is understood."""
        made: list[T] = []
        for row in rows:
            try:
                made.append(make(row))
            except BadDateError as error:
                self.troubles.append(Trouble(row.line, str(error), _ZONE))
            except SimError as error:
                self.troubles.append(Trouble(row.line, str(error), _MEND))
        return tuple(made)


def _one_source_each(
    relations: tuple[Relation, ...], facts: Facts, reader: _Reader
) -> tuple[Relation, ...]:
    """Leave out relations onto a target that has another source; on no array there are such."""
    lines = {row["ID"]: row.line for row in facts.of("lsflash")}
    kept: dict[str, Relation] = {}
    for relation in relations:
        pair = relation.pair
        if pair.source == pair.target or pair.target in kept:
            problem = f"{pair}: its target is the target of another relation"
            reader.troubles.append(Trouble(lines.get(str(pair), 0), problem, _MEND))
        else:
            kept[pair.target] = relation
    return tuple(kept.values())


def _volumes(
    listed: tuple[Volume, ...],
    relations: tuple[Relation, ...],
    mirrors: tuple[RemoteCopy, ...],
    facts: Facts,
    blocks: int,
) -> tuple[Volume, ...]:
    """Return all volumes: those listed, and those that only relations name.

    The latter are as large as their partners where these are listed.
    """
    known = {volume.id: volume for volume in listed}
    thin = {bare(r["ID"]).partition(":")[2] for r in facts.of("lsflash") if r["isTgtSE"] == "ESE"}
    for relation in relations:
        pair = relation.pair
        for name, other in ((pair.source, pair.target), (pair.target, pair.source)):
            size = known[other].blocks if other in known else blocks
            known.setdefault(name, Volume(id=name, name=f"vol_{name}", blocks=size))
    for mirror in mirrors:
        name = mirror.primary_volume
        known.setdefault(name, Volume(id=name, name=f"vol_{name}", blocks=blocks))
    sources = {relation.pair.target: relation for relation in relations}
    return tuple(
        _holding(volume, sources.get(volume.id), thin=volume.id in thin)
        for _, volume in sorted(known.items())
    )


def _holding(volume: Volume, onto: Relation | None, *, thin: bool) -> Volume:
    """Give a volume its content: a target holds what its source held at the flash."""
    space_efficient = volume.space_efficient or thin
    if onto is None:
        held = replace(volume, content=f"{volume.id}@0")
        taken = volume.tracks
    else:
        source = onto.pair.source
        held = replace(volume, content=f"{source}@0", copied_from=source)
        taken = max(0, volume.tracks - onto.uncopied)
    allocated = taken if space_efficient else 0
    return replace(held, space_efficient=space_efficient, allocated=allocated)


def _onto_space(relation: Relation, thin: frozenset[str]) -> Relation:
    """Let a copy onto a space efficient target go on to take space."""
    filling = relation.pair.target in thin and relation.uncopied > 0
    return replace(relation, filling=filling)


def _groups(
    listed: tuple[VolumeGroup, ...],
    connections: tuple[HostConnection, ...],
    volumes: tuple[Volume, ...],
) -> tuple[VolumeGroup, ...]:
    """Return all groups: those listed, and those that only hosts or volumes name."""
    known = {group.id: group for group in listed}
    named = [c.volgrp for c in connections] + [v.volgrp for v in volumes]
    for name in {part for text in named for part in text.split(",")} - {"-"} - _BUILT_IN_IDS:
        known.setdefault(name, VolumeGroup(id=name, name=f"vg_{name}"))
    return tuple(known.values())


def _pool(row: Row, volumes: tuple[Volume, ...]) -> Pool:
    """Return a pool that has as much left as the listing says."""
    inside = [volume for volume in volumes if volume.pool == row["ID"]]
    used = sum(v.allocated if v.space_efficient else v.tracks for v in inside)
    extents = -(-used // TRACKS_PER_GIB) + objects.number(row, "available")
    return Pool(
        id=row["ID"],
        name=row["Name"].strip("-"),
        rankgrp=objects.number(row, "rankgrp"),
        capacity=extents * TRACKS_PER_GIB,
        reserved=objects.number(row, "reserved"),
    )


def _extra_columns(facts: Facts) -> tuple[str, ...]:
    """Return the columns of lsflash -l that are not known here."""
    columns = facts.columns.get("lsflash", ())
    return tuple(name for name in columns if name not in SHAPES["lsflash"].looks)
