"""What every guard promises, whatever it looks at: the same suite over the whole table.

Each kind of guard is put before the same worlds: one where nothing runs, one where the service
does, one that never answers, one that answers nonsense. Those that look at a host do so twice:
at this one, and at another one, by a real sshd.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import subprocess
import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters import procfs
from flashd.adapters.guards.process import ProcessGuard
from flashd.adapters.guards.table import BUILT_IN, asking, asking_arrays
from flashd.config.guards import (
    BUILT_IN_GUARDS,
    Aimed,
    AixOptions,
    CommandOptions,
    HostsOptions,
    HttpOptions,
    IoOptions,
    KubernetesOptions,
    LvmOptions,
    MountsOptions,
    OpensvcOptions,
    PacemakerOptions,
    PowerhaOptions,
    ProcessOptions,
    ScsiReservationOptions,
    SystemdOptions,
    TcpOptions,
    VcsOptions,
)
from flashd.errors import ArrayUnreachable
from flashd.model.counters import HOST_FIELDS, Counters
from flashd.model.verdict import Finding, Verdict
from flashd.model.volumes import VolumeId
from tests.contract import managers
from tests.integration.guards.api import PODS, Api, listing, pod
from tests.integration.remote.there import HOST, There, descendants
from tests.unit.core.builders import ARRAY, REACH, inventory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from flashd.adapters.guards.io import Count
    from flashd.model.inventory import Inventory
    from flashd.ports.guard import Guard

AT_ONCE, LONG = timedelta(seconds=0.2), timedelta(seconds=30)

UNIT = (
    "printf '%s\\n' Id=db.service LoadState=loaded ActiveState={state} SubState={sub} MainPID=0"
    " ControlPID=0 Job= ControlGroup= TasksCurrent=0 TriggeredBy= UnitFileState= InvocationID="
)
OPENSVC = """
at=$(date +%s)
one() {{
    printf '{{"avail": "{state}", "updated": %s, "frozen": 0, ' "$at"
    printf '"resources": {{"fs#1": {{"status": "{state}"}}}}}}'
}}
case "$*" in
*instance*|*print*) one ;;
*) printf '{{"monitor": {{"nodes": {{"n1": {{"services": {{"config": {{"db": {{"scope": ["n1"]}}}},'
   printf '"status": {{"db": '; one; printf '}}}}}}}}}}}}' ;;
esac
"""
WWID = "6005076303ffd12300000000000010a2"
DISK = {"kname": "sdx", "maj:min": "8:0", "wwn": f"0x{WWID}"}
LSBLK = f"echo '{json.dumps({'blockdevices': [DISK]})}'"
# Stands for the python3 that tells what the kernel has, and takes hold of a device.
PYTHON = """
case $6 in
list) printf '%s\\n' 'device sdx 8:0' 'wwid sdx naa.{wwid}' end ;;
use) printf '%s\\n' '{claim}' 'looked 9' end ;;
esac
"""
PV = {"pv_name": "/dev/sdx", "pv_uuid": "p", "pv_major": "8", "pv_minor": "0", "pv_missing": ""}
LV = {"lv_name": "data", "lv_uuid": "l", "lv_device_open": "unknown"}
VG = {"vg_name": "v", "vg_uuid": "V"}


def report(key: str, row: dict[str, str]) -> str:
    """Write a program that prints a report of LVM's."""
    return f"echo '{json.dumps({'report': [{key: [row]}]})}'"


SG_PERSIST = """
case $* in
*keys*) echo '  PR generation=0x2, {keys}' ;;
*) echo '  PR generation=0x2, {holder}' ;;
esac
"""
THERE = " there"
PMON = f"pmon{os.getpid()}"
"""No other run's, since a probe tells all processes of the machine."""

READLINK = """
case $1 in
*/pid) echo 'pid:[4026531836]' ;;
*/user) echo 'user:[4026531837]' ;;
esac
"""
CAT = """
case $1 in
*/mountinfo) echo '22 27 0:21 / /proc rw - proc proc rw' ;;
*) exec /bin/cat "$@" ;;
esac
"""
HANGS = "sleep 600 & echo $$ $! > '{told}'; wait"


@dataclass(frozen=True)
class Worlds:
    """Makes a guard of any type in a world of the test's choice."""

    root: Path
    stack: ExitStack
    told: Path
    there: There | None = None

    def program(self, name: str, text: str) -> str:
        if self.there:
            return str(self.there.program(name, text))
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def systemd(self, world: str, limit: timedelta) -> SystemdOptions:
        texts = {
            "down": UNIT.format(state="inactive", sub="dead"),
            "up": UNIT.format(state="active", sub="running"),
            "hangs": HANGS.format(told=self.told),
            "nonsense": "echo ActiveState=inactif",
        }
        self.program("systemctl", texts[world])
        return SystemdOptions(unit="db.service", timeout=limit)

    def command(self, world: str, limit: timedelta) -> CommandOptions:
        texts = {
            "down": "exit 0",
            "up": "exit 1",
            "hangs": HANGS.format(told=self.told),
            "nonsense": "exit 99",
        }
        program = self.program("db-is-down", texts[world])
        if self.there:
            self.there.commands.write_text(program)
        return CommandOptions(command=(program,), down=(0,), up=(1,), timeout=limit)

    def tcp(self, world: str, limit: timedelta) -> TcpOptions:
        listener = self.stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        if world in {"up", "hangs"}:
            listener.listen(8 if world == "up" else 0)
        for _ in range(3 if world == "hangs" else 0):  # a full queue: the kernel drops the rest
            client = self.stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        host = "no-such-host.invalid" if world == "nonsense" else "127.0.0.1"
        return TcpOptions(host=host, port=listener.getsockname()[1], timeout=limit)

    def opensvc(self, world: str, limit: timedelta) -> OpensvcOptions:
        texts = {
            "down": OPENSVC.format(state="down"),
            "up": OPENSVC.format(state="up"),
            "hangs": HANGS.format(told=self.told),
            "nonsense": "echo '{}'",
        }
        self.program("om", texts[world])
        return OpensvcOptions(service="db", version="2.1", timeout=limit)

    def hosts(self, world: str, limit: timedelta) -> Aimed[HostsOptions]:
        del world  # it is made in the array that is asked: `stock`
        return Aimed(HostsOptions(timeout=limit), ((ARRAY, VolumeId("0002")),))

    def io(self, world: str, limit: timedelta) -> Aimed[IoOptions]:
        del world  # it is made in the array that is asked: `count`
        options = IoOptions(timeout=limit, window=timedelta(seconds=0.05))
        return Aimed(options, ((ARRAY, VolumeId("0002")),))

    def count(self, world: str) -> Count:
        number = iter(range(9))

        async def take(array: str, volumes: Sequence[VolumeId]) -> Sequence[Counters]:
            step = next(number)
            if world == "hangs":
                await asyncio.sleep(600)
            if world == "nonsense":
                raise ArrayUnreachable("the answer of showfbvol -metrics was not understood")
            moved = step if world == "up" else 0
            return [
                Counters(
                    array=array,
                    volume=one,
                    date=f"05/03/2021 08:00:0{step} GMT",
                    taken=time.monotonic(),
                    values=dict.fromkeys(HOST_FIELDS, 7 + moved),
                )
                for one in volumes
            ]

        return take

    def stock(self, world: str) -> Callable[[str], Awaitable[Inventory]]:
        async def take(array: str) -> Inventory:
            found = inventory("0001:0002", array=array)
            if world == "hangs":
                await asyncio.sleep(600)
            if world == "nonsense":
                raise ArrayUnreachable("the answer of lsfbvol was not understood")
            return found if world == "up" else replace(found, reach=replace(REACH, connections=()))

        return take

    def host(self, world: str, claim: str = "") -> None:
        """Have a host tell of one volume, as a path without a map."""
        claim = claim or f"opened sdx 8:0 naa.{WWID}"
        self.program("readlink", READLINK)
        self.program("cat", CAT)
        self.program("python3", PYTHON.format(wwid=WWID, claim=claim))
        lsblk = {"hangs": HANGS.format(told=self.told), "nonsense": "echo nonsense"}
        self.program("lsblk", lsblk.get(world, LSBLK))

    def mounts(self, world: str, limit: timedelta) -> MountsOptions:
        self.host(world, "failed sdx EBUSY" if world == "up" else "")
        return MountsOptions(wwids=(WWID,), timeout=limit)

    def lvm(self, world: str, limit: timedelta) -> LvmOptions:
        self.host(world)
        self.program("pvs", report("pv", {**PV, **VG, "pv_duplicate": ""}))
        active = "active" if world == "up" else ""
        self.program("lvs", report("lv", {**LV, **VG, "lv_active": active}))
        return LvmOptions(wwids=(WWID,), timeout=limit)

    def scsi_reservation(self, world: str, limit: timedelta) -> ScsiReservationOptions:
        self.host(world)
        keys, holder = "there are NO registered reservation keys", "there is NO reservation held"
        if world == "up":
            keys = "1 registered reservation key follows:\n    0xa1"
            holder = (
                "Reservation follows:\n    Key=0xa1\n    scope: LU_SCOPE,  type: Write Exclusive"
            )
        self.program("sg_persist", SG_PERSIST.format(keys=keys, holder=holder))
        return ScsiReservationOptions(wwids=(WWID,), timeout=limit)

    def http(self, world: str, limit: timedelta) -> HttpOptions:
        listener = self.stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if world == "up":
            api = self.stack.enter_context(Api(self.root).running())
            return HttpOptions(url=f"https://127.0.0.1:{api.port}/", timeout=limit)
        if world == "hangs":
            listener.listen()
        host = "no-such-host.invalid" if world == "nonsense" else "127.0.0.1"
        return HttpOptions(url=f"http://{host}:{port}/", timeout=limit)

    def kubernetes(self, world: str, limit: timedelta) -> KubernetesOptions:
        api = Api(self.root)
        if world == "up":
            api.answers[PODS] = listing("PodList", pod("Running"))
        if world == "nonsense":
            api.spoilt[PODS] = lambda _: b"nonsense"
        self.stack.enter_context(api.running())
        if world == "hangs":
            api.silent.clear()
        return KubernetesOptions(
            kubeconfig=api.kubeconfig,
            namespace="tst",
            workloads=("statefulset/db",),
            claims=("data",),
            timeout=limit,
        )

    def pacemaker(self, world: str, limit: timedelta) -> PacemakerOptions:
        self.program("crm_mon", self.managed(managers.CRM_MON, world))
        self.program("cibadmin", managers.CIBADMIN)
        return PacemakerOptions(resource="db", timeout=limit)

    def powerha(self, world: str, limit: timedelta) -> PowerhaOptions:
        self.program("id", "echo 0")
        self.program("clRGinfo", self.managed(managers.CLRGINFO, world))
        self.program("lssrc", managers.LSSRC)
        return PowerhaOptions(group="db", nodes=("n1",), timeout=limit)

    def vcs(self, world: str, limit: timedelta) -> VcsOptions:
        self.program("hasys", managers.HASYS)
        self.program("hagrp", self.managed(managers.HAGRP, world))
        return VcsOptions(group="db", timeout=limit)

    def aix(self, world: str, limit: timedelta) -> AixOptions:
        self.program("id", "echo 0")
        self.program("odmget", managers.ODMGET)
        self.program("lsdev", managers.LSDEV)
        self.program("mount", managers.MOUNT)
        self.program("lspv", managers.LSPV)
        self.program("lsvg", self.managed(managers.LSVG, world))
        return AixOptions(volume_group="dbvg", disks=(managers.UNIQUE_ID,), timeout=limit)

    def managed(self, texts: Mapping[str, str], world: str) -> str:
        return {**texts, "hangs": HANGS.format(told=self.told), "nonsense": "echo nonsense"}[world]

    def process(self, world: str, limit: timedelta) -> ProcessOptions:
        """Here the world is made in the guard's /proc; there, by what the probe reads it with."""
        if self.there:
            self.program("readlink", READLINK)
            self.program("cat", CAT)
            if world in {"hangs", "nonsense"}:
                text = HANGS.format(told=self.told) if world == "hangs" else "echo nonsense"
                self.program("head", text)
            if world == "up":
                pmon = self.program(PMON, "echo; read line")
                runs = subprocess.Popen([pmon], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                self.stack.enter_context(runs)
                self.stack.callback(runs.kill)
                assert runs.stdout
                runs.stdout.readline()
        return ProcessOptions(name=PMON, timeout=limit)

    def proc(self, world: str) -> Path:
        proc = self.root / "proc"
        (proc / "self/ns").mkdir(parents=True)
        (proc / "self/ns/pid").symlink_to("pid:[4026531836]")
        (proc / "self/ns/user").symlink_to("user:[4026531837]")
        (proc / "self/mountinfo").write_text("22 27 0:21 / /proc rw - proc proc rw\n")
        for pid, name in ((1, "init"), (7, PMON if world == "up" else "cron")):
            (proc / str(pid)).mkdir()
            stat = f"{pid} ({name}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0\n"
            (proc / str(pid) / "stat").write_text("nonsense" if world == "nonsense" else stat)
            (proc / str(pid) / "cmdline").write_text(name)
        if world == "hangs":
            (proc / "7/stat").unlink()
            os.mkfifo(proc / "7/stat")
        return proc

    def guard(self, kind: str, world: str, limit: timedelta = LONG) -> Guard:
        if kind.endswith(THERE):
            return self.guard_there(kind.removesuffix(THERE), world, limit)
        makers = {**BUILT_IN, **asking_arrays(self.stock(world), self.count(world), time.monotonic)}
        guard = makers[kind](self.options(kind, world, limit))
        return replace(guard, proc=self.proc(world)) if isinstance(guard, ProcessGuard) else guard

    def options(self, kind: str, world: str, limit: timedelta) -> Any:  # noqa: ANN401 - as guards take it
        made: Any = getattr(self, kind.replace("-", "_"))(world, limit)
        return made

    def guard_there(self, kind: str, world: str, limit: timedelta) -> Guard:
        there = There(self.root / "there")
        self.stack.enter_context(there.sshd())
        moved = replace(self, there=there)
        options = moved.options(kind, world, limit)
        return asking(there.remote())[kind](options.model_copy(update={"host": HOST}))


@pytest.fixture
def worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worlds]:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    os.mkfifo(told := tmp_path / "told")
    with ExitStack() as stack:
        yield Worlds(tmp_path, stack, told)


MANAGED = ["aix", "pacemaker", "powerha", "vcs"]
VOLUMES = ["lvm", "mounts", "scsi-reservation"]
KINDS_THERE = sorted(["command", "opensvc", "process", "systemd", *MANAGED, *VOLUMES])
every_guard = pytest.mark.parametrize(
    "kind", [*sorted(BUILT_IN), *(f"{kind}{THERE}" for kind in KINDS_THERE)]
)
every_child = pytest.mark.parametrize("kind", ["command", "opensvc", "systemd", *MANAGED, *VOLUMES])
every_guard_there = pytest.mark.parametrize("kind", KINDS_THERE)


def speaks_plainly(finding: Finding) -> bool:
    """Whether the reason reads as one of ours, and the evidence can be stored."""
    json.dumps(finding.evidence, allow_nan=False)
    reason = finding.reason
    return bool(reason) and not reason[0].isupper() and not reason.endswith(".")


def test_every_type_that_can_be_configured_can_be_made() -> None:
    assert set(BUILT_IN) == set(BUILT_IN_GUARDS)


@every_guard
async def test_where_nothing_runs_a_proof_says_down_and_a_veto_clear(
    worlds: Worlds, kind: str
) -> None:
    finding = await worlds.guard(kind, "down").look()
    proves = BUILT_IN_GUARDS[kind.removesuffix(THERE)].proves
    assert finding.verdict is (Verdict.DOWN if proves else Verdict.CLEAR)
    assert speaks_plainly(finding)


@every_guard
async def test_where_the_service_runs_it_says_up(worlds: Worlds, kind: str) -> None:
    finding = await worlds.guard(kind, "up").look()
    assert finding.verdict is Verdict.UP
    assert speaks_plainly(finding)


@every_guard
async def test_nonsense_is_unknown(worlds: Worlds, kind: str) -> None:
    finding = await worlds.guard(kind, "nonsense").look()
    assert finding.verdict is Verdict.UNKNOWN
    assert speaks_plainly(finding)


@pytest.fixture
def ending_with_the_test(worlds: Worlds) -> Iterator[None]:
    """Let a thread that hangs in our /proc go on, once the test is over."""
    yield
    if (stuck := worlds.root / "proc/7/stat").is_fifo():
        os.close(os.open(stuck, os.O_RDWR | os.O_NONBLOCK))


@every_guard
@pytest.mark.usefixtures("ending_with_the_test")
async def test_no_answer_in_time_is_unknown(worlds: Worlds, kind: str) -> None:
    guard = worlds.guard(kind, "hangs", AT_ONCE)
    async with asyncio.timeout(10):
        finding = await guard.look()
    assert finding.verdict is Verdict.UNKNOWN
    assert speaks_plainly(finding)
    _collect()


def _collect() -> None:
    """Collect what asyncio leaves of a connection that is cancelled while it is being made.

    It warns of that in whichever test comes next.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@every_guard
@pytest.mark.usefixtures("ending_with_the_test")
async def test_cancelled_it_says_nothing(worlds: Worlds, kind: str) -> None:
    task = asyncio.create_task(worlds.guard(kind, "hangs").look())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    _collect()


async def told(worlds: Worlds, look: asyncio.Task[Finding]) -> str:
    """Hear what was started, from whoever it was; a look that ends before has started nothing."""
    reading = asyncio.create_task(asyncio.to_thread(worlds.told.read_text))
    await asyncio.wait({reading, look}, return_when=asyncio.FIRST_COMPLETED)
    if not reading.done():
        await asyncio.to_thread(worlds.told.write_text, "")  # so that the reader comes to an end
        pytest.fail(f"nothing was started: {look.result()}")
    return await reading


@every_child
async def test_cancelled_it_ends_every_process_it_started(worlds: Worlds, kind: str) -> None:
    task = asyncio.create_task(worlds.guard(kind, "hangs").look())
    started = [int(pid) for pid in (await told(worlds, task)).split()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(started) == 2
    left = [found for pid in started if (found := procfs.process(pid)) and found.alive]
    assert left == []


@every_guard_there
async def test_cancelled_it_leaves_no_session(worlds: Worlds, kind: str) -> None:
    guard = worlds.guard(f"{kind}{THERE}", "hangs")
    before = descendants(os.getpid())
    task = asyncio.create_task(guard.look())
    await told(worlds, task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = {pid for pid in descendants(os.getpid()) - before if procfs.process(pid)}
    assert "ssh" not in {found.name for pid in left if (found := procfs.process(pid))}


@every_guard_there
async def test_without_a_way_another_host_is_unknown(worlds: Worlds, kind: str) -> None:
    options = worlds.options(kind, "down", LONG)
    make: Callable[[Any], Guard] = BUILT_IN[kind]
    finding = await make(options.model_copy(update={"host": "tst1.invalid"})).look()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "there is no way to tst1.invalid, which is another host"


def test_every_guard_that_has_a_host_to_look_at_can_ask_another_one(tmp_path: Path) -> None:
    kinds = {kind for kind, options in BUILT_IN_GUARDS.items() if "host" in options.model_fields}
    assert (
        set(asking(There(tmp_path / "there", port=22).remote()))
        == kinds - {"tcp"}
        == set(KINDS_THERE)
    )
