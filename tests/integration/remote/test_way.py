"""How ssh is told to go there, and that nothing else tells it otherwise."""

from __future__ import annotations

import asyncio
import getpass
import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.remote.files import key_of
from flashd.adapters.remote.frame import Identity
from flashd.adapters.remote.identity import compared, stranger
from flashd.adapters.remote.made import remote_of
from flashd.adapters.remote.ssh import command_line
from flashd.config.ssh import HostPin, SshSettings
from flashd.model.verdict import Verdict
from tests.integration.remote.test_answers import DOWN, systemd
from tests.integration.remote.there import HOST, There, make_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@pytest.fixture
def bastion(tmp_path: Path, there: There) -> There:
    """A host on the way, where the probe's key can do nothing but be passed on."""
    host = There(tmp_path / "bastion")
    public = (there.root / "probe.key.pub").read_text()
    goal = f'permitopen="127.0.0.1:{there.port}"'
    (host.root / "authorized_keys").write_text(f"restrict,port-forwarding,{goal} {public}")
    kind, key, *_ = (host.root / "host_key.pub").read_text().split()
    with there.known_hosts.open("a") as known:
        known.write(f"127.0.0.1 {kind} {key}\n")
    return host


def jump(host: There) -> str:
    return f"{getpass.getuser()}@127.0.0.1:{host.port}"


async def test_there_may_be_a_bastion_on_the_way(there: There, bastion: There) -> None:
    there.program("systemctl", DOWN)
    with bastion.sshd():
        finding = await systemd(there, jump=jump(bastion))
        assert finding.verdict is Verdict.DOWN, finding


@pytest.mark.parametrize("shell", ["/usr/sbin/nologin", "/bin/false", "/nowhere"])
async def test_the_way_does_not_hang_on_the_shell_of_who_runs_it(
    there: There, bastion: There, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("SHELL", shell)
    there.program("systemctl", DOWN)
    with bastion.sshd():
        assert (await systemd(there, jump=jump(bastion))).verdict is Verdict.DOWN


async def test_paths_are_taken_to_the_letter(tmp_path: Path, there: There, bastion: There) -> None:
    there.program("systemctl", DOWN)
    (folder := tmp_path / "100%h of $(id) \\ it's").mkdir()
    there.options["key"] = (there.root / "probe.key").rename(folder / "my key")
    there.options["known_hosts"] = there.known_hosts.rename(folder / "known hosts")
    assert (await systemd(there)).verdict is Verdict.DOWN
    with bastion.sshd():
        finding = await systemd(there, jump=jump(bastion))
        assert finding.verdict is Verdict.DOWN, finding


async def test_a_bastion_that_is_not_known_is_refused(there: There, bastion: There) -> None:
    there.knows("host_key")  # and nothing else
    with bastion.sshd():
        finding = await systemd(there, jump=jump(bastion))
    assert finding.verdict is Verdict.UNKNOWN
    assert "host key" in finding.reason


async def test_a_bastion_that_is_not_there_is_unknown(there: There, bastion: There) -> None:
    bastion.port = 1
    assert (await systemd(there, jump=jump(bastion))).verdict is Verdict.UNKNOWN


LAX = """\
Host *
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  BatchMode no
  ForwardAgent yes
  PermitLocalCommand yes
  LocalCommand touch {root}/ran
  RequestTTY force
  ControlMaster auto
  ControlPath {root}/control
"""


async def test_a_file_for_ssh_cannot_make_it_careless(there: There) -> None:
    there.program("systemctl", DOWN)
    (file := there.root / "ssh_config").write_text(LAX.format(root=there.root))
    there.options["config"] = file
    assert (await systemd(there)).verdict is Verdict.DOWN
    there.known_hosts.write_text("")
    finding = await systemd(there)
    assert finding.reason.startswith(f"the host key of {HOST} is not known")
    assert not (there.root / "ran").exists()
    assert not (there.root / "control").exists()


async def test_a_file_for_ssh_is_read(there: There) -> None:
    there.program("systemctl", DOWN)
    (file := there.root / "ssh_config").write_text(f"Host *\n  Port {there.port}\n")
    there.options["config"] = file
    assert (await systemd(there, port=None)).verdict is Verdict.DOWN
    file.chmod(0o666)
    finding = await systemd(there, port=None)
    assert finding.reason.startswith(f"{file} can be changed by its group or by others")


async def test_what_a_user_has_in_his_own_files_does_not_count(
    there: There, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.program("systemctl", DOWN)
    there.known_hosts.write_text("")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "host key" in (await systemd(there)).reason


MANDATORY = (
    "BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3",
    "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no", "ControlMaster=no",
)  # fmt: skip


def test_the_command_line_has_what_it_must_have_and_no_value_twice() -> None:
    settings = SshSettings(hosts={"h": HostPin(port=2222, user="u", address="192.0.2.1")})
    argv = command_line(settings, settings.key, "h", "flashd-probe 1 n 9 identity")
    options = [after for word, after in pairwise(argv) if word == "-o"]
    assert set(MANDATORY) <= set(options)
    assert 'UserKnownHostsFile="/etc/flashd/ssh_known_hosts"' in options
    assert "HostKeyAlias=h" in options
    names = [option.partition("=")[0].lower() for option in options]
    assert len(set(names)) == len(names)
    assert argv[:3] == ("/usr/bin/ssh", "-F", "none")
    assert argv[-3:] == ("--", "192.0.2.1", "flashd-probe 1 n 9 identity")
    assert 'IdentityFile="/var/lib/flashd/probe.key"' in options


def test_without_a_key_none_is_named() -> None:
    settings = SshSettings(key=None)
    assert "IdentityFile" not in " ".join(command_line(settings, None, "h", "x"))


async def test_the_key_may_come_from_systemd(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    there.program("systemctl", DOWN)
    (folder := there.root / "credentials").mkdir()
    key = (there.root / "probe.key").rename(folder / "probe.key")
    settings = there.settings()
    assert key_of(settings, os.environ) == there.root / "probe.key"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert key_of(settings, os.environ) == key
    deadline = asyncio.get_running_loop().time() + 20
    answer = await remote_of(settings).ask(HOST, ("identity",), deadline=deadline, cap=0)
    assert getattr(answer, "exit_status", answer) == 0
    key.chmod(0o604)
    answer = await remote_of(settings).ask(HOST, ("identity",), deadline=deadline, cap=0)
    assert "has mode 0604" in getattr(answer, "reason", "")


def make_a_link(key: Path) -> None:
    key.symlink_to(key.rename(key.with_name("other")))


KEYS: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda key: key.unlink(), "cannot be opened: no such file or directory; make it"),
    "a link": (make_a_link, "is a symbolic link"),
    "a second name": (lambda key: key.with_name("other").hardlink_to(key), "has 2 hard links"),
    "of another user": (lambda key: os.chown(key, 65534, -1), "belongs to user 65534"),
}


@pytest.mark.parametrize("kind", KEYS)
async def test_a_key_that_cannot_be_trusted_is_not_used(there: There, kind: str) -> None:
    if kind == "of another user" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    spoil, reason = KEYS[kind]
    spoil(there.root / "probe.key")
    finding = await systemd(there)
    assert finding.verdict is Verdict.UNKNOWN
    assert reason in finding.reason


async def test_a_key_that_is_none_is_told_as_such(there: There) -> None:
    make_key(there.root / "other")
    (there.root / "probe.key").write_text("no key at all\n")
    finding = await systemd(there)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith("ssh cannot use the key")


TOLD = Identity("Linux", "tst1", "00aa")
SAME = {
    "the same": ("tst1", {}, TOLD, True),
    "a longer name": ("tst1.example.net", {}, TOLD, True),
    "another case": ("TST1.example.net.", {}, TOLD, True),
    "told longer": ("tst1", {}, Identity("Linux", "tst1.example.net", None), True),
    "both long": ("tst1.example.net", {}, Identity("Linux", "tst1.example.net", None), True),
    "another domain": ("tst1.example.net", {}, Identity("Linux", "tst1.other.net", None), False),
    "another name": ("tst2", {}, TOLD, False),
    "a part of the name": ("tst", {}, TOLD, False),
    "an address": ("192.0.2.1", {}, TOLD, False),
    "an IPv6 address": ("2001:db8::1", {}, TOLD, False),
    "an address, pinned": ("192.0.2.1", {"machine_id": "00AA"}, TOLD, True),
    "nothing told": ("tst1", {}, Identity(None, None, None), False),
    "nothing told, pinned": ("tst1", {"machine_id": "00aa"}, Identity(None, None, None), False),
    "pinned name, whole": ("db", {"hostname": "tst1"}, TOLD, True),
    "pinned name, longer": ("db", {"hostname": "tst1.example.net"}, TOLD, False),
    "one of two pins": ("db", {"hostname": "tst1", "machine_id": "00ab"}, TOLD, False),
    "both pins": ("db", {"hostname": "tst1", "machine_id": "00aa"}, TOLD, True),
}


@pytest.mark.parametrize(("host", "pins", "told", "same"), SAME.values(), ids=SAME.keys())
def test_which_host_it_is(host: str, pins: dict[str, str], told: Identity, *, same: bool) -> None:
    assert (stranger(host, HostPin.model_validate(pins), told) == "") is same


def test_says_what_is_compared() -> None:
    assert compared("tst1", HostPin()) == "hostname with tst1"
    assert compared("192.0.2.1", HostPin()) == ""
    pin = HostPin(hostname="a", machine_id="b")
    assert compared("tst1", pin) == "hostname and machine_id with what flashd.yaml pins"
