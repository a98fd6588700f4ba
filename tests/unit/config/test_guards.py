from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import SecretStr, ValidationError

from flashd.config.guards import (
    BUILT_IN_GUARDS,
    AixOptions,
    CommandOptions,
    GuardOptions,
    HostsOptions,
    HttpOptions,
    IoOptions,
    KubernetesOptions,
    LvmOptions,
    MountsOptions,
    PacemakerOptions,
    ProcessOptions,
    ScsiReservationOptions,
    SystemdOptions,
    TcpOptions,
)

WWNN = "5005076303FFD123"
WWID = "6005076303ffd12300000000000010a2"


def test_which_types_are_built_in_and_which_of_them_can_prove() -> None:
    assert {kind: options.proves for kind, options in BUILT_IN_GUARDS.items()} == {
        "systemd": True,
        "tcp": False,
        "process": False,
        "command": True,
        "opensvc": True,
        "hosts": True,
        "io": False,
        "pacemaker": True,
        "powerha": True,
        "vcs": True,
        "aix": True,
        "mounts": True,
        "lvm": True,
        "kubernetes": True,
        "http": False,
        "scsi-reservation": False,
    }


@pytest.mark.parametrize(
    ("written", "unit"),
    {
        "oracle": "oracle.service",
        "oracle.service": "oracle.service",
        "oracle.tst": "oracle.tst.service",
        "oracle.socket": "oracle.socket",
        "db@tst": "db@tst.service",
        r"dev-disk\x2d1.mount": r"dev-disk\x2d1.mount",
    }.items(),
)
def test_a_unit_without_a_suffix_is_a_service(written: str, unit: str) -> None:
    assert SystemdOptions(unit=unit).unit == SystemdOptions(unit=written).unit == unit


@pytest.mark.parametrize(
    "unit", ["", "a b", "-x", "*.service", "a?", "db@", "db@.service", "a/b", "x" * 256]
)
def test_what_names_no_single_unit_is_refused(unit: str) -> None:
    with pytest.raises(ValidationError):
        SystemdOptions(unit=unit)


LABELS: dict[str, GuardOptions] = {
    "systemd db.service": SystemdOptions(unit="db"),
    "systemd db.service on h": SystemdOptions(unit="db", host="h"),
    "tcp h:1521": TcpOptions(host="h", port=1521),
    "tcp [::1]:1521": TcpOptions(host="::1", port=1521),
    "process name=pmon": ProcessOptions(name="pmon"),
    "process pattern='java -x' user=ora on h": ProcessOptions(
        pattern="java -x", user="ora", host="h"
    ),
    "command /bin/x 'a b' on h": CommandOptions(
        command=("/bin/x", "a b"), down=(0,), up=(1,), host="h"
    ),
    f"mounts {WWID} on h": MountsOptions(wwids=(WWID,), host="h"),
    "lvm 5005076303ffd123 10A2": LvmOptions.model_validate({"wwnn": WWNN, "volumes": "10a2"}),
    f"scsi-reservation {WWID}": ScsiReservationOptions(wwids=(f"3{WWID}",)),
    "http http://h/x": HttpOptions(url="http://h/x"),
    "kubernetes /k#c tst statefulset/db data-db-0": KubernetesOptions(
        kubeconfig=Path("/k"),
        context="c",
        namespace="tst",
        workloads=("statefulset/db",),
        claims=("data-db-0",),
    ),
}


@pytest.mark.parametrize(("label", "options"), LABELS.items())
def test_a_label_names_what_is_looked_at(label: str, options: GuardOptions) -> None:
    assert options.label() == label


@pytest.mark.parametrize("options", LABELS.values(), ids=LABELS.keys())
def test_options_can_be_a_key_and_cannot_be_changed(options: GuardOptions) -> None:
    assert hash(options) == hash(options.model_copy())
    with pytest.raises(ValidationError):
        setattr(options, "timeout", timedelta(seconds=1))  # noqa: B010 - mypy refuses it too


DISK = "200B75ABC0110A207210790003IBMfcp"
PINNED: dict[str, tuple[GuardOptions, dict[str, str]]] = {
    "flags and lists": (
        AixOptions(volume_group="tstvg", disks=(DISK, f"{DISK}x"), mount_points=("/tst",)),
        {
            "volume_group": "tstvg",
            "disks": f"{DISK} {DISK}x",
            "mount_points": "/tst",
            "exported_is_down": "false",
        },
    ),
    "nothing in a list, and a flag": (
        PacemakerOptions(resource="g", offline_is_down=True, host="h"),
        {"resource": "g", "nodes": "", "offline_is_down": "true", "host": "h"},
    ),
    "codes and words": (
        CommandOptions(command=("/bin/x", "a b"), down=(0, 3), up=(1,)),
        {"command": "/bin/x 'a b'", "down": "0 3", "up": "1"},
    ),
    "a time that is no limit": (IoOptions(window=timedelta(seconds=10)), {"window": "10s"}),
    "what has no options": (HostsOptions(), {}),
    "volumes": (
        LvmOptions.model_validate({"wwnn": WWNN, "volumes": "10a2"}),
        {"wwids": "", "wwnn": WWNN.lower(), "volumes": "10A2"},
    ),
    "a file": (
        KubernetesOptions(
            kubeconfig=Path("/k"), namespace="tst", workloads=("statefulset/db",), claims=("d",)
        ),
        {
            "kubeconfig": "/k",
            "namespace": "tst",
            "workloads": "statefulset/db",
            "claims": "d",
            "nodes": "",
        },
    ),
}


@pytest.mark.parametrize(("options", "words"), PINNED.values(), ids=PINNED.keys())
def test_every_option_but_the_time_limit_is_pinned_in_words(
    options: GuardOptions, words: dict[str, str]
) -> None:
    assert dict(options.facts()) == words
    shorter = options.model_copy(update={"timeout": timedelta(seconds=1)})
    assert shorter.facts() == options.facts()


@pytest.mark.parametrize("options", LABELS.values(), ids=LABELS.keys())
def test_no_option_is_left_out(options: GuardOptions) -> None:
    given = {key for key in type(options).model_fields if getattr(options, key) is not None}
    assert {key for key, _ in options.facts()} == given - {"timeout"}


def test_a_secret_is_never_pinned() -> None:
    class Asking(GuardOptions):
        """A guard of somebody else's."""

        proves: ClassVar[bool] = True
        user: str
        password: SecretStr

        def label(self) -> str:
            return f"asking as {self.user}"

    assert Asking(user="u", password=SecretStr("hush")).facts() == (("user", "u"),)


def test_two_lists_never_have_the_same_words() -> None:
    one = CommandOptions(command=("/bin/x", "a", "b"), down=(0,), up=(1,))
    other = CommandOptions(command=("/bin/x", "a b"), down=(0,), up=(1,))
    assert one.facts() != other.facts()


NAMES = {
    "wwids": {"wwids": f"{WWID} 6005076303ffd12300000000000010a3"},
    "as multipath writes them": {"wwids": [f"3{WWID}", "36005076303ffd12300000000000010a3"]},
    "as udev and the kernel do": {"wwids": [f"0x{WWID.upper()}", f"naa.{WWID[:-1]}3"]},
    "volumes of an image": {"wwnn": WWNN, "volumes": "10A2 10a3"},
}


@pytest.mark.parametrize("written", NAMES.values(), ids=NAMES.keys())
def test_volumes_are_named_by_wwid_or_by_what_that_is_made_of(written: dict[str, object]) -> None:
    sought = MountsOptions.model_validate(written).sought()
    assert sought == (WWID, "6005076303ffd12300000000000010a3")


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"wwids": []},
        {"wwids": WWID[:-1]},
        {"wwids": f"{WWID}0"},
        {"wwids": "0x5005076303ffd123"},
        {"wwids": f"{WWID} 3{WWID}"},
        {"wwids": WWID, "wwnn": WWNN, "volumes": "10A2"},
        {"wwids": WWID, "volumes": "10A2"},
        {"wwnn": WWNN},
        {"volumes": "10A2"},
        {"wwnn": WWNN[:-1], "volumes": "10A2"},
        {"wwnn": WWNN, "volumes": "10A2 10A"},
        {"wwnn": WWNN, "volumes": "10A2 10a2"},
    ],
)
def test_what_names_no_volume_for_certain_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MountsOptions.model_validate(written)


@pytest.mark.parametrize(
    "url",
    ["", "h", "ftp://h/", "http://", "http:///x", "http://u:p@h/", "http://h:0/", "http://h:65536/",
     "http://h/ x", "http://[::1/", "http://h/?token=x", "http://h/x?a=1&API_KEY=x", "http://h/;sid=1#pwd=x",
     "http://h/x;jsessionid=x", "http://h/?a=b&client_secret=x"],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        HttpOptions(url=url)


@pytest.mark.parametrize("key", ["namespace", "workloads", "claims", "nodes"])
@pytest.mark.parametrize("value", ["", "../x", "A", "pod/x", "a b/c", "-x"])
def test_what_names_nothing_in_a_cluster_is_refused(key: str, value: str) -> None:
    whole = {"kubeconfig": "/k", "namespace": "n", "workloads": "deployment/d", "claims": "c"}
    KubernetesOptions.model_validate({**whole, "nodes": "n1 n2"})
    with pytest.raises(ValidationError):
        KubernetesOptions.model_validate({**whole, key: value})


def test_how_long_a_look_may_take() -> None:
    assert SystemdOptions(unit="x").timeout == timedelta(seconds=20)
    assert TcpOptions(host="h", port=1).timeout == timedelta(seconds=10)
    assert ProcessOptions(name="x").timeout == timedelta(seconds=20)
    assert CommandOptions(command=("/x",), down=(0,), up=(1,)).timeout == timedelta(seconds=30)
    assert SystemdOptions(unit="x", timeout=timedelta(seconds=30)).timeout == timedelta(seconds=30)
    with pytest.raises(ValidationError):
        SystemdOptions(unit="x", timeout=timedelta(seconds=30, microseconds=1))


def test_exit_codes_are_one_or_a_list() -> None:
    options = CommandOptions.model_validate(
        {"command": ["/bin/x"], "down": "0", "up": ["2", "1", "2", "255"]}
    )
    assert (options.down, options.up) == ((0,), (1, 2, 255))


@pytest.mark.parametrize(
    ("down", "up"), [((0,), (0,)), ((), (1,)), ((0,), ()), ((126,), (1,)), ((0, 127), (1,))]
)
def test_exit_codes_have_one_meaning_each(down: tuple[int, ...], up: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        CommandOptions(command=("/bin/x",), down=down, up=up)


def test_a_shell_that_cannot_run_the_program_may_mean_up() -> None:
    assert CommandOptions(command=("/bin/x",), down=(0,), up=(126, 127)).up == (126, 127)


@pytest.mark.parametrize("pattern", ["", ".*", "a*", "(", "^", "x|", "[[:alpha:]]+"])
def test_a_pattern_that_would_match_all_or_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        ProcessOptions(pattern=pattern)


@pytest.mark.parametrize("host", ["", "-x", "a b", "a/b", "user@h", "h;id", "x" * 254])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError):
        SystemdOptions(unit="x", host=host)


class LampOptions(GuardOptions):
    """A guard of somebody else's."""

    proves: ClassVar[bool] = True
    colour: str

    def label(self) -> str:
        return f"lamp {self.colour}"


def test_another_package_can_add_a_type() -> None:
    assert LampOptions.model_validate({"colour": "red", "timeout": "5s"}).label() == "lamp red"
