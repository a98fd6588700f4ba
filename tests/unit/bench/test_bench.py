"""The whole of `make bench` on parts that need no time: rows, document, page, exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.bench import bench, report
from tests.bench.figures import Found, Promise
from tests.bench.parts import BenchError, Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOUND = "as long as it takes"
BROKEN = "what breaks off"


def sound(_where: Path) -> Iterator[tuple[str, Found]]:
    yield SOUND, Found(measured=1.5, target=3.0, facts={"logins": 1, "listings": 2})


def broken(_where: Path) -> Iterator[tuple[str, Found]]:
    yield "before", Found(measured=2.0)
    raise BenchError("the array was gone")


WELL = Part("well", [Promise(SOUND, "s", "It says so.")], sound)
ILL = Part("ill", [Promise("before", "s", ""), Promise(BROKEN, "", "")], broken)


def test_a_run_is_one_document(tmp_path: Path) -> None:
    assert bench.bench(["--json", str(tmp_path / "build" / "out.json")], [WELL]) == 0
    document = json.loads((tmp_path / "build" / "out.json").read_text())
    assert document["version"] == 1
    assert {"flashd", "when", "python", "machine", "seconds"} < set(document)
    assert document["machine"]["cores"] > 0
    assert set(document["seconds"]) == {"well"}
    assert document["figures"] == [
        {
            "part": "well",
            "name": SOUND,
            "unit": "s",
            "measured": 1.5,
            "target": 3.0,
            "ratio": 0.5,
            "facts": {"logins": 1, "listings": 2},
            "means": "It says so.",
            "why": "",
        }
    ]


def test_a_figure_that_could_not_be_measured_is_null_and_the_exit_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.bench(["--json", str(tmp_path / "out.json")], [ILL, WELL]) == 1
    figures = json.loads((tmp_path / "out.json").read_text())["figures"]
    assert [one["measured"] for one in figures] == [2.0, None, 1.5]
    assert "BenchError: the array was gone" in figures[1]["why"]
    told = capsys.readouterr()
    assert f"not measured: {BROKEN}" in told.err
    assert "the array was gone" in told.out


def test_only_some_parts_are_measured_where_they_are_named(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert bench.bench(["--only", "wel", "--json", str(file)], [ILL, WELL]) == 0
    assert [one["part"] for one in json.loads(file.read_text())["figures"]] == ["well"]


def test_what_is_measured_only_when_asked_for_is_left_out_of_a_whole_run(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    extra = replace(ILL, asked=True)
    assert bench.bench(["--json", str(file)], [extra, WELL]) == 0
    assert bench.bench(["--only", "ill", "--json", str(file)], [extra, WELL]) == 1


@pytest.mark.parametrize("words", [["--only", "nothing"], ["--only", "well", "--markdown"]])
def test_a_misuse_measures_nothing(words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert bench.bench([*words, "--json", str(file)], [WELL]) == 2
    assert not file.exists()


def test_each_row_has_measured_target_and_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.heading().split() == ["figure", "measured", "target", "ratio"]
    bench.bench(["--json", "/dev/null"], [WELL])
    (line,) = [one for one in capsys.readouterr().out.splitlines() if SOUND in one]
    assert line.removeprefix(f"{SOUND}, s").split()[:3] == ["1.500", "3", "0.50"]
    assert line.endswith("logins 1, listings 2")


@pytest.mark.parametrize(
    ("ratio", "spelt"),
    [(None, "-"), (0.1, "0.10"), (0.0999, "0.100"), (0.005, "0.005"), (-1e-9, "0.000")],
)
def test_a_small_ratio_keeps_a_digit(ratio: float | None, spelt: str) -> None:
    assert report.quotient(ratio) == spelt


def test_the_page_is_written_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    words = ["--json", str(tmp_path / "out.json"), "--markdown", str(page)]
    assert bench.bench(words, [WELL]) == 0
    text = page.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\nflashd ")
    assert text.endswith(f"{report.END}\nafter\n")
    assert f"| {SOUND} | 1.500 s | 3 s | 0.50 | logins 1, listings 2 |" in text
    assert "old" not in text


@pytest.mark.parametrize("page", ["", report.BEGIN, f"{report.END}{report.BEGIN}"])
def test_a_page_without_marks_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="marks"):
        report.renewed(page, "text")


def test_every_part_of_the_bench_promises_each_figure_once_and_says_what_it_means() -> None:
    parts = bench.parts()
    names = [promise.name for part in parts for promise in part.promises]
    assert len(names) == len(set(names))
    assert len({part.name for part in parts}) == len(parts)
    assert all(promise.means for part in parts for promise in part.promises)
