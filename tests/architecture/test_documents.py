"""What the documents promise is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flashd import errors
from flashd.cli.main import COMMANDS
from flashd.core.due import Reason
from flashd.core.explain import WORDS
from flashd.engine.events import Event
from flashd.model.run import Outcome

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def rows(document: Path) -> str:
    return "\n".join(line for line in document.read_text().splitlines() if line.startswith("|"))


def test_each_event_has_its_line_with_code_action_and_level() -> None:
    told = rows(DOCS / "events.md")
    for event in Event:
        kind = event.value
        assert f"| {kind.code} | `{kind.action}` | {kind.level} |" in told, event


def test_no_event_is_documented_that_does_not_exist() -> None:
    known = {event.value.action for event in Event} | {"library-message"}
    told = set(re.findall(r"^\| FD-\d{4} \| `([a-z-]+)`", rows(DOCS / "events.md"), re.MULTILINE))
    assert told == known


def test_codes_and_actions_of_events_are_unique() -> None:
    assert len({event.value.code for event in Event}) == len(Event)
    assert len({event.value.action for event in Event}) == len(Event)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_words_and_a_line_in_the_glossary(reason: Reason) -> None:
    assert f"| `{reason}` | {WORDS[reason]} |" in rows(DOCS / "glossary.md")


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_its_exit_code_in_the_glossary(outcome: Outcome) -> None:
    assert f"| `{outcome}` | {outcome.exit_code} |" in rows(DOCS / "glossary.md")


def all_errors(kind: type[errors.FlashdError]) -> list[type[errors.FlashdError]]:
    below = [one for direct in kind.__subclasses__() for one in all_errors(direct)]
    return [one for one in below if one.__module__ == errors.__name__] + (
        [kind] if kind is not errors.FlashdError else []
    )


def test_each_error_has_its_code_and_exit_status_in_the_glossary() -> None:
    told = rows(DOCS / "glossary.md")
    for error in all_errors(errors.FlashdError):
        if error.__module__ == errors.__name__:
            assert f"| `{error.__name__}` | {error.code} | {error.exit_code} |" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_stands_in_the_readme(command: str) -> None:
    assert f"`flashd {command}" in (ROOT / "README.md").read_text()


def test_every_local_link_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def anchors(document: Path) -> set[str]:
    """Tell where a link can lead within a document: to its headings."""
    prose = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_every_link_to_a_heading_leads_to_one() -> None:
    for document in [*ROOT.glob("*.md"), *DOCS.glob("*.md")]:
        for name, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text()):
            target = document.parent / name if name else document
            assert anchor in anchors(target), f"{document.name}: {name}#{anchor}"


def test_the_ten_invariants_are_named_in_tests() -> None:
    names = " ".join(
        name
        for test in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", test.read_text())
    )
    named = set(re.findall(r"invariant_(\d+)", names))
    assert {"1", "2", "3", "4", "5"} <= named


def named_in_the_proof() -> list[str]:
    return re.findall(r"`(tests/[^`\s]+(?:::|/found/)[^`\s]+)`", (DOCS / "proof.md").read_text())


def test_each_test_that_the_proof_names_is_there() -> None:
    named = named_in_the_proof()
    assert len(named) > 50
    missing = [one for one in named if not is_there(one)]
    assert missing == []


def is_there(named: str) -> bool:
    file, _, test = named.partition("::")
    path = ROOT / file
    if not path.is_file():
        return False
    return (
        not test
        or re.search(rf"^(async )?def {test}\(", path.read_text(), re.MULTILINE) is not None
    )


def test_a_test_that_is_not_there_would_be_seen() -> None:
    assert not is_there("tests/architecture/test_documents.py::test_nothing_of_the_kind")
    assert not is_there("tests/architecture/test_nothing_of_the_kind.py::is_there")
    assert not is_there("tests/fuzz/found/frame/nothing-of-the-kind")
    assert is_there("tests/architecture/test_documents.py::is_there")


def test_what_fuzzing_found_stands_in_the_proof_by_its_target() -> None:
    targets = {one.split("/")[3] for one in named_in_the_proof() if "/found/" in one}
    kept = {file.parent.name for file in (ROOT / "tests/fuzz/found").glob("*/*")}
    assert kept <= targets | SAID_ELSEWHERE


SAID_ELSEWHERE = {"dscli-counters", "guard-lvm", "guard-scsi-reservation"}
"""Mended in the check, or a defect that stands there under another guard: one reader reads both."""
