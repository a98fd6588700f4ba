"""lsflash: list relations."""

from collections.abc import Mapping
from dataclasses import dataclass

from flashd.sim import messages
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar, UsageError
from flashd.sim.ids import Pair, listed_range
from flashd.sim.inventory import Inventory
from flashd.sim.layout import Report, java_date
from flashd.sim.nouns import Relation

SHORT = (
    "ID",
    "SrcLSS",
    "SequenceNum",
    "Timeout",
    "ActiveCopy",
    "Recording",
    "Persistent",
    "Revertible",
    "SourceWriteEnabled",
    "TargetWriteEnabled",
    "BackgroundCopy",
)
LONG = ("OutOfSyncTracks", "DateCreated", "DateSynced", "State", "isTgtSE")
_SEQUENCE_DIGITS = 4
FILTERS = frozenset(("-activecp", "-record", "-persist", "-revertible", "-cp"))


def run(call: Call) -> Answer:
    """List the relations that were asked for; those that do not exist are left out."""
    held, flags = call.held, call.request.flags
    if FILTERS & flags and held.switches["lsflash_filters"] == "refuse":
        raise UsageError(f"option {min(FILTERS & flags)} is unknown")
    named = select(held, call.request.operands, call.identity.serial)
    found = tuple(relation for relation in named if _wanted(held, relation, flags))
    if not found:
        return Answer(messages=(messages.NO_FLASH_COPY,))
    if "-s" in flags:
        return Answer(report=Report(SHORT[:1], tuple((_id(call, r),) for r in found)))
    lsses = Subsystems.of(held)
    rows = tuple((_id(call, relation), *_short(held, relation, lsses)) for relation in found)
    if "-l" not in flags:
        return Answer(report=Report(SHORT, rows))
    extra = tuple(filter(None, held.switches["extra_columns"].split(",")))
    space_efficient = held.space_efficient()
    full = tuple(
        row + _long(held, relation, relation.pair.target in space_efficient) + ("-",) * len(extra)
        for row, relation in zip(rows, found, strict=True)
    )
    return Answer(report=Report(SHORT + LONG + extra, full))


@dataclass(frozen=True, slots=True)
class Subsystems:
    """What the logical subsystems of the sources say: their timers, and which volumes wait."""

    timers: Mapping[str, int]
    otherwise: int
    frozen: frozenset[str]

    @classmethod
    def of(cls, held: Inventory) -> "Subsystems":
        """Look once for all relations."""
        otherwise = int(held.switches.number("long_busy_seconds"))
        frozen = frozenset(volume.id for volume in held.frozen())
        return cls(held.long_busy_seconds(), otherwise, frozen)


def _wanted(held: Inventory, relation: Relation, flags: frozenset[str]) -> bool:
    """Say whether a relation has all that was asked for [recalled]."""
    return (
        ("-record" not in flags or relation.recording)
        and ("-persist" not in flags or relation.persistent)
        and ("-revertible" not in flags or relation.revertible)
        and ("-cp" not in flags or relation.background_copy)
        and ("-activecp" not in flags or _is_copying(held, relation))
    )


def _is_copying(held: Inventory, relation: Relation) -> bool:
    return relation.background_copy and held.out_of_sync(relation) > 0


def select(held: Inventory, operands: tuple[str, ...], image: str) -> tuple[Relation, ...]:
    """Return the relations that pairs, volumes, ranges of volumes or LSSs name, each once."""
    found: dict[tuple[str, str], Relation] = {}
    for operand in operands:
        found |= {(one.pair.source, one.pair.target): one for one in _named(held, operand, image)}
    return tuple(found[ends] for ends in sorted(found))


def _named(held: Inventory, operand: str, image: str) -> list[Relation]:
    if ":" in operand:
        relation = held.relation(Pair.parse(operand, image))
        return [relation] if relation else []
    first, last = listed_range(operand, image)
    return [
        relation
        for relation in held.relations()
        if first <= relation.pair.source <= last or first <= relation.pair.target <= last
    ]


def _id(call: Call, relation: Relation) -> str:
    if not call.fullid:
        return str(relation.pair)
    image = call.identity.serial
    return f"{image}/{relation.pair.source}:{image}/{relation.pair.target}"


def _short(held: Inventory, relation: Relation, lsses: Subsystems) -> tuple[str, ...]:
    source = relation.pair.source
    lss = source[:2]
    digits = _SEQUENCE_DIGITS if held.switches["sequence_number"] == "four-digits" else 0
    return (
        lss,
        relation.sequence.zfill(digits),
        str(lsses.timers.get(lss, lsses.otherwise)),
        _word(_is_copying(held, relation)),
        _word(relation.recording),
        _word(relation.persistent),
        _word(relation.revertible),
        _word(relation.source_writable and source not in lsses.frozen),
        _word(relation.target_writable),
        _word(relation.background_copy),
    )


def _long(held: Inventory, relation: Relation, space_efficient: bool) -> tuple[str, ...]:  # noqa: FBT001 - a column's value
    zone = held.switches["date_zone"]
    return (
        str(held.out_of_sync(relation)),
        java_date(relation.created_at, zone),
        java_date(relation.synced_at, zone),
        relation.state,
        "ESE" if space_efficient else held.switches["standard_target_word"],
    )


def _word(enabled: bool) -> str:  # noqa: FBT001 - a column's value
    return "Enabled" if enabled else "Disabled"


LSFLASH = Command(
    name="lsflash",
    grammar=Grammar(
        flags=frozenset(("-l", "-s", "-fullid")) | FILTERS,
        options=LISTING_OPTIONS | {"-dev"},
        operands=True,
        needs_operand=True,
    ),
    run=run,
)
