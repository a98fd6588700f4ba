"""Hosts as processes, and what dscli lists of what stands around the volumes."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess, Popen

import pytest

from flashd.sim import flashcopy
from flashd.sim.array import Array
from flashd.sim.hosts import HostConnection, access
from flashd.sim.ids import Pair
from flashd.sim.nouns import Mount

Dscli = Callable[..., CompletedProcess[str]]
Sim = Callable[..., CompletedProcess[str]]
Live = Callable[..., Popen[str]]
Eventually = Callable[[Callable[[], object]], None]

SIM = [sys.executable, "-c", "from flashd.sim.cli import sim; sim(prog_name='flashd sim')"]
PLAIN = ("-bnr", "off", "-hdr", "off", "-fmt", "delim", "-delim", "|")
NARROW = ("-bnr", "off", "-fmt", "delim", "-delim", "|")


@pytest.fixture
def site(array: Array) -> Array:
    with array.inventory() as held:
        access.add(held, "aix1", ("C05076000000000A", "C05076000000000B"))
        access.map_volumes(held, "aix1", ["0001", "0002"])
        access.add(held, "aix2")
    return array


@pytest.fixture
def sim(array: Array) -> Sim:
    def run(command: str, *words: str) -> CompletedProcess[str]:
        line = [*SIM, command, str(array.path), *words]
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=30)

    return run


@pytest.fixture
def live(array: Array) -> Iterator[Live]:
    """Start a host that writes all the time; it is ended with the test."""
    started: list[Popen[str]] = []

    def run(*words: str) -> Popen[str]:
        line = [*SIM, "host", str(array.path), "run", *words, "--every", "0.05s"]
        process = Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        with process:
            pass


def ended(process: Popen[str]) -> tuple[int, list[str]]:
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    return process.returncode, said.splitlines()


def test_a_host_writes_until_it_is_told_to_stop(
    site: Array, live: Live, eventually: Eventually
) -> None:
    process = live("aix1", "--mount", "0002")
    eventually(lambda: site.volume("0002").writes > 3)
    assert [m.volume for m in _mounts(site)] == ["0002"]
    code, said = ended(process)
    assert (code, said[0]) == (0, "aix1 mounted 0002, which holds 0001@0")
    assert said[-1].endswith("harmed 0 times")
    assert _mounts(site) == ()


def test_a_host_says_plainly_that_a_resync_took_its_writes(
    site: Array, live: Live, eventually: Eventually, dscli: Dscli, sim: Sim
) -> None:
    process = live("aix1", "--mount", "0002")
    eventually(lambda: site.content("0002").startswith("0002@"))
    site.write("0001")
    assert dscli("resyncflash", "-record", "-persist", "0001:0002").returncode == 0
    eventually(lambda: _harm(site))
    code, said = ended(process)
    (line,) = [line for line in said if line.startswith("HARM")]
    assert line.startswith("HARM: 0002 lost 0002@")
    assert line.endswith(", now holds 0001@1")
    assert code == 1
    facts = json.loads(sim("show", "--json").stdout)
    assert [(h["host"], h["volume"], h["now"]) for h in facts["harm"]] == [
        ("aix1", "0002", "0001@1")
    ]
    assert "0002 aix1 0002@" in " ".join(sim("show").stdout.split())


def test_a_host_waits_while_its_source_is_frozen(
    site: Array, live: Live, eventually: Eventually, dscli: Dscli
) -> None:
    process = live("aix1", "--mount", "0001")
    eventually(lambda: site.volume("0001").writes > 0)
    dscli("resyncflash", "-freeze", "-record", "-persist", "0001:0002")
    eventually(lambda: _queued(site))
    stands_at = site.volume("0001").writes
    dscli("unfreezeflash", "00")
    eventually(lambda: site.volume("0001").writes > stands_at + 1)  # one waited, one is new
    code, said = ended(process)
    assert "WAITS: 0001 is frozen" in said
    assert "GOES ON: 0001 can be written to again" in said
    assert code == 0


def test_a_host_sends_one_write_and_waits_for_it(site: Array, live: Live) -> None:
    with site.inventory() as held:
        flashcopy.freeze(held, "0001")
    process = live("aix1", "--mount", "0001", "--for", "0.5s")
    assert process.wait(timeout=30) == 0
    assert [volume for _, volume in _queued(site)] == ["0001"]


def test_a_host_ends_when_somebody_umounts_all_it_has(
    site: Array, live: Live, eventually: Eventually, sim: Sim
) -> None:
    process = live("aix1", "--mount", "0002")
    eventually(lambda: _mounts(site))
    assert sim("host", "umount", "aix1", "0002").returncode == 0
    assert process.wait(timeout=30) == 0


def test_a_host_that_is_refused_says_so_once(
    site: Array, live: Live, eventually: Eventually
) -> None:
    process = live("aix1", "--mount", "0002")
    eventually(lambda: site.volume("0002").writes > 1)
    site.set_relation("0001:0002", target_writable=False)
    at = site.volume("0002").writes
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert next(line for line in lines if line.startswith("REFUSED")).endswith("not write to\n")
    site.set_relation("0001:0002", target_writable=True)
    eventually(lambda: site.volume("0002").writes > at + 1)
    code, said = ended(process)
    assert (code, sum(line.startswith("REFUSED") for line in said)) == (0, 0)


def test_hosts_are_made_and_used_by_commands(site: Array, sim: Sim) -> None:
    made = sim("host", "add", "lnx", "--wwpn", "5000000000000001", "--type", "LinuxRHEL")
    assert made.stdout == "0003 lnx 5000000000000001 V2\n"
    assert sim("host", "map", "lnx", "2", "3").returncode == 0
    assert sim("host", "mount", "lnx", "2").returncode == 0
    assert sim("host", "write", "lnx", "2").stdout == "0002@2\n"
    assert sim("host", "reserve", "lnx", "2").returncode == 0
    assert "lnx  0003 5000000000000001 LinuxRHEL V2" in sim("host", "show").stdout
    assert sim("host", "release", "lnx", "2").returncode == 0
    assert sim("host", "umount", "lnx", "2").stdout == ""
    assert sim("host", "unmap", "lnx", "2", "3").returncode == 0
    assert site.volume("0002").volgrp == "V0"
    for words in (("mount", "lnx", "2"), ("mount", "nobody", "2"), ("write", "lnx", "2")):
        refused = sim("host", *words)
        assert (refused.returncode, "Error: " in refused.stderr) == (2, True)


def test_a_host_that_finds_harm_ends_with_another_code(site: Array, sim: Sim) -> None:
    for volumes in (("0002",), ("0002", "0001")):
        assert sim("host", "mount", "aix1", *volumes).returncode == 0
        assert sim("host", "write", "aix1", "0002").returncode == 0
        with site.inventory() as held:
            flashcopy.resync(
                held, Pair("0001", "0002"), flashcopy.Options(record=True, persist=True)
            )
        found = sim("host", "umount", "aix1", *volumes)
        assert (found.stdout[:19], found.returncode) == ("HARM: 0002 lost 000", 1)


def test_host_connections_are_listed_by_port(site: Array, dscli: Dscli) -> None:
    assert [c.name for c in _connections(site)] == ["aix1", "aix1", "aix2"]
    header, _, first, *_ = dscli("lshostconnect", *NARROW).stdout.splitlines()
    assert header == "Name|ID|WWPN|HostType|Profile|portgrp|volgrpID|ESSIOport"
    assert first == "aix1|0000|C05076000000000A|pSeries|IBM pSeries - AIX|0|V0|all"
    long = dscli("lshostconnect", "-l", *NARROW, "-volgrp", "V1").stdout.splitlines()
    assert long[0] == (
        "Name|ID|WWPN|HostType|LBS|addrDiscovery|Profile|portgrp|volgrpID|atchtopo|ESSIOport"
        "|speed|desc"
    )
    (row,) = long[2:]
    assert row.startswith("aix2|0002|10000000C9000002|pSeries|512|reportlun|")
    assert dscli("lshostconnect", "-s", *PLAIN, "1", "2").stdout == "0001\n0002\n"
    assert dscli("lshostconnect", "-s", "-fullid", *PLAIN, "-wwpn", "c05076000000000b").stdout == (
        "IBM.2107-75ABC01/0001\n"
    )
    full = dscli("lshostconnect", "-fullid", *PLAIN, "0").stdout
    assert "|IBM.2107-75ABC01/V0|" in full
    assert "CMUC00234I lshostconnect: " in dscli("lshostconnect", "0009").stdout


def test_volume_groups_are_listed_with_those_that_every_array_has(
    site: Array, dscli: Dscli
) -> None:
    rows = dscli("lsvolgrp", *PLAIN).stdout.splitlines()
    assert [row.split("|")[1] for row in rows] == ["V0", "V1", "V10", "V20", "V30"]
    assert rows[0] == "aix1|V0|SCSI Mask"
    assert dscli("lsvolgrp", *PLAIN, "v1").stdout == "aix2|V1|SCSI Mask\n"
    gone = dscli("lsvolgrp", "-bnr", "off", "V5")
    assert (gone.stdout, gone.returncode) == (
        "CMUC00234I lsvolgrp: No Volume Group found.\n",
        0,
    )
    assert site.volume("0001").volgrp == "V0"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("-volgrp", "V0"), ["0001", "0002"]),
        (("-volgrp", "IBM.2107-75ABC01/V0"), ["0001", "0002"]),
        (("-lss", "01"), ["0101", "0102"]),
        (("-extpool", "P1"), ["0003"]),
        (("-sam", "ese"), ["0009"]),
        (("-sam", "ese", "0001-0003"), []),
    ],
)
def test_volumes_are_listed_by_what_they_are(
    site: Array, dscli: Dscli, words: tuple[str, ...], ids: list[str]
) -> None:
    site.set_volume("0003", pool="P1")
    said = dscli("lsfbvol", "-s", *PLAIN, *words).stdout.splitlines()
    assert said == (ids or ["CMUC00234I lsfbvol: No FB Volume found."])


def test_a_volume_in_several_groups_lists_them_in_one_field(site: Array, dscli: Dscli) -> None:
    with site.inventory() as held:
        access.map_volumes(held, "aix2", ["0002"])
    row = dscli("lsfbvol", "-l", "-fmt", "delim", "-bnr", "off", "-hdr", "off", "2").stdout
    assert ",V0,V1," in row
    full = dscli("lsfbvol", "-l", "-fullid", *PLAIN, "2").stdout
    assert "|IBM.2107-75ABC01/V0,IBM.2107-75ABC01/V1|" in full
    site.switch("decimal_capacity", "yes")
    assert dscli("lsfbvol", *PLAIN, "2").stdout.endswith("|10.0|10.7|20971520\n")


def test_a_pool_tells_how_full_it_is(site: Array, dscli: Dscli) -> None:
    site.put_pool("P1", capacity=100 * 16_384, threshold=15)
    for number in range(0x20, 0x28):
        site.add_volumes(f"{number:04X}", pool="P1")
    header, _, *rows = dscli("lsextpool", *NARROW).stdout.splitlines()
    assert header == (
        "Name|ID|stgtype|rankgrp|status|availstor (2^30B)|%allocated|available|reserved|numvols"
    )
    assert rows[1] == "P1|P1|fb|0|below|20|80|20|0|8"
    site.add_volumes("0028", pool="P1")
    assert "|exceeded|10|90|10|" in dscli("lsextpool", *PLAIN, "P1").stdout
    assert "CMUC00234I lsextpool: " in dscli("lsextpool", "P9").stdout


def test_remote_mirrors_are_listed_by_either_side(site: Array, dscli: Dscli) -> None:
    none = dscli("lspprc", "-bnr", "off", "0000-FFFF")
    assert none.stdout == "CMUC00234I lspprc: No Remote Mirror and Copy found.\n"
    site.mirror("0002", "0102")
    site.mirror("0003", "0203")
    header, _, row = dscli("lspprc", *NARROW, "0002").stdout.splitlines()
    assert header == (
        "ID|State|Reason|Type|SourceLSS|Timeout (secs)|Critical Mode|First Pass Status"
    )
    assert row == "0002:0102|Full Duplex|-|Metro Mirror|00|60|Disabled|Invalid"
    for operand, ids in (("02", ["0003:0203"]), ("0002:0102", ["0002:0102"]), ("0102", [row[:9]])):
        assert dscli("lspprc", "-s", *PLAIN, operand).stdout.splitlines() == ids
    assert dscli("lspprc").returncode == 2


def _mounts(array: Array) -> tuple[Mount, ...]:
    with array.inventory() as held:
        return held.mounts()


def _harm(array: Array) -> tuple[object, ...]:
    with array.inventory() as held:
        return held.hosts.harm()


def _queued(array: Array) -> tuple[tuple[int, str], ...]:
    with array.inventory() as held:
        return held.queued_writes()


def _connections(array: Array) -> tuple[HostConnection, ...]:
    with array.inventory() as held:
        return held.hosts.connections()


def test_a_volume_is_shown_a_line_each_value(site: Array, dscli: Dscli) -> None:
    lines = dscli("showfbvol", "-bnr", "off", "2").stdout.splitlines()
    at = lines[0].index("vol_0002")
    values = {line[:at].rstrip(): line[at:] for line in lines}
    assert all(line[at - 1] == " " for line in lines)
    assert values["volgrp"] == "V0"
    assert values["GUID"] == f"6{site.identity.wwnn[1:]}0000000000000002"
    extents = [values[name] for name in ("sam", "realextents", "virtualextents")]
    assert extents == ["Standard", "10", "0"]
    assert (values["cap (10^9B)"], values["SGC Recovered"]) == ("-", "no")
    thin = dscli("showfbvol", "-bnr", "off", "-fmt", "stanza", "9").stdout
    assert "virtualextents  10\n" in thin
    missing = dscli("showfbvol", "0FFF")
    assert (missing.returncode, missing.stdout) != (0, "")
    assert "0FFF" in missing.stderr
    assert dscli("showfbvol", "1", "2").returncode == 2
