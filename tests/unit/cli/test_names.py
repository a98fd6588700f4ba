"""Types that complete: what they offer, and that they never refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete

from flashd.cli.names import ARRAY, SERVICE
from flashd.config.names import Names, names_in

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
services:
  b: {sync: {one: {array: ibm.2107-75abc01}, two: {array: IBM.2107-75XYZ02}, three: [], four: {}}}
  a: {sync: nonsense, schedule: "99:99"}
  c:
  "two\\nlines": {sync: {one: {array: "x\\ty"}}}
"""


def written(directory: Path, **texts: str) -> Path:
    (directory / "services.d").mkdir()
    for name, text in texts.items():
        (directory / "services.d" / f"{name}.yaml").write_text(text)
    return directory


def test_names_are_told_whatever_is_wrong_with_the_rest(tmp_path: Path) -> None:
    etc = written(tmp_path, one=TEXT, two="services: {d: }", broken="services: {e", odd="- f")
    assert names_in(etc) == Names(("a", "b", "c", "d"), ("IBM.2107-75ABC01", "IBM.2107-75XYZ02"))


def test_no_directory_has_no_names(tmp_path: Path) -> None:
    assert names_in(tmp_path / "nowhere") == Names()
    assert names_in(tmp_path) == Names()


def offered(etc: Path, *words: str, typed: str = "") -> list[str]:
    @click.group
    @click.option("--config-dir", default=str(etc))
    def root(config_dir: str) -> None:
        pass

    @root.command
    @click.option("--array", type=ARRAY)
    @click.argument("services", nargs=-1, type=SERVICE)
    def hold(array: str, services: tuple[str, ...]) -> None:
        pass

    found = ShellComplete(root, {}, "flashd", "").get_completions(["hold", *words], typed)
    return [item.value for item in found]


def test_an_option_for_an_array_offers_the_arrays(tmp_path: Path) -> None:
    etc = written(tmp_path, one=TEXT)
    assert offered(etc, "--array") == ["IBM.2107-75ABC01", "IBM.2107-75XYZ02"]
    assert offered(etc, "--array", typed="IBM.2107-75X") == ["IBM.2107-75XYZ02"]


def test_services_are_offered_that_are_not_named_yet(tmp_path: Path) -> None:
    etc = written(tmp_path, one=TEXT)
    assert offered(etc, "b") == ["a", "c"]
