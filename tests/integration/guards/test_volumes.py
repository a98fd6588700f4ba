"""Real block devices: loop devices, that a script calls by the WWID of a volume, as lsblk would.

The kernel here has no device-mapper, so maps of multipath are in the transcripts alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.lvm import LvmGuard
from flashd.adapters.guards.mounts import MountsGuard
from flashd.adapters.guards.reservation import ScsiReservationGuard
from flashd.config.guards import LvmOptions, MountsOptions, ScsiReservationOptions
from flashd.model.verdict import Finding, Verdict
from tests.integration.remote.there import HOST, There, needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WWID = "6005076303ffd12300000000000010a2"
OTHER = "6005076303ffd12300000000000010a3"
TOLD = """#!/bin/sh
echo '{}'
"""


@dataclass(frozen=True)
class Disk:
    """A loop device that lsblk calls by a WWID."""

    root: Path
    device: str

    @property
    def name(self) -> str:
        return self.device.removeprefix("/dev/")

    def called(self, wwid: str, programs: Path) -> None:
        number = f"7:{self.name.removeprefix('loop')}"
        node = {"kname": self.name, "maj:min": number, "wwn": f"0x{wwid}"}
        (programs / "lsblk").write_text(TOLD.format(json.dumps({"blockdevices": [node]})))
        (programs / "lsblk").chmod(0o755)


def system(program: str, *words: str) -> str:
    """Run a program of the system, and tell what it prints."""
    done = subprocess.run(
        [needed(program), *words], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def loop(image: Path, *words: str) -> str:
    """Make a loop device; where that is not possible (a container) the test is left out."""
    with image.open("ab") as file:
        file.truncate(20 << 20)
    done = subprocess.run(
        [needed("losetup"), *words, "-f", "--show", str(image)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no loop device can be made here: {done.stderr}")
    return done.stdout.strip()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    if os.geteuid() != 0:
        pytest.skip("only root can make loop devices")
    made = Disk(tmp_path, loop(tmp_path / "image"))
    (programs := tmp_path / "programs").mkdir()
    made.called(WWID, programs)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    yield made
    system("losetup", "-d", made.device)


async def look(wwid: str = WWID) -> Finding:
    return await MountsGuard(MountsOptions(wwids=(wwid,))).look()


def free(finding: Finding) -> bool:
    """Whether all was well; this test may run where some processes are hidden from root."""
    return finding.verdict is Verdict.DOWN or (
        finding.verdict is Verdict.UNKNOWN
        and ("could not be looked into" in finding.reason or "namespace" in finding.reason)
    )


async def test_a_device_that_nobody_uses_can_be_had(disk: Disk) -> None:
    finding = await look()
    assert free(finding), finding
    assert finding.evidence["opened"] == {disk.name: "-"}


async def test_another_volume_is_not_seen(disk: Disk) -> None:
    del disk
    finding = await look(OTHER)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith(f"this host does not see {OTHER}")


@contextmanager
def held_open(device: str) -> Iterator[int]:
    """Run a process that has a device open, as a database on the bare volume has."""
    with open(device, "rb") as file:  # noqa: PTH123 - only handed on
        raw = subprocess.Popen([needed("sleep"), "600"], stdin=file)
    yield raw.pid
    raw.kill()
    raw.wait()


async def test_a_process_that_has_it_open_is_up(disk: Disk) -> None:
    with held_open(disk.device) as raw:
        finding = await look()
    assert finding.reason == f"process {raw} (sleep) has {disk.name} open"
    assert finding.verdict is Verdict.UP


@pytest.mark.parametrize("door", ["scsi_generic/sg3", "bsg/1:0:0:3"])
async def test_a_process_that_has_another_door_to_it_open_is_up(
    disk: Disk, tmp_path: Path, door: str
) -> None:
    """As a virtual machine has to which the disk is passed through: it claims no block device.

    A loop device has no such door, so a sysfs of our own says that /dev/full is one.
    """
    (sysfs := tmp_path / "sys/block" / disk.name / "device" / door).mkdir(parents=True)
    (tmp_path / "sys/block" / disk.name / "dev").write_text(f"7:{disk.name[4:]}\n")
    (sysfs / "dev").write_text("1:7\n")
    guard = MountsGuard(MountsOptions(wwids=(WWID,)), sysfs=tmp_path / "sys")
    assert free(await guard.look())
    with held_open("/dev/full") as raw:
        finding = await guard.look()
    assert finding.reason == f"process {raw} (sleep) has {disk.name} open"
    assert finding.verdict is Verdict.UP


async def test_who_has_it_exclusively_is_up(disk: Disk) -> None:
    held = os.open(disk.device, os.O_RDONLY | os.O_EXCL)
    finding = await look()
    os.close(held)
    assert finding.verdict is Verdict.UP
    assert finding.reason == f"{disk.name} cannot be opened exclusively: somebody has it"
    assert free(await look())


@contextmanager
def elsewhere(script: str, *words: str) -> Iterator[None]:
    """Do something in a mount namespace of its own, until it is over here."""
    wrapped = ["unshare", "--mount", "sh", "-c", f"{script}; echo done; read line", "sh", *words]
    with subprocess.Popen(wrapped, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as inside:
        assert inside.stdout
        assert inside.stdout.readline() == b"done\n"
        yield
        inside.communicate(b"\n")


async def test_a_mount_in_another_namespace_is_up(disk: Disk, tmp_path: Path) -> None:
    """As that of a container is, which findmnt does not show."""
    device = disk.device
    system("mkfs.ext4", "-q", device)
    (place := tmp_path / "mnt").mkdir()
    with elsewhere('mount "$1" "$2"', device, str(place)):
        finding = await look()
    assert finding.verdict is Verdict.UP
    assert "cannot be opened exclusively" in finding.reason
    assert free(await look())


async def test_a_loop_device_over_it_is_up(disk: Disk) -> None:
    """It keeps no descriptor in any process, and claims nothing."""
    with ExitStack() as stack:
        over = system("losetup", "-f", "--show", disk.device)
        stack.callback(system, "losetup", "-d", over)
        finding = await look()
    assert finding.reason == f"{over[5:]} is a loop device over {disk.name}"
    assert finding.verdict is Verdict.UP


async def test_it_is_looked_at_there_as_here(disk: Disk, tmp_path: Path) -> None:
    there = There(tmp_path / "there")
    disk.called(WWID, there.programs)
    with there.sshd():
        guard = MountsGuard(MountsOptions(wwids=(WWID,), host=HOST), there.remote())
        finding = await guard.look()
        assert free(finding), finding
        held = os.open(disk.device, os.O_RDONLY | os.O_EXCL)
        assert (await guard.look()).verdict is Verdict.UP
        os.close(held)
        (there.programs / "python3").write_text("#!/bin/sh\nexit 127\n")
        (there.programs / "python3").chmod(0o755)
        assert "there is no python3" in (await guard.look()).reason


async def test_lvm_tells_of_a_real_volume_group(disk: Disk) -> None:
    """Without device-mapper it can make no logical volume: an empty group proves nothing."""
    needed("pvs")
    for words in (["pvcreate", "-q"], ["vgcreate", "-q", f"fd{disk.name}"]):
        system(*words, disk.device)
    finding = await LvmGuard(LvmOptions(wwids=(WWID,))).look()
    assert finding.verdict is Verdict.UNKNOWN
    assert f"fd{disk.name}" in finding.reason or "warned" in finding.reason, finding


async def test_a_device_without_reservations_is_unknown(disk: Disk) -> None:
    needed("sg_persist")
    finding = await ScsiReservationGuard(ScsiReservationOptions(wwids=(WWID,))).look()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith(f"{disk.name}: sg_persist ended with")


REFUSED = [
    "",
    "-x",
    "sda",
    "sda=8",
    "sda=8:0=9",
    "../sda=8:0",
    "sda;id=8:0",
    "$(id)=8:0",
    "sd a=8:0",
]


@pytest.mark.parametrize("word", REFUSED)
@pytest.mark.parametrize("verb", ["devices", "reservations"])
async def test_the_probe_takes_nothing_else_for_a_device(
    there: There, word: str, verb: str
) -> None:
    if verb == "reservations" and word == "sda":
        return
    deadline = asyncio.get_running_loop().time() + 20
    answer = await there.remote().ask(HOST, (verb, word), deadline=deadline, cap=1 << 16)
    assert "refused: that is not a block device" in getattr(answer, "reason", str(answer))


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    host = There(tmp_path / "there")
    with host.sshd():
        yield host
