from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flashd.config.mistakes import Mistakes, Source
from flashd.config.settings import DscliSettings, Settings, read_settings, state_url
from flashd.config.ssh import HostPin, SshSettings
from flashd.errors import ConfigError
from flashd.model.history import Retention

ETC = Path("/etc/flashd")


def settings(text: str, directory: Path = ETC) -> Settings:
    found, mistakes = read_settings(Source("flashd.yaml", text), directory)
    assert not mistakes
    assert found is not None
    return found


def test_the_defaults_are_those_of_the_contract() -> None:
    found = settings("")
    assert found.state == "sqlite:////var/lib/flashd/flashd.db"
    assert found.check_interval == timedelta(seconds=60)
    assert found.observe_interval == timedelta(minutes=15)
    assert found.require_enrolment is False
    assert found.history.retention == Retention(keep=timedelta(days=400), at_most=500_000)
    assert found.auth == Path("/etc/flashd/auth.conf")
    assert found.pwfiles == Path("/var/lib/flashd")
    assert found.dscli == DscliSettings(
        path=Path("/opt/ibm/dscli/dscli"),
        mode="interactive",
        env={},
        timeout=timedelta(seconds=1200),
        in_doubt=timedelta(seconds=20),
        idle=timedelta(minutes=5),
    )


def test_every_key_can_be_set() -> None:
    found = settings("""
state: postgresql+psycopg://flashd@db/flashd
check_interval: 2
observe_interval: 1h
require_enrolment: yes
timezone: America/New_York
auth: /run/a
pwfiles: /run/p
dscli: {path: /bin/dscli, mode: oneshot, env: {JAVA_HOME: /jre, N: 010}, timeout: 901s, idle: 1s}
history: {keep: 30d, at_most: 5000}
ssh:
  {path: /bin/ssh, user: 'DOM\\probe', key: none, known_hosts: /k, config: /c, connect_timeout: 3s,
   per_host: 2, total: 9,
   hosts: {tst1.example.net: {hostname: tst1, machine_id: 00F6, address: "::1", port: 2222,
           user: u, jump: "me@bastion:22"}}}
""")
    assert found.ssh.model_fields_set == set(SshSettings.model_fields)
    pin = HostPin(
        hostname="tst1",
        machine_id="00F6",
        address="::1",
        port=2222,
        user="u",
        jump="me@bastion:22",
    )
    assert found.ssh.pin("TST1.example.net.") == pin
    assert found.ssh.pin("tst1") == HostPin()
    assert (found.ssh.key, found.ssh.user) == (None, "DOM\\probe")
    assert (found.ssh.per_host, found.ssh.total) == (2, 9)
    assert found.model_fields_set == set(Settings.model_fields)
    assert found.state == "postgresql+psycopg://flashd@db/flashd"
    assert found.check_interval == timedelta(minutes=2)
    assert found.require_enrolment is True
    assert found.observe_interval == timedelta(hours=1)
    assert found.history.retention == Retention(keep=timedelta(days=30), at_most=5000)
    assert found.timezone is ZoneInfo("America/New_York")
    assert found.timezone_name == "America/New_York"
    assert (found.auth, found.pwfiles) == (Path("/run/a"), Path("/run/p"))
    assert found.dscli.env == {"JAVA_HOME": "/jre", "N": "010"}
    assert (found.dscli.mode, found.dscli.path) == ("oneshot", Path("/bin/dscli"))
    assert found.dscli.timeout == timedelta(seconds=901)
    assert found.dscli.idle == timedelta(seconds=1)


@pytest.mark.parametrize(
    "text", ["dscli:\n  # path: /x\n", "dscli:\n  env:\n    # A: x\n", "ssh:\n  hosts:\n"]
)
def test_what_is_commented_out_is_not_set(text: str) -> None:
    assert settings(text) == settings("")


def test_known_hosts_stand_beside_the_settings() -> None:
    assert settings("").ssh.known_hosts == ETC / "ssh_known_hosts"
    assert settings("ssh:\n  user: u\n").ssh.known_hosts == ETC / "ssh_known_hosts"
    assert settings("ssh: {known_hosts: /k}\n").ssh.known_hosts == Path("/k")


def test_auth_conf_stands_beside_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings("", Path("etc")).auth == tmp_path / "etc/auth.conf"


def test_the_state_can_be_elsewhere_for_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = settings("check_interval: 5s\n")
    assert found.with_state("sqlite:////x/y.db").state == "sqlite:////x/y.db"
    assert found.with_state("sqlite:///y.db").state == f"sqlite:///{tmp_path}/y.db"
    assert found.with_state("sqlite:////x/y.db").check_interval == timedelta(seconds=5)


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "sqlite://", "sqlite:///", "", "x"])
def test_a_state_elsewhere_is_checked_alike(url: str) -> None:
    with pytest.raises(ConfigError, match=r"postgresql\+psycopg://|from / on") as refused:
        settings("").with_state(url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("url", ["sqlite:////x.db", "postgresql+psycopg://h/d"])
def test_two_kinds_of_state_are_known(url: str) -> None:
    assert state_url(url) == url


def test_no_secret_is_shown() -> None:
    found = settings("state: postgresql+psycopg://u:geheim@h/d\ndscli: {env: {TOKEN: geheim}}\n")
    assert "geheim" not in repr(found)
    assert "geheim" not in str(found)


@pytest.mark.parametrize(
    ("state", "file", "directory"),
    [
        ("sqlite:////srv/state/flashd.db", Path("/srv/state/flashd.db"), Path("/srv/state")),
        ("postgresql+psycopg://flashd@db/flashd", None, Path("/run/p")),
    ],
)
def test_whose_the_state_is_shows_where_it_is_kept(
    state: str, file: Path | None, directory: Path
) -> None:
    found = settings(f"state: {state}\npwfiles: /run/p\n")
    assert (found.state_file, found.own_directory) == (file, directory)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("keep: 23h", "keep: must be at least 1d; a bare number is minutes"),
        ("keep: 400", "keep: must be at least 1d; a bare number is minutes"),
        ("at_most: 999", "at_most: 999 is not between 1000 and 100000000"),
        ("at_most: 100000001", "at_most: 100000001 is not between 1000 and 100000000"),
        ("at_mots: 5000", "unknown key 'at_mots'; did you mean 'at_most'?"),
    ],
)
def test_a_history_that_nobody_can_have_meant_is_refused(written: str, complaint: str) -> None:
    _, mistakes = read_settings(Source("flashd.yaml", f"history: {{{written}}}"), ETC)
    assert [str(one).partition(": ")[2] for one in mistakes] == [complaint]


@pytest.mark.parametrize("written", ["keep: 1d", "at_most: 1000", "at_most: 100000000", ""])
def test_the_shortest_and_the_longest_history_are_taken(written: str) -> None:
    settings(f"history: {{{written}}}")


SHOWING = {
    "no blank after a colon": "dscli: {env: {TOKEN:CANARY}}",
    "an equals sign": "dscli: {env: {TOKEN=CANARY}}",
    "a name with its value": 'dscli: {env: {"TOKEN=CANARY": x}}',
    "a list": "dscli: {env: [TOKEN=CANARY]}",
    "one text": "dscli: {env: TOKEN=CANARY}",
    "a comma in it": "dscli: {env: {TOKEN: CAN,ARY}}",
    "a blank before it": "dscli: {env: {TOKEN: {CANARY: x}}}",
    "a star before it": "dscli: {env: {TOKEN: *CANARY}}",
    "an exclamation mark before it": "dscli: {env: {TOKEN: !CANARY x}}",
    "a null in it": 'dscli: {env: {TOKEN: "CAN\\0ARY"}}',
    "a URL as a key": "state postgresql+psycopg://flashd:CANARY@db/x: y",
    "a URL without a blank": "state:{ postgresql+psycopg://flashd:CANARY: x",
    "a quote that is open": 'state: "postgresql+psycopg://flashd:CANARY@db/x',
    "another kind of URL": "state: postgres://flashd:CANARY@db/x",
    "no URL": "state: [CANARY]",
    "no blank, in another place": "ssh: {password:CANARY}",
}


@pytest.mark.parametrize("text", SHOWING.values(), ids=SHOWING.keys())
def test_no_mistake_shows_what_may_be_a_secret(text: str) -> None:
    found, mistakes = read_settings(Source("flashd.yaml", f"{text}\n"), ETC)
    assert found is None or mistakes
    told = str(Mistakes(mistakes))
    assert "CAN" not in told
    assert "ARY" not in told
    assert "flashd.yaml:" in told
