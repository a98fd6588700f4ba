"""lsflash: list relations."""

from flashd.sim import messages
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar
from flashd.sim.ids import Pair, volume_id, volume_range
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
_LSS_DIGITS = 2


def run(call: Call) -> Answer:
    """List the relations that were asked for; those that do not exist are left out."""
    found = select(call.held, call.request.operands, call.identity.serial)
    if not found:
        return Answer(messages=(messages.NO_FLASH_COPY,))
    if "-s" in call.request.flags:
        return Answer(report=Report(SHORT[:1], tuple((_id(call, r),) for r in found)))
    rows = tuple((_id(call, relation), *_short(call.held, relation)) for relation in found)
    if "-l" not in call.request.flags:
        return Answer(report=Report(SHORT, rows))
    extra = tuple(filter(None, call.held.switches["extra_columns"].split(",")))
    space_efficient = call.held.space_efficient()
    full = tuple(
        row
        + _long(call.held, relation, relation.pair.target in space_efficient)
        + ("-",) * len(extra)
        for row, relation in zip(rows, found, strict=True)
    )
    return Answer(report=Report(SHORT + LONG + extra, full))


def select(held: Inventory, operands: tuple[str, ...], image: str) -> tuple[Relation, ...]:
    """Return the relations that pairs, volumes, ranges of volumes or LSSs name, each once."""
    found: set[Relation] = set()
    for operand in operands:
        found.update(_named(held, operand, image))
    return tuple(sorted(found, key=lambda relation: relation.pair))


def _named(held: Inventory, operand: str, image: str) -> list[Relation]:
    if ":" in operand:
        relation = held.relation(Pair.parse(operand, image))
        return [relation] if relation else []
    first, last = _range(operand, image)
    return [
        relation
        for relation in held.relations()
        if first <= relation.pair.source <= last or first <= relation.pair.target <= last
    ]


def _range(operand: str, image: str) -> tuple[str, str]:
    """Return the first and last volume of `0000-FFFF`, an LSS such as `01`, or a volume."""
    if len(operand) == _LSS_DIGITS:
        return volume_id(f"{operand}00"), volume_id(f"{operand}FF")
    return volume_range(operand, image)


def _id(call: Call, relation: Relation) -> str:
    if not call.fullid:
        return str(relation.pair)
    image = call.identity.serial
    return f"{image}/{relation.pair.source}:{image}/{relation.pair.target}"


def _short(held: Inventory, relation: Relation) -> tuple[str, ...]:
    copying = relation.background_copy and held.out_of_sync(relation) > 0
    return (
        relation.pair.source[:2],
        relation.sequence,
        str(relation.timeout),
        _word(copying),
        _word(relation.recording),
        _word(relation.persistent),
        _word(relation.revertible),
        _word(relation.source_writable),
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
        "ESE" if space_efficient else "-",
    )


def _word(enabled: bool) -> str:  # noqa: FBT001 - a column's value
    return "Enabled" if enabled else "Disabled"


LSFLASH = Command(
    name="lsflash",
    grammar=Grammar(
        flags=frozenset(("-l", "-s", "-fullid")),
        options=LISTING_OPTIONS | {"-dev"},
        operands=True,
        needs_operand=True,
    ),
    run=run,
)
