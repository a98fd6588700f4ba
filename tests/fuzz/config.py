"""What the operator writes: YAML, auth.conf, durations, instants to come."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

from flashd.config import auth, document
from flashd.config.configuration import Configuration, interpret
from flashd.config.durations import LONGEST, format_duration, parse_duration
from flashd.config.files import Files
from flashd.config.mistakes import Mistakes, Source
from flashd.config.until import parse_until, tell_until
from flashd.config.whereabouts import whereabouts
from tests.fuzz.target import Target, joined, parts, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flashd.config.auth import Auth
    from flashd.config.document import Document
    from flashd.config.settings import Settings

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "unit" / "config" / "samples"
NOW = datetime(2026, 11, 26, 2, 0, 30, 250, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")

_YAML = (
    *(b"&a", b"*a", b"<<: *a", b"- ", b": ", b"? ", b"!!python/object:os.system", b"!", b"| \n"),
    *(b"[*a,*a,*a,*a,*a,*a,*a,*a]", b"---\n", b"...\n", b"%YAML 1.1\n", b"# ", b"''", b'"', b"~"),
    *(b"services:\n", b"volumes:", b"guards:", b"sync:", b"pairs:", b"array:", b"defaults:"),
    *(b"schedule:", b"0000-FFFF", b"IBM.2107-75ABC01", b"1001:1002", b"null", b"true", b"type:"),
    *(
        b"\\u202e",
        b"\\x00",
        b'"\\ud800"',
        b"0o17",
        b"1_000",
        b"12:30",
        b"30s",
        b"host:",
        b"{",
        b"}",
    ),
)


def _source(data: bytes) -> Source:
    return Source("a.yaml", text_of(data))


def _document(data: bytes) -> Document:
    return document.read(_source(data))


def _check_document(data: bytes, found: Document) -> None:
    text = text_of(data)
    _check_places(found.mistakes, text)
    if found.mistakes or re.search(r"[&*]|<<", text) or _NAMED_NOTHING.search(text):
        return
    assert _plain(found.root) == _as_pyyaml_reads(text), "another document than it is"


_NAMED_NOTHING = re.compile(r"(?:~|null|Null|NULL)\s*:")
"""A key that is null to others, and here the text that it is: what it stands for is lost there."""


def _check_places(mistakes: Iterable[Any], text: str) -> None:
    lines = text.count("\n") + len(re.findall("[\r\x85\u2028\u2029]", text)) + 1
    for mistake in mistakes:
        assert 1 <= mistake.line <= lines + 1, f"{mistake} is beyond the file"
        assert mistake.column >= 1
        assert mistake.message


def _plain(value: document.Value) -> object:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


class _Texts(yaml.CSafeLoader):
    """Reads all scalars as text, but for those that stand for nothing."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, how) for tag, how in found if tag.endswith(":null")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _as_pyyaml_reads(text: str) -> object:
    return yaml.load(text, Loader=_Texts)  # noqa: S506 - it is a safe loader, with less in it


def _configuration(data: bytes) -> Configuration | None:
    try:
        return interpret(_files(data))
    except Mistakes as mistakes:
        assert mistakes.mistakes
        return None


def _files(data: bytes) -> Files:
    settings, protected, services, more = map(text_of, parts(data, 4))
    texts = {
        "flashd.yaml": f"timezone: UTC\n{settings}" if "timezone" not in settings else settings,
        "protected.yaml": protected,
        "services.d/a.yaml": services,
        "services.d/b.yaml": more,
    }
    return Files(Path("/etc/flashd"), texts)


def _check_configuration(data: bytes, found: Configuration | None) -> None:
    if found is None:
        return
    assert interpret(_files(data)) == found
    _, protected, *services = map(text_of, parts(data, 4))
    written = re.findall(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}", "\n".join(services))
    targets: list[tuple[str, str]] = []
    sources: set[tuple[str, str]] = set()
    for service in found.services:
        assert service.guards, "a service without a guard"
        assert any(guard.proves for guard in service.guards), "nothing can prove it down"
        assert service.freshness.min_delay < service.freshness.max_delay
        for resource in service.resources:
            for pair in resource.pairs:
                assert str(pair) in {one.upper() for one in written}, f"nobody wrote {pair}"
                targets.append((resource.array, pair.target))
                sources.add((resource.array, pair.source))
    assert len(set(targets)) == len(targets), "one target twice"
    assert not sources & set(targets), "a target that is a source"
    assert not set(targets) & found.protected.volumes, "a protected target"
    _check_protected(protected, found)


def _check_protected(text: str, found: Configuration) -> None:
    """See that no volume that is written as protected is lost on the way."""
    if re.search(r"[&*<]", text):
        return
    told = _as_pyyaml_reads(text) or {}
    assert isinstance(told, dict)
    expected = set()
    for array, volumes in (told.get("volumes") or {}).items():
        for word in volumes.split() if isinstance(volumes, str) else volumes:
            first, _, last = word.partition("-")
            numbers = range(int(first, 16), int(last or first, 16) + 1)
            expected |= {(array.strip().upper(), f"{number:04X}") for number in numbers}
    for array, subsystems in (told.get("subsystems") or {}).items():
        for word in subsystems.split() if isinstance(subsystems, str) else subsystems:
            first, _, last = word.partition("-")
            numbers = range(int(first, 16) << 8, int(last or first, 16) + 1 << 8)
            expected |= {(array.strip().upper(), f"{number:04X}") for number in numbers}
    assert expected == {(array, str(volume)) for array, volume in found.protected.volumes}


def _whereabouts(data: bytes) -> Settings | None:
    return whereabouts(_source(data), Path("/etc/flashd"))


def _check_whereabouts(data: bytes, found: Settings | None) -> None:
    """See that what is believed of the place of the state stands there, or nothing of it does."""
    if found is None:
        return
    state = found.state
    text = text_of(data)
    default = state == "sqlite:////var/lib/flashd/flashd.db"
    assert (
        default
        or state.removeprefix("sqlite:///").removeprefix("postgresql")
        in (text.replace("''", "'") or state)
        or "\\" in text
    ), f"nobody wrote {state}"


def _auth(data: bytes) -> Auth | None:
    try:
        return auth.read_auth(Source("auth.conf", text_of(data)))
    except Mistakes as mistakes:
        _check_places(mistakes.mistakes, text_of(data))
        assert mistakes.mistakes
        return None


def _check_auth(data: bytes, found: Auth | None) -> None:
    if found is None:
        return
    text = text_of(data)
    for array, login in found.items():
        assert re.search(rf"\[\s*{re.escape(array)}\s*\]", text, re.IGNORECASE), (
            f"nobody wrote {array}"
        )
        for word in (login.hmc1, login.username, *([login.hmc2] if login.hmc2 else [])):
            assert word in text
            assert not word.startswith("-"), "a word that dscli takes for an option"
            assert len(word.split()) == 1
            assert word.isprintable()
    anew = "".join(
        f"[{one.array}]\ntype=ibmds\nhmc1={one.hmc1}\nusername={one.username}\n"
        + (f"hmc2={one.hmc2}\n" if one.hmc2 else "")
        + (f"timezone={one.timezone.key}\n" if one.timezone else "")
        for one in found.values()
    )
    assert dict(auth.read_auth(Source("auth.conf", anew))) == dict(found)


def _duration(data: bytes) -> timedelta | None:
    try:
        return parse_duration(text_of(data))
    except ValueError:
        return None


_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def _check_duration(data: bytes, found: timedelta | None) -> None:
    if found is None:
        return
    text = data.decode("ascii")
    terms = re.findall(r"([0-9]+)([dhms])", text) or [(text, "m")]
    assert found.total_seconds() == sum(int(number) * _UNITS[unit] for number, unit in terms)
    assert "".join(map("".join, terms)) in {text, f"{text}m"}
    assert timedelta(0) <= found <= LONGEST
    assert parse_duration(format_duration(found)) == found


def _until(data: bytes) -> datetime | None:
    try:
        return parse_until(text_of(data), NOW, ZONE)
    except ValueError:
        return None


def _check_until(data: bytes, found: datetime | None) -> None:
    if found is None:
        return
    assert NOW < found <= NOW + LONGEST + timedelta(seconds=1)
    assert found.microsecond == 0
    assert text_of(data).strip().isascii()
    assert parse_until(found.isoformat(), NOW, ZONE) == found
    assert tell_until(found, ZONE)


def _samples(*kinds: str) -> list[bytes]:
    return [
        file.read_bytes()
        for kind in kinds
        for file in sorted((SAMPLES / kind).rglob("*"))
        if file.is_file() and file.suffix in {".yaml", ".conf", ""}
    ]


def _configuration_seeds() -> Iterator[bytes]:
    example = ROOT / "config"
    services = sorted((example / "services.d").glob("*.yaml"))
    settings = (example / "flashd.yaml").read_bytes()
    yield joined(settings, b"", *(file.read_bytes() for file in services[:2]))
    protected = (
        b"volumes:\n  IBM.2107-75ABC01: [0A00-0A0F, 1000]\n  IBM.2107-75XYZ99: 0001 0002\n"
        b"subsystems:\n  IBM.2107-75ABC01: 0B 10-11\n"
    )
    for text in _samples("services"):
        yield joined(b"check_interval: 60s\n", protected, text, b"")
    for text in _samples("settings"):
        yield joined(text, b"", b"", b"")
    for text in _samples("protected"):
        yield joined(b"", text, b"", b"")


_CONF = (
    *(b"[IBM.2107-75ABC01]\n", b"type = ibmds\n", b"hmc1 = ", b"hmc2", b"username: ", b"password"),
    *(b"timezone = Europe/Paris", b"[", b"]", b"=", b":", b"#", b";", b"%(x)s", b"/etc/passwd"),
)
_TIMES = (
    *(
        b"1d",
        b"2h",
        b"3m",
        b"4s",
        b"d",
        b"h",
        b":",
        b"-",
        b"T",
        b"Z",
        b"+14:00",
        b"06:00",
        b"24:00",
    ),
    *(b"2026-11-27", b"9999-12-31T23:59", b"0001-01-01T00:00+14:00", b"2027-03-28T02:30"),
)


def _times() -> Iterator[bytes]:
    for text in ("90", "25h", "1d3h30m5s", "06:00", "2026-11-27T06:00+01:00", "2027-10-31 02:30"):
        yield text.encode()


_BOMBS = (
    b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n",
    b"a: &a {x: *a}\n",
    b"[" * 40 + b"]" * 40,
    b"a: &m {k: v}\nb:\n  <<: *m\n  k: w\n",
)

TARGETS = (
    Target(
        name="yaml",
        read=_document,
        check=_check_document,
        seeds=lambda: [*_samples("services", "settings", "protected"), *_BOMBS],
        words=_YAML,
    ),
    Target(
        name="configuration",
        read=_configuration,
        check=_check_configuration,
        seeds=_configuration_seeds,
        words=_YAML,
        flood=1 << 13,
    ),
    Target(
        name="whereabouts",
        read=_whereabouts,
        check=_check_whereabouts,
        seeds=lambda: _samples("settings"),
        words=(*_YAML, b"state: ", b"sqlite:////tmp/x.db", b"auth: /x", b"pwfiles: ", b"'"),
    ),
    Target(
        name="auth.conf",
        read=_auth,
        check=_check_auth,
        seeds=lambda: [*_samples("auth"), (ROOT / "config" / "auth.conf.example").read_bytes()],
        words=_CONF,
        flood=1 << 13,
    ),
    Target(name="duration", read=_duration, check=_check_duration, seeds=_times, words=_TIMES),
    Target(name="until", read=_until, check=_check_until, seeds=_times, words=_TIMES),
)
