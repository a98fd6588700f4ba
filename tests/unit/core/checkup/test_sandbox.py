"""What a unit keeps from the daemon, key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashd.core.checkup.sandbox import Needs, judge_sandbox
from flashd.core.checkup.unit import read_unit

OURS = (Path(__file__).parents[4] / "systemd" / "flashd.service").read_text()
ADDRESSES = "[Service]\nIPAddressAllow=10.10.10.10 fe80::1 2001:db8::1\n"
"""The drop-in that each installation has: whom flashd may reach beside its own host."""

NEEDS = Needs(
    read={"dscli": "/opt/ibm/dscli/dscli", "the guard's program": "/usr/local/libexec/down"},
    written={"the state store": "/var/lib/flashd/flashd.db"},
    addresses={"the console": ("10.10.10.10",)},
    sees_processes=True,
    needs_bus=True,
    java=True,
    owner="flashd",
    auth="/etc/flashd/auth.conf",
)


def told(needs: Needs, *lines: str, texts: tuple[str, ...] = (OURS, ADDRESSES)) -> list[str]:
    unit = read_unit("flashd.service", [*texts, "\n".join(("[Service]", *lines))])
    return [f"{one.state} {one.words} / {one.hint}" for one in judge_sandbox(unit, needs)]


def test_our_own_unit_lets_all_of_it_through() -> None:
    assert told(NEEDS) == ["ok flashd.service lets through all that the configuration needs / "]


def test_without_that_drop_in_no_console_is_reached() -> None:
    (found,) = told(NEEDS, texts=(OURS,))
    assert found.startswith("problem IPAddressDeny= drops packets to the console 10.10.10.10")
    assert "Add IPAddressAllow=10.10.10.10 by a drop-in" in found


def needs(**more: object) -> Needs:
    fields = {name: getattr(NEEDS, name) for name in NEEDS.__dataclass_fields__}
    return Needs(**{**fields, **more})


READS_HOME = needs(read={"dscli": "/home/ds/dscli"})
READS_TMP = needs(read={"dscli": "/tmp/dscli"})
WRITES_SRV = needs(written={"the state store": "/srv/flashd/db"})
WRITES_HOME = needs(written={"the state store": "/home/flashd/db"})
SIX = needs(addresses={"the console": ("fe80::1%eth0", "2001:db8::1")})
ALLOW_NONE, DENY_NONE = "IPAddressAllow=", "IPAddressDeny="  # empty: what stood before is void

CASES: dict[str, tuple[Needs, tuple[str, ...], str | None]] = {
    "home": (READS_HOME, (), "ProtectHome=yes keeps dscli /home/ds/dscli"),
    "home as tmpfs": (READS_HOME, ("ProtectHome=tmpfs",), "ProtectHome=tmpfs"),
    "home, read-only, to read": (READS_HOME, ("ProtectHome=read-only",), None),
    "home, read-only, to write": (
        WRITES_HOME,
        ("ProtectHome=read-only", "ReadWritePaths=/home/flashd"),
        "ProtectHome=read-only",
    ),
    "home, open": (READS_HOME, ("ProtectHome=no",), None),
    "beside home": (needs(read={"dscli": "/homes/dscli"}), (), None),
    "tmp": (READS_TMP, (), "PrivateTmp="),
    "tmp, shared": (READS_TMP, ("PrivateTmp=no",), None),
    "inaccessible": (NEEDS, ("InaccessiblePaths=-/opt",), "InaccessiblePaths="),
    "read-only system": (WRITES_SRV, (), "ProtectSystem=strict makes the state store"),
    "a hole in it": (WRITES_SRV, ("ReadWritePaths=-/srv/flashd",), None),
    "a hole taken back": (
        WRITES_SRV,
        ("ReadWritePaths=/srv/flashd", "ReadWritePaths="),
        "read-only",
    ),
    "no state directory": (NEEDS, ("StateDirectory=",), "read-only"),
    "full is not strict": (WRITES_SRV, ("ProtectSystem=full",), None),
    "full closes /etc": (
        needs(written={"the state store": "/etc/x"}),
        ("ProtectSystem=full",),
        "ProtectSystem=full",
    ),
    "packets dropped": (NEEDS, (ALLOW_NONE,), "drops packets to the console 10.10.10.10"),
    "packets let through": (NEEDS, (ALLOW_NONE, "IPAddressAllow=10.0.0.0/8"), None),
    "only localhost": (NEEDS, (ALLOW_NONE, "IPAddressAllow=localhost"), "IPAddressDeny="),
    "nothing denied": (NEEDS, (ALLOW_NONE, DENY_NONE), None),
    "another network": (NEEDS, (ALLOW_NONE, DENY_NONE, "IPAddressDeny=192.168.0.0/16"), None),
    "its own network": (
        NEEDS,
        (ALLOW_NONE, DENY_NONE, "IPAddressDeny=10.10.0.0/16"),
        "drops packets to the console 10.10.10.10",
    ),
    "version 6": (
        SIX,
        (ALLOW_NONE, DENY_NONE, "IPAddressDeny=2001:db8::/32"),
        "drops packets to the console 2001:db8::1",
    ),
    "no network": (NEEDS, ("PrivateNetwork=yes",), "without a network"),
    "no inet": (
        NEEDS,
        ("RestrictAddressFamilies=", "RestrictAddressFamilies=AF_UNIX"),
        "lacks AF_INET",
    ),
    "no bus": (
        NEEDS,
        ("RestrictAddressFamilies=", "RestrictAddressFamilies=AF_INET"),
        "lacks AF_UNIX",
    ),
    "all but one": (
        NEEDS,
        ("RestrictAddressFamilies=", "RestrictAddressFamilies=~AF_INET"),
        "lacks AF_INET",
    ),
    "all but another": (
        NEEDS,
        ("RestrictAddressFamilies=", "RestrictAddressFamilies=~AF_PACKET"),
        None,
    ),
    "no inet6 needed": (
        NEEDS,
        ("RestrictAddressFamilies=", "RestrictAddressFamilies=AF_INET AF_UNIX"),
        None,
    ),
    "inet6 needed": (
        SIX,
        ("RestrictAddressFamilies=", "RestrictAddressFamilies=AF_INET AF_UNIX"),
        "lacks AF_INET6",
    ),
    "hidden processes": (NEEDS, ("ProtectProc=invisible",), "ProtectProc=invisible"),
    "nobody looks": (needs(sees_processes=False), ("ProtectProc=invisible",), None),
    "own processes": (NEEDS, ("PrivatePIDs=yes",), "PrivatePIDs=yes"),
    "no /proc/sys": (needs(sees_processes=False), ("ProcSubset=pid",), "ProcSubset=pid"),
    "no code": (NEEDS, ("MemoryDenyWriteExecute=yes",), "ends the Java"),
    "no Java": (needs(java=False), ("MemoryDenyWriteExecute=yes",), None),
    "sudo": (needs(raises_rights=("/usr/bin/sudo",)), (), "keeps /usr/bin/sudo"),
    "sudo allowed": (needs(raises_rights=("/usr/bin/sudo",)), ("NoNewPrivileges=no",), None),
    "another user": (NEEDS, ("User=other",), "runs as other"),
    "no owner yet": (needs(owner=""), ("User=other",), None),
    "no auth.conf": (NEEDS, ("LoadCredential=",), "no LoadCredential="),
    "no auth.conf for root": (needs(owner="root"), ("LoadCredential=", "User="), None),
    "another auth.conf": (needs(auth="/x/auth.conf"), (), "hands /etc/flashd/auth.conf over"),
}


@pytest.mark.parametrize(("wanted", "lines", "words"), CASES.values(), ids=CASES.keys())
def test_judges(wanted: Needs, lines: tuple[str, ...], words: str | None) -> None:
    found = told(wanted, *lines)
    if words is None:
        assert [one.split()[0] for one in found] == ["ok"], found
    else:
        assert len(found) == 1, found
        assert words in found[0]
        assert not found[0].startswith("ok")
        assert not found[0].endswith("/ ")


def test_a_unit_is_read_like_systemd_does() -> None:
    text = (
        "[Unit]\nUser=nobody\n[Service]\n# User=x\n;User=y\nIPAddressAllow=10.0.0.1 \\\n10.0.0.2\n"
        "IPAddressAllow=localhost\nExecStart=/x --a=b\nbroken line\n"
    )
    unit = read_unit("a", [text])
    assert unit.words("IPAddressAllow") == ("10.0.0.1", "10.0.0.2", "localhost")
    assert unit.word("User", "root") == "root"
    assert unit.words("ExecStart") == ("/x", "--a=b")
    assert [str(one) for one in unit.networks("IPAddressAllow")] == [
        "10.0.0.1/32", "10.0.0.2/32", "127.0.0.0/8", "::1/128",
    ]  # fmt: skip


def test_what_systemctl_cat_prints_is_read_too() -> None:
    """The unit, then each drop-in, under a comment with its path."""
    printed = (
        f"# /etc/systemd/system/flashd.service\n{OURS}\n\n"
        f"# /etc/systemd/system/flashd.service.d/addresses.conf\n{ADDRESSES}\n"
    )
    assert told(NEEDS, texts=(printed,)) == told(NEEDS)
    printed += "# /etc/systemd/system/flashd.service.d/override.conf\n[Service]\nIPAddressAllow=\n"
    found = told(NEEDS, texts=(printed,))
    assert len(found) == 1
    assert "10.10.10.10" in found[0]
