from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.asking import Interview, Question
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def program(directory: Path, text: str) -> Question:
    """Install a program where a product keeps its own, which is not in PATH."""
    file = directory / "flashd-test-manager"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return Question((file.name, "-s", "a b"), (), str(directory))


async def hold(question: Question, limit: float = 20) -> Finding:
    def judge(answers: Sequence[str]) -> Finding:
        return Finding(Verdict.DOWN, repr(answers), {})

    return await Interview(None, timedelta(seconds=limit), [question], judge, None).hold()


async def test_a_program_is_found_in_its_product_s_folder(tmp_path: Path) -> None:
    finding = await hold(program(tmp_path, 'printf "<%s>" "$@" "$LC_ALL"; echo'))
    assert finding.reason == repr(["<-s><a b><C>\n"])


@pytest.mark.parametrize(
    ("text", "reason"),
    {
        "echo down; exit 3": "flashd-test-manager ended with 3 and said: down",
        "echo down; echo no >&2; exit 1": "flashd-test-manager ended with 1 and said: no",
        "exit 1": "flashd-test-manager ended with 1 and said: nothing",
        "echo down; kill -KILL $$": "flashd-test-manager ended with -9 and said: down",
        "printf 'down\\n|OFFLINE|'": "the answer of flashd-test-manager breaks off",
        "yes": "flashd-test-manager wrote too much and was killed",
        r"printf '\377\n'": "flashd-test-manager answered what is no text",
        r"printf 'down\r\n'": r"the answer of flashd-test-manager holds '\r'",
        r"printf 'a\000b\n'": r"the answer of flashd-test-manager holds '\x00'",
        r"printf 'a\302\240b\n'": r"the answer of flashd-test-manager holds '\xa0'",
    }.items(),
)
async def test_half_an_answer_is_none(tmp_path: Path, text: str, reason: str) -> None:
    finding = await hold(program(tmp_path, text))
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, reason)


async def test_an_answer_that_comes_too_late_is_none(tmp_path: Path) -> None:
    finding = await hold(program(tmp_path, "echo down; sleep 600"), 0.2)
    assert (finding.verdict, finding.reason) == (
        Verdict.UNKNOWN,
        "flashd-test-manager did not answer within 0.2 s",
    )


@pytest.mark.parametrize("mode", [0o775, 0o757])
async def test_a_program_that_others_can_change_is_not_asked(tmp_path: Path, mode: int) -> None:
    """Nor one that stands where others could put another in its place, as in a folder of PATH."""
    question = program(tmp_path, "echo down; echo x >>" + str(tmp_path / "ran"))
    for place in (tmp_path, tmp_path / question.argv[0]):
        before = place.stat().st_mode
        place.chmod(mode)
        finding = await hold(question)
        assert finding.verdict is Verdict.UNKNOWN
        assert f"{place} can be changed by its group or by others" in finding.reason
        place.chmod(before)
    assert not (tmp_path / "ran").exists()
    assert (await hold(question)).verdict is Verdict.DOWN
