"""What was not in a paste, and what stands in its place, in words."""

from collections.abc import Sequence

from flashd.sim.nouns import Relation, Volume
from flashd.sim.twin.dates import AMBIGUOUS, label_of
from flashd.sim.twin.facts import Facts

_SOME = 5  # names, enough to see which are meant
_MISSING = {
    "lssi": "no lssi: the WWNN is made up of the serial number",
    "lsflash": "no lsflash: there are no relations",
    "lshostconnect": "no lshostconnect: there are no hosts",
}


def filled_in(
    facts: Facts,
    images: Sequence[str],
    serial: str,
    listed: Sequence[Volume],
    volumes: Sequence[Volume],
) -> tuple[str, ...]:
    """Return a sentence for each thing that the twin has from elsewhere, or has not."""
    said = [text for verb, text in _MISSING.items() if verb not in facts.pasted]
    said += _volumes(listed, volumes)
    said += _columns(facts)
    if "lsvolgrp" not in facts.pasted and any(volume.volgrp != "-" for volume in volumes):
        said.append("no lsvolgrp: volume groups are named after their ids")
    others = [image for image in images if image != serial]
    said += [f"left out: {', '.join(others)}, of which it speaks too"] if others else []
    return tuple(said)


def of_relations(relations: Sequence[Relation], now: float, copy_rate: str) -> tuple[str, ...]:
    """Return what to know of copies that are under way, and of a clock that is ahead of here."""
    said = []
    copying = sum(bool(r.background_copy and r.uncopied) for r in relations)
    if copying:
        said.append(f"{copying} copies were under way: they go on at {copy_rate} tracks a second")
    latest = max((r.synced_at or r.created_at for r in relations), default=now)
    if latest > now:
        ahead = f"`flashd sim set-clock FILE --offset {latest - now:.0f}s`"
        said.append(f"the array's dates lie ahead of here; {ahead} lets its clock do so too")
    return tuple(said)


def _volumes(listed: Sequence[Volume], volumes: Sequence[Volume]) -> list[str]:
    known = {volume.id for volume in listed}
    made = [volume for volume in volumes if volume.id not in known]
    if not made:
        return []
    names = ", ".join(volume.id for volume in made[:_SOME]) + (", ..." if len(made) > _SOME else "")
    size = "the size of their partner, or 10 GiB where that is not listed"
    return [f"{len(made)} volumes are in no lsfbvol ({names}): they have {size}"]


def _columns(facts: Facts) -> list[str]:
    said = []
    if "lsfbvol" in facts.columns and not facts.has("lsfbvol", "volgrp"):
        said.append("lsfbvol without -l: no volume is in a volume group, none is space efficient")
    if "lsflash" in facts.columns and not facts.has("lsflash", "DateSynced"):
        said.append("lsflash without -l: all relations are as of now, copied and valid")
    dates = [row[name] for row in facts.of("lsflash") for name in ("DateCreated", "DateSynced")]
    if doubtful := sorted({label_of(date) for date in dates} & AMBIGUOUS):
        said.append(f"{', '.join(doubtful)} means different zones; --zone says which")
    return said
