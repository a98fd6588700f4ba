from __future__ import annotations

from pathlib import Path

import pytest

from flashd.config.auth import read_auth
from flashd.config.configuration import interpret, load
from flashd.config.files import PROTECTED, SETTINGS, Files
from flashd.config.mistakes import Mistakes, Source

SAMPLES = Path(__file__).parent / "samples"
SECRET = "geheim"
DIRECTORY = Path("/etc/flashd")

# What a sample stands for in the configuration directory.
PLACES = {
    "services": "services.d/x.yaml",
    "settings": SETTINGS,
    "protected": PROTECTED,
}


def names(pattern: str) -> list[str]:
    found = sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.glob(pattern))
    assert found, f"no sample is called {pattern}"
    return found


def expected(sample: Path) -> list[str]:
    return sample.with_suffix(".txt").read_text(encoding="utf-8").splitlines()


def files(name: str) -> Files:
    sample = SAMPLES / name
    place = PLACES[name.partition("/")[0]]
    return Files(DIRECTORY, {place: sample.read_text(encoding="utf-8")})


@pytest.mark.parametrize("name", names("*/invalid/*.yaml"))
def test_every_mistake_is_told_with_its_place(name: str) -> None:
    with pytest.raises(Mistakes) as refused:
        interpret(files(name))
    assert [str(mistake) for mistake in refused.value.mistakes] == expected(SAMPLES / name)


@pytest.mark.parametrize("name", names("together/*/services.d/../expected.txt"))
def test_mistakes_are_told_over_all_files(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir((SAMPLES / name).parent)
    with pytest.raises(Mistakes) as refused:
        load(".")
    told = [str(mistake) for mistake in refused.value.mistakes]
    assert told == (SAMPLES / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", names("*/valid/*.yaml"))
def test_valid_samples_are_taken(name: str) -> None:
    assert interpret(files(name)).services is not None


@pytest.mark.parametrize("name", names("auth/invalid/*.conf"))
def test_every_mistake_of_auth_conf_is_told(name: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8")
    with pytest.raises(Mistakes) as refused:
        read_auth(Source("auth.conf", text))
    assert [str(mistake) for mistake in refused.value.mistakes] == expected(SAMPLES / name)


@pytest.mark.parametrize("name", names("*/invalid/*.txt"))
def test_no_message_shows_a_secret(name: str) -> None:
    assert SECRET not in (SAMPLES / name).read_text(encoding="utf-8")
