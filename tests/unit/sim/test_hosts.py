"""What hosts may do, and how harm comes to light."""

from dataclasses import replace

import pytest

from flashd.sim import flashcopy
from flashd.sim.array import Array
from flashd.sim.errors import SimError
from flashd.sim.flashcopy import Options, Refused
from flashd.sim.hosts import access, use
from flashd.sim.hosts.use import was_overwritten
from flashd.sim.ids import Pair

NOW = 1000.0


@pytest.fixture
def site(array: Array) -> Array:
    """Return an array whose clone 0002 the host aix1 sees and has mounted."""
    array.establish("0001:0002")
    with array.inventory() as held:
        access.add(held, "aix1")
        access.add(held, "aix2", ("50:00:00:00:00:00:00:01", "5000000000000002"), "LinuxRHEL")
        access.map_volumes(held, "aix1", ["0001", "0002"])
        use.mount(held, "aix1", "0002")
    return array


def write(array: Array, host: str = "aix1", volume: str = "0002") -> tuple[str, str]:
    """Return what the volume holds then, and the harm that the host saw."""
    with array.inventory() as held:
        content, harm = use.write(held, host, volume, NOW)
    return content, str(harm or "")


def resync(array: Array) -> None:
    with array.inventory() as held:
        outcome = flashcopy.resync(held, Pair.parse("1:2"), Options(record=True))
    assert not isinstance(outcome, Refused)


def harm(array: Array) -> list[str]:
    with array.inventory() as held:
        return [str(one) for one in held.hosts.harm()]


@pytest.mark.parametrize(
    ("seen", "now", "overwritten"),
    [
        ("0002@5", "0002@5", False),
        ("0002@5", "0002@6", False),  # a later write, of whichever host
        ("0001@3", "0002@6", False),  # a first write onto the copy
        ("0002@5", "0002@4", True),  # reverted
        ("0002@5", "0001@7", True),
        ("0001@6", "0001@7", True),  # not written to, and yet it changed under its host
        ("0001@6", "0001@6", False),
        ("0002@5", "unpredictable", True),
    ],
)
def test_what_came_over_it_is_told_from_a_later_write(
    seen: str,
    now: str,
    overwritten: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert was_overwritten("0002", seen, now) == overwritten


def test_the_array_lets_a_mounted_target_be_overwritten_and_its_host_sees_the_harm(
    site: Array,
) -> None:
    assert write(site) == ("0002@2", "")
    assert write(site) == ("0002@3", "")
    site.write("0001")
    resync(site)
    assert write(site) == ("0002@5", "HARM: 0002 lost 0002@3, now holds 0001@1")
    assert write(site) == ("0002@6", "")
    assert harm(site) == ["HARM: 0002 lost 0002@3, now holds 0001@1"]


def test_a_host_that_only_reads_is_harmed_too_and_finds_out_at_the_end(site: Array) -> None:
    site.write("0001")
    resync(site)
    with site.inventory() as held:
        seen = use.umount(held, "aix1", "0002", NOW)
    assert str(seen) == "HARM: 0002 lost 0001@0, now holds 0001@1"
    resync(site)
    assert len(harm(site)) == 1
    with pytest.raises(SimError, match="not mounted"):
        write(site)


def test_an_umounted_target_is_overwritten_without_harm(site: Array) -> None:
    write(site)
    with site.inventory() as held:
        assert use.umount(held, "aix1", "0002", NOW) is None
    resync(site)
    assert harm(site) == []


def test_a_host_sees_what_is_in_its_volume_group(site: Array) -> None:
    assert site.volume("0002").volgrp == "V0"
    with site.inventory() as held:
        for host, volume in (("aix2", "0002"), ("aix1", "0003")):
            with pytest.raises(SimError, match="does not see"):
                use.mount(held, host, volume)
        with pytest.raises(SimError, match="aix1, aix2"):
            use.mount(held, "nobody", "0002")
        with pytest.raises(SimError, match="umount it first"):
            access.unmap_volumes(held, "aix1", ["0002"])
        access.map_volumes(held, "aix2", ["0002", "0002"])
        access.unmap_volumes(held, "aix1", ["0001"])
    assert (site.volume("0001").volgrp, site.volume("0002").volgrp) == ("-", "V0,V1")
    with site.inventory() as held:
        use.mount(held, "aix2", "0002")
        assert [(c.id, c.volgrp) for c in held.hosts.connections()] == [
            ("0000", "V0"),
            ("0001", "V1"),
            ("0002", "V1"),
        ]


def test_a_host_of_the_group_of_all_volumes_sees_them_all(site: Array) -> None:
    with site.inventory() as held:
        (connection,) = held.hosts.of("aix1")
        held.hosts.put_connection(replace(connection, volgrp="V20"))
        assert use.mount(held, "aix1", "0003").seen == "0003@0"


def test_hosts_are_made_with_names_and_ports_of_their_own(site: Array) -> None:
    with site.inventory() as held:
        ports = [c.wwpn for c in held.hosts.connections()]
        assert ports[1:] == ["5000000000000001", "5000000000000002"]
        for name, wwpns in (("aix1", ()), ("new", ("5000000000000002",)), ("new", ("123",))):
            with pytest.raises(SimError):
                access.add(held, name, wwpns)


def test_a_reservation_keeps_other_hosts_and_flashcopy_out(site: Array) -> None:
    with site.inventory() as held:
        access.map_volumes(held, "aix2", ["0002"])
        use.mount(held, "aix2", "0002")
        use.reserve(held, "aix1", "0002")
        use.reserve(held, "aix1", "0002")
        with pytest.raises(SimError, match="reserved by host aix1"):
            use.write(held, "aix2", "0002", NOW)
        with pytest.raises(SimError, match="reserved by host aix1"):
            use.reserve(held, "aix2", "0002")
        with pytest.raises(SimError, match="holds no reservation"):
            use.release(held, "aix2", "0002")
        refused = flashcopy.resync(held, Pair.parse("1:2"), Options(record=True))
        assert isinstance(refused, Refused)
        use.release(held, "aix1", "0002")
    resync(site)


def test_a_write_waits_for_a_frozen_volume_and_an_inhibited_one_refuses(site: Array) -> None:
    site.establish("0003:0004")
    with site.inventory() as held:
        access.map_volumes(held, "aix1", ["0003", "0004"])
        use.mount(held, "aix1", "0003")
        use.mount(held, "aix1", "0004")
        flashcopy.freeze(held, "0003")
    assert write(site, volume="0003") == ("queued", "")
    assert site.content("0003") == "0003@0"
    with site.inventory() as held:
        flashcopy.thaw(held, "00")
    assert site.content("0003") == "0003@1"
    assert write(site, volume="0003") == ("0003@2", "")
    site.set_relation("0003:0004", target_writable=False)
    with pytest.raises(SimError, match="may not write"):
        write(site, volume="0004")
