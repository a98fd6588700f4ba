from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from flashd.config.configuration import Configuration, interpret, load
from flashd.config.files import Files
from flashd.config.guards import (
    BUILT_IN_GUARDS,
    AixOptions,
    CommandOptions,
    GuardOptions,
    OpensvcOptions,
    PacemakerOptions,
    SystemdOptions,
    TcpOptions,
    VcsOptions,
)
from flashd.config.mistakes import Mistakes
from flashd.core.schedule import parse
from flashd.model.protection import NOTHING
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.volumes import Pair

SAMPLES = Path(__file__).parent / "samples/services/valid"
EXAMPLES = Path(__file__).parents[3] / "config"
ARRAY = "IBM.2107-75ABC01"


def configuration(text: str, **others: str) -> Configuration:
    texts = {"services.d/x.yaml": text, "flashd.yaml": "timezone: Europe/Paris\n", **others}
    return interpret(Files(Path("/etc/flashd"), texts))


def sample(name: str) -> dict[str, Service]:
    text = (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    return {service.name: service for service in configuration(text).services}


def a_service(options: str) -> str:
    return f"""
services:
  db:
    guards: [{{type: systemd, unit: db}}]
    sync: {{sync#1: {{array: {ARRAY}, pairs: [0001:0002]}}}}
    {options}
"""


def hints(options: str, **others: str) -> list[str]:
    found = configuration(a_service(options), **others)
    return [str(hint).removeprefix("/etc/flashd/") for hint in found.hints]


PINS = """\
ssh:
  hosts:
    DB1.example.net.:
      address: 192.0.2.11
      machine_id: 3d1219c7
      hostname: db1
      port: 2222
      jump: gate
      user: somebody
    other: {address: 192.0.2.12}
"""


def test_where_a_guard_s_host_is_and_which_machine_is_pinned_with_it() -> None:
    """Who repoints it has another machine asked, under the same name."""
    guards = "guards: [{type: systemd, unit: db, host: db1.example.net}, {type: systemd, unit: db}]"
    text = a_service("").replace("guards: [{type: systemd, unit: db}]", guards)
    remote, local = configuration(text, **{"flashd.yaml": PINS}).services[0].guards
    bare = configuration(text).services[0].guards
    assert remote.facts == (
        *bare[0].facts,
        ("hostname of its host", "db1"),
        ("machine_id of its host", "3d1219c7"),
        ("address of its host", "192.0.2.11"),
        ("port of its host", "2222"),
        ("jump of its host", "gate"),
    )
    assert local == bare[1]


def test_the_example_of_the_contract_is_read_whole() -> None:
    assert sample("contract")["iiststibmds"] == Service(
        name="iiststibmds",
        description="test database cloned from production",
        freshness=Freshness(
            min_delay=timedelta(hours=6),
            max_delay=timedelta(hours=25),
            refresh_after=timedelta(hours=20),
        ),
        schedule=parse("22:00-04:00 mon-fri"),
        timezone=ZoneInfo("Europe/Paris"),
        guards=(
            GuardSpec(
                "systemd",
                "systemd oracle-tst.service on tst1.example.net",
                SystemdOptions(unit="oracle-tst.service", host="tst1.example.net"),
                proves=True,
                facts=(
                    ("unit", "oracle-tst.service"),
                    ("host", "tst1.example.net"),
                    ("failed_is_down", "false"),
                ),
            ),
            GuardSpec(
                "tcp",
                "tcp tst1.example.net:1521",
                TcpOptions(host="tst1.example.net", port=1521),
                proves=False,
                facts=(("host", "tst1.example.net"), ("port", "1521")),
            ),
            GuardSpec(
                "command",
                "command /usr/local/libexec/db-is-down TST1",
                CommandOptions(
                    command=("/usr/local/libexec/db-is-down", "TST1"), down=(0,), up=(1,)
                ),
                proves=True,
                facts=(
                    ("command", "/usr/local/libexec/db-is-down TST1"),
                    ("down", "0"),
                    ("up", "1"),
                ),
            ),
        ),
        resources=(
            Resource(
                id="sync#1",
                array=ARRAY,
                pairs=tuple(map(Pair.parse, ("0001:0002", "0101:0102", "0003:0004"))),
            ),
        ),
    )


def test_the_defaults_are_those_of_the_contract() -> None:
    service = sample("smallest")["db"]
    assert service.freshness == Freshness(
        min_delay=timedelta(0), max_delay=timedelta(days=1, hours=3), refresh_after=None
    )
    assert service.schedule is None
    assert service.description == ""
    (resource,) = service.resources
    assert resource.recording
    assert resource.bgcopy


def test_scalars_are_read_as_written() -> None:
    service = sample("scalars-as-written")["db"]
    assert service.description == "0010"
    assert service.schedule == parse("22:00-23:00")
    assert service.freshness == Freshness(
        min_delay=timedelta(minutes=10),
        max_delay=timedelta(days=1, hours=3),
        refresh_after=timedelta(minutes=600),
    )
    (guard,) = service.guards
    assert guard.options == CommandOptions(
        command=("/bin/x", "yes", "0o7", "1_000", "1e3", ".5"), down=(10,), up=(1, 2)
    )
    (resource,) = service.resources
    assert resource.pairs == tuple(map(Pair.parse, ("1001:1200", "0E10:0E11", "0003:0004")))
    assert (resource.recording, resource.bgcopy) == (False, True)


def test_pairs_can_be_one_text_and_ids_are_normalised() -> None:
    (resource,) = sample("pairs-as-text")["db"].resources
    assert resource.array == ARRAY
    assert list(map(str, resource.pairs)) == ["0001:0002", "00AB:00AC"]


def test_a_file_has_defaults_for_its_services() -> None:
    services = sample("defaults")
    assert services["all-of-them"].schedule == parse(["01:00-02:00", "! * * * 12"])
    assert services["all-of-them"].freshness == Freshness(
        min_delay=timedelta(hours=6), max_delay=timedelta(days=2), refresh_after=timedelta(hours=20)
    )
    assert services["none-of-them"].schedule == parse("*")
    assert services["none-of-them"].freshness == Freshness(
        min_delay=timedelta(0), max_delay=timedelta(days=1), refresh_after=timedelta(hours=12)
    )


def test_the_defaults_of_a_file_are_not_those_of_another() -> None:
    other = "defaults: {sync_min_delay: 3h}\nservices:\n"
    (service,) = configuration(a_service(""), **{"services.d/y.yaml": other}).services
    assert service.freshness.min_delay == timedelta(0)


def test_merge_keys_share_what_services_have_in_common() -> None:
    services = sample("merge-keys")
    assert services["other"].description == "of its own"
    assert services["other"].guards == services["base"].guards
    assert services["other"].freshness.min_delay == timedelta(hours=1)
    assert services["third"].freshness.min_delay == timedelta(hours=2)
    assert [str(pair) for _, pair in services["third"].clones] == ["0005:0006"]


def test_every_option_of_every_guard_is_read() -> None:
    (service,) = sample("every-guard").values()
    assert [guard.name for guard in service.guards] == [
        "systemd oracle.tst.service",
        "systemd oracle.socket on fe80::1",
        "systemd db@tst.service",
        "tcp 10.0.0.1:1521",
        "tcp [::1]:65535",
        "process pattern='ora_pmon_TST1$'",
        "process name=java user=1000 on app1",
        "command /bin/db-is-down 'TST 1' on app1",
        "opensvc oratst on app1",
        "opensvc tst/svc/oratst",
        "mounts 6005076303ffd12300000000000010a2 on app1",
        "lvm 5005076303ffd123 10A2 10A3",
        "scsi-reservation 5005076303ffd123 10A2 on app1",
        "http https://app1.example.net:8443/health?deep=1",
        "kubernetes /etc/flashd/kube#tst tst deployment/db data log",
    ]
    options = service.guards[1].options
    assert isinstance(options, SystemdOptions)
    assert options.failed_is_down
    assert service.guards[7].options == CommandOptions(
        command=("/bin/db-is-down", "TST 1"), down=(0, 3), up=(1,), host="app1"
    )
    assert service.guards[8].options == OpensvcOptions(
        service="oratst",
        version="2.1",
        nodes=("n1", "n2"),
        max_age=timedelta(minutes=10),
        host="app1",
    )


def test_every_option_of_a_cluster_s_guards_is_read() -> None:
    (service,) = sample("clusters").values()
    assert [guard.name for guard in service.guards] == [
        "pacemaker g_ora",
        "pacemaker fs-db.1 on n1",
        "powerha oratst_rg on app1",
        "vcs ora_sg",
        "vcs ora-sg on n1",
        "aix oratstvg on app1",
        "aix ora2vg",
    ]
    options = [guard.options for guard in service.guards]
    assert options[1] == PacemakerOptions(
        resource="fs-db.1", nodes=("n1", "n2"), offline_is_down=True, host="n1"
    )
    assert options[4] == VcsOptions(group="ora-sg", systems=("n1",), host="n1")
    assert options[6] == AixOptions(
        volume_group="ora2vg",
        disks=("200B75BALB1107B07210790003IBMfcp", "200B75BALB1107C07210790003IBMfcp"),
        mount_points=("/u01/oratst", "/u02"),
        exported_is_down=True,
    )
    assert not AixOptions(volume_group="vg", disks=("200B75BALB1107B",)).exported_is_down
    assert not PacemakerOptions(resource="g").offline_is_down


def test_hints_at_what_is_pinned_of_a_host_that_no_guard_looks_at() -> None:
    guards = "guards: [{type: systemd, unit: db, host: TST1.example.net}]"
    text = f"services: {{db: {{{guards}, sync: {{s: {{array: {ARRAY}, pairs: 0001:0002}}}}}}}}\n"
    pins = "ssh: {hosts: {tst1.example.net: {}, tst1.exmaple.net: {}}}\n"
    found = configuration(text, **{"flashd.yaml": pins})
    (hint,) = [str(hint) for hint in found.hints if "ssh" in str(hint)]
    assert hint == (
        "/etc/flashd/flashd.yaml:1:37: ssh.hosts: no guard looks at tst1.exmaple.net;"
        " did you mean 'TST1.example.net'?"
    )


def test_hints_at_a_limit_that_is_not_above_that_of_dscli_itself() -> None:
    settings = "check_interval: 2m\ndscli:\n  mode: oneshot\n  timeout: 2m\n"
    (hint,) = [one for one in configuration("", **{"flashd.yaml": settings}).hints if one.line > 1]
    assert str(hint).startswith("/etc/flashd/flashd.yaml:4:3: dscli.timeout is not above dscli's")


def test_services_are_sorted_by_name_and_know_where_they_come_from() -> None:
    services = sample("defaults")
    assert list(services) == ["all-of-them", "none-of-them"]
    assert services["none-of-them"].origin == "/etc/flashd/services.d/x.yaml:10:3"


def test_every_array_is_known_with_its_places() -> None:
    text = (SAMPLES / "several-clones-of-one-source.yaml").read_text(encoding="utf-8")
    places = configuration(text).array_places
    assert {array: [place.line for place in found] for array, found in places.items()} == {
        ARRAY: [5, 6],
        "IBM.2107-75DEF01": [7],
    }


def test_protected_volumes_are_told() -> None:
    protected = f"volumes:\n  {ARRAY}: [0010, 00fe-0101]\n"
    found = configuration(a_service(""), **{"protected.yaml": protected})
    assert sorted(found.protected.volumes) == [
        (ARRAY, volume) for volume in ("0010", "00FE", "00FF", "0100", "0101")
    ]


@pytest.mark.parametrize("text", ["", "volumes: {}\n", "# nothing\n"])
def test_nothing_may_be_protected(text: str) -> None:
    assert configuration(a_service(""), **{"protected.yaml": text}).protected == NOTHING


class LampOptions(GuardOptions):
    """A guard of somebody else's."""

    proves: ClassVar[bool] = True
    colour: str

    def label(self) -> str:
        return f"lamp {self.colour}"


def test_a_guard_of_volumes_says_which_ones() -> None:
    wwids = ("6005076303ffd12300000000000010a2", "6005076303ffd12300000000000010a3")
    for written in (f"wwids: {' 3'.join(wwids)}", "wwnn: 5005076303FFD123, volumes: 10a2 10A3"):
        text = a_service("").replace("systemd, unit: db", f"lvm, {written}")
        files = Files(Path("/etc/flashd"), {"services.d/x.yaml": text})
        (guard,) = interpret(files).services[0].guards
        assert guard.wwids == wwids


def test_guard_types_come_from_outside_too() -> None:
    text = a_service("").replace("systemd, unit: db", "lamp, colour: red")
    files = Files(Path("/etc/flashd"), {"services.d/x.yaml": text})
    (service,) = interpret(files, {**BUILT_IN_GUARDS, "lamp": LampOptions}).services
    assert service.guards == (
        GuardSpec(
            "lamp",
            "lamp red",
            LampOptions(colour="red"),
            proves=True,
            facts=(("colour", "red"),),
        ),
    )
    with pytest.raises(Mistakes, match="guard type 'lamp' is not known; known are aix, "):
        interpret(files)


def test_the_types_that_can_prove_are_named_from_outside_too() -> None:
    text = a_service("").replace("systemd, unit: db", "tcp, host: h, port: 1")
    files = Files(Path("/etc/flashd"), {"services.d/x.yaml": text})
    with pytest.raises(Mistakes, match="add one of type lamp"):
        interpret(files, {"tcp": TcpOptions, "lamp": LampOptions})


HINTS = {
    "sync_max_delay: 25h": [],
    "refresh_after: 1d2h59m": [],
    "refresh_after: 1d3h": [
        (
            "services.d/x.yaml:6:20: refresh_after 1d3h is not less than sync_max_delay 1d3h;"
            " the status is warn before a resync is due"
        )
    ],
    "schedule: 03:00-04:00": [],
    "schedule: 22:00-04:00": [],
    'schedule: "*@0"': [
        "services.d/x.yaml:6:15: schedule: it never lets the daemon start a resync"
    ],
    'schedule: "! 03:00-04:00"': [
        (
            "services.d/x.yaml:6:15: schedule: it never lets the daemon start a resync;"
            " it only excludes; add a window, such as *"
        )
    ],
}


@pytest.mark.parametrize(("options", "told"), HINTS.items())
def test_hints_at_what_may_not_be_meant(options: str, told: list[str]) -> None:
    assert hints(options) == told


@pytest.mark.parametrize(("after", "told"), [("5h", 0), ("299m", 1)])
def test_hints_at_an_age_below_the_shortest_delay(after: str, told: int) -> None:
    found = hints(f"refresh_after: {after}\n    sync_min_delay: 5h")
    assert len(found) == told
    assert all("waits for sync_min_delay" in hint for hint in found)


def test_hints_at_a_window_past_midnight() -> None:
    (hint,) = hints('schedule: "22:00-04:00 mon-fri"')
    assert hint.startswith('services.d/x.yaml:6:15: schedule: "22:00-04:00 mon-fri" goes past')


def test_one_schedule_of_many_services_is_hinted_at_once() -> None:
    services = "".join(
        f"  db{n}:\n    schedule: '*@0'\n    guards: [{{type: systemd, unit: db}}]\n"
        f"    sync: {{s: {{array: {ARRAY}, pairs: 1{n:03}:2{n:03}}}}}\n"
        for n in range(3)
    )
    (hint,) = configuration(f"services:\n{services}").hints
    assert hint.message.endswith("(and 2 more services)")


@pytest.mark.parametrize(("timeout", "told"), [("901s", 0), ("900s", 1)])
def test_hints_at_a_time_limit_below_that_of_dscli(timeout: str, told: int) -> None:
    settings = f"timezone: UTC\ndscli: {{timeout: {timeout}}}\n"
    assert len(hints("", **{"flashd.yaml": settings})) == told


def test_hints_at_a_host_zone_that_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")
    (hint,) = hints("", **{"flashd.yaml": ""})
    assert hint.endswith("schedules are read in UTC; set 'timezone'")
    assert hints("") == []


def test_the_examples_are_right() -> None:
    found = load(EXAMPLES)
    assert [service.name for service in found.services] == [
        "iiststibmds",
        "reporting-archive",
        "reporting-sales",
    ]


def test_two_readings_of_the_same_files_are_equal() -> None:
    assert load(EXAMPLES) == load(EXAMPLES)


def test_one_array_under_two_spellings_is_refused_where_one_would_be_lost() -> None:
    for key, value in (("volumes", "0001"), ("subsystems", "0A"), ("volume_groups", "V1")):
        text = f"{key}:\n  {ARRAY}: {value}\n  {ARRAY.lower()}: {value}\n"
        with pytest.raises(Mistakes) as caught:
            configuration(a_service(""), **{"protected.yaml": text})
        (told,) = map(str, caught.value.mistakes)
        assert told == (
            f"/etc/flashd/protected.yaml:3:3: {key}: {ARRAY.lower()} is the same array as {ARRAY};"
            " write all of it in one place, which is /etc/flashd/protected.yaml:2:3"
        )


def test_what_is_protected_on_an_array_that_no_service_uses_is_hinted_at() -> None:
    found = configuration(
        a_service(""), **{"protected.yaml": "volumes: {IBM.2107-75ABC00: 0001}\n"}
    )
    assert (
        "/etc/flashd/protected.yaml:1:1: no service uses array IBM.2107-75ABC00: what is protected"
        f" there protects nothing; did you mean '{ARRAY}'?"
    ) in map(str, found.hints)
