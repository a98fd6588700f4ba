"""The nouns that the tests of the core speak of, each good until a test changes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flashd.core.instants import read
from flashd.core.schedule import parse
from flashd.model.inventory import HostConnection, Image, Inventory, Reach, Volume, VolumeGroup
from flashd.model.observation import ArrayRecord, Picture, Sighting, Withdrawal
from flashd.model.run import (
    Carrier,
    Intent,
    Marks,
    Outcome,
    RunRecord,
    Step,
    StepKind,
    Trigger,
)
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.volumes import ArrayTime, Listing, Pair, Relation, VolumeId

ARRAY = "IBM.2107-75ABC01"
OTHER_ARRAY = "IBM.2107-75XYZ02"
SERVICE = "iiststibmds"
PAIRS = ("0001:0002", "0101:0102", "0003:0004")
CREATED = "Mon Jun 01 08:00:00 UTC 2026"
SYNCED = "Sat Nov 21 00:59:31 UTC 2026"

pair = Pair.parse
HOURS = timedelta(hours=1)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def at(text: str) -> datetime:
    """Read an instant in UTC, `2026-11-21 01:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = at("2026-11-21 02:00:00")


def java(moment: datetime, label: str = "UTC") -> str:
    """Print a moment as Java's `Date.toString` does."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day} {month} {moment:%d %H:%M:%S} {label} {moment.year}"


def date(text: str) -> ArrayTime:
    """Read a date that is surely one."""
    time = read(text)
    assert time is not None, text
    return time


def relation(name: str, synced: str | None = SYNCED, created: str | None = CREATED) -> Relation:
    """Make the relation of a pair, in perfect order."""
    return Relation(
        pair=pair(name),
        state="Valid",
        recording=True,
        persistent=True,
        revertible=False,
        source_write_enabled=True,
        target_write_enabled=True,
        background_copy=True,
        out_of_sync_tracks=0,
        created=date(created) if created else None,
        synced=date(synced) if synced else None,
        space_efficient_target=False,
    )


def volume(name: str) -> Volume:
    """Make a volume, in perfect order."""
    return Volume(
        id=VolumeId(name),
        name=f"TST_{name}",
        datatype="FB 512",
        blocks=41943040,
        groups=("V1",),
        states=("Online", "Normal", "Normal"),
    )


REACH = Reach(
    groups={"V1": VolumeGroup(id="V1", name="tst1", type="SCSI Mask")},
    connections=(HostConnection(id="0000", name="tst1", wwpn="10000000C9A1B2C3", group="V1"),),
)


def inventory(*names: str, array: str = ARRAY) -> Inventory:
    """Make an array that has the volumes of these pairs, all mapped to the host tst1."""
    volumes = [volume(one) for name in names for one in pair(name).volumes]
    return Inventory(
        array=array,
        began_at=NOW,
        ended_at=NOW,
        volumes={one.id: one for one in volumes},
        mirrored=frozenset(),
        reach=REACH,
        image=Image("5005076303FFC111"),
    )


def reached(stock: Inventory, *more: HostConnection, **groups: str) -> Inventory:
    """Have more ports of hosts on an array, and more volume groups, by id: their type."""
    made = {key: VolumeGroup(id=key, name=f"of {key}", type=kind) for key, kind in groups.items()}
    assert stock.reach
    there = stock.reach
    reach = Reach(groups={**there.groups, **made}, connections=(*there.connections, *more))
    return replace(stock, reach=reach)


def listing(*relations: Relation, array: str = ARRAY) -> Listing:
    """Make a reading of an array."""
    return Listing(array, NOW, NOW, {one.pair: one for one in relations})


def resource(*pairs: str, name: str = "sync#1", recording: bool = True) -> Resource:
    """Make a resource of the pairs named, or of three."""
    return Resource(
        id=name, array=ARRAY, pairs=tuple(map(pair, pairs or PAIRS)), recording=recording
    )


def freshness(
    *,
    min_delay: timedelta = timedelta(0),
    max_delay: timedelta = 25 * HOURS,
    refresh_after: timedelta | None = None,
) -> Freshness:
    """Make demands on the age of a clone: none older than 25 hours."""
    return Freshness(min_delay=min_delay, max_delay=max_delay, refresh_after=refresh_after)


def service(
    *resources: Resource,
    schedule: str | None = None,
    wanted: Freshness | None = None,
    timezone: str = "UTC",
    name: str = SERVICE,
) -> Service:
    """Make a service of the resources, or of one."""
    return Service(
        name=name,
        freshness=wanted or freshness(),
        schedule=parse(schedule) if schedule else None,
        timezone=ZoneInfo(timezone),
        guards=(GuardSpec("systemd", "oracle", (), proves=True),),
        resources=resources or (resource(),),
    )


def withdrawal(name: str, *, owner: str = SERVICE, array: str = ARRAY) -> Withdrawal:
    """Make the record of a pair that a service withdrew."""
    return Withdrawal(
        array=array,
        pair=pair(name),
        service=owner,
        run="RUN",
        synced=SYNCED,
        created=CREATED,
        space_efficient=False,
        at=NOW,
    )


def sighting(
    name: str,
    found: Relation | None,
    *,
    before_at: datetime | None = None,
    since_at: datetime = NOW,
) -> Sighting:
    """Make what was last seen of a pair."""
    return Sighting(
        array=ARRAY,
        pair=pair(name),
        relation=found,
        observed_at=NOW,
        before_at=before_at,
        since_at=since_at,
    )


def picture(*sightings: Sighting, withdrawals: tuple[Withdrawal, ...] = ()) -> Picture:
    """Make all that is known from what was seen on one array, which was read."""
    return Picture(
        sightings={(one.array, one.pair): one for one in sightings},
        arrays={ARRAY: ArrayRecord(array=ARRAY, observed_at=NOW)},
        withdrawals={(one.array, one.pair): one for one in withdrawals},
        last_runs={},
        standings={},
        zones={ARRAY: None},
    )


def run(*, outcome: Outcome | None = None) -> RunRecord:
    """Make a run that ended so, or is open."""
    return RunRecord(
        id="RUN",
        service=SERVICE,
        trigger=Trigger.SCHEDULE,
        by="flashd",
        arrays=(ARRAY,),
        started_at=NOW,
        ended_at=NOW if outcome else None,
        outcome=outcome,
    )


def intent() -> Intent:
    """Make an intent to resync all pairs."""
    pairs = tuple(map(pair, PAIRS))
    return Intent(
        run="RUN",
        seq=1,
        step=Step(kind=StepKind.RESYNC, resource="sync#1", array=ARRAY, pairs=pairs),
        command="resyncflash",
        carrier=Carrier("host", "boot", 1, 1),
        before=dict.fromkeys(pairs, Marks(SYNCED, CREATED)),
        at=NOW,
    )
