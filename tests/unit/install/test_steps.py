"""What becomes of each file."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.install.steps import (
    Action,
    Item,
    Owner,
    commented,
    decide,
    sign,
    unchanged,
    with_documents,
    with_program,
)

PATH = PurePosixPath("/usr/local/lib/systemd/system/flashd.service")
NEW, OLD = sign("[Unit]\n# new\n"), sign("[Unit]\n# old\n")
EDITED = OLD.replace("# old", "# mine")

CASES = {
    "not there": (Owner.FLASHD, NEW, None, None, Action.WRITE, ""),
    "as it should be": (Owner.FLASHD, NEW, NEW, None, Action.KEEP, ""),
    "an earlier one": (Owner.FLASHD, NEW, OLD, None, Action.REPLACE, ""),
    "changed by somebody": (Owner.FLASHD, NEW, EDITED, None, Action.BESIDE, ".new"),
    "written by somebody": (Owner.FLASHD, NEW, "[Unit]\n", None, Action.BESIDE, ".new"),
    "emptied by somebody": (Owner.FLASHD, NEW, "", None, Action.BESIDE, ".new"),
    "changed, and beside it the last one": (Owner.FLASHD, NEW, EDITED, OLD, Action.BESIDE, ".new"),
    "changed, and told before": (Owner.FLASHD, NEW, EDITED, NEW, Action.KEEP, ".new"),
    "no configuration yet": (Owner.ADMINISTRATOR, "a: 1\n", None, None, Action.WRITE, ""),
    "a configuration": (Owner.ADMINISTRATOR, "a: 1\n", "a: 2\n", None, Action.KEEP, ""),
    "a signed configuration": (Owner.ADMINISTRATOR, NEW, OLD, None, Action.KEEP, ""),
    "an empty configuration": (Owner.ADMINISTRATOR, "a: 1\n", "", None, Action.KEEP, ""),
    "data": (Owner.NOBODY, "{}", "[]", None, Action.REPLACE, ""),
}


@pytest.mark.parametrize(
    ("owner", "text", "present", "beside", "action", "suffix"), CASES.values(), ids=CASES.keys()
)
def test_decides(
    owner: Owner, text: str, present: str | None, beside: str | None, action: Action, suffix: str
) -> None:
    step = decide(Item(PATH, text, owner, 0o640), present, beside)
    assert step.action is action
    assert step.path == PATH.with_name(PATH.name + suffix)
    assert step.changes is (action is not Action.KEEP)
    if step.changes:
        assert (step.text, step.mode) == (text, 0o640)


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(text=texts, more=texts.filter(bool), at=st.integers(0, 400))
def test_a_signed_text_shows_every_change(text: str, more: str, at: int) -> None:
    signed = sign(text)
    assert unchanged(signed)
    line = signed.index("\n") + 1
    cut = min(max(at, line), len(signed))
    assert not unchanged(signed[:cut] + more + signed[cut:])
    assert not unchanged(text) or text.startswith("# flashd install ")


@given(text=texts, present=texts)
def test_what_an_administrator_owns_is_written_only_where_nothing_is(
    text: str, present: str
) -> None:
    assert not decide(Item(PATH, text, Owner.ADMINISTRATOR), present).changes


def test_an_example_says_nothing_until_it_is_edited() -> None:
    assert commented("# why\n\n[a]\nb = 1\n") == "# why\n\n#[a]\n#b = 1\n"


def test_the_unit_starts_the_program_that_was_named() -> None:
    unit = "[Service]\nExecStart=/opt/flashd/bin/flashd run\nExecReload=/bin/kill\n"
    assert "\nExecStart=/usr/bin/flashd run\n" in with_program(unit, "/usr/bin/flashd")


@pytest.mark.parametrize("program", ["flashd", "/opt/my flashd", "/opt/%n", "/opt/$X", '/a"b', ""])
def test_a_program_that_systemd_would_read_otherwise_is_refused(program: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a unit"):
        with_program("ExecStart=/opt/flashd/bin/flashd run\n", program)


def test_the_unit_names_the_documents_where_they_are() -> None:
    unit = "[Unit]\nDocumentation=file:/usr/local/share/doc/flashd/docs/operations.md\nAfter=x\n"
    changed = with_documents(unit, "/usr/share/doc/flashd")
    assert changed == unit.replace("/usr/local/", "/usr/")
    for folder in ("/opt/my docs", "/opt/%n", "docs"):
        with pytest.raises(ValueError, match="cannot stand in a unit"):
            with_documents(unit, folder)
    with pytest.raises(ValueError, match="Documentation="):
        with_documents("[Unit]\n", "/usr/share/doc/flashd")


def test_a_unit_without_the_line_is_refused() -> None:
    with pytest.raises(ValueError, match="ExecStart"):
        with_program("[Service]\n", "/usr/bin/flashd")
