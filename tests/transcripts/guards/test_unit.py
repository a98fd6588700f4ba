"""Down is the exception: whatever systemctl may say, one deviation takes it away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flashd.adapters.guards import unit
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

UNIT = "oracle-tst.service"
DOWN = {
    "Id": UNIT,
    "LoadState": "loaded",
    "ActiveState": "inactive",
    "SubState": "dead",
    "MainPID": "0",
    "ControlPID": "0",
    "Job": "",
    "ControlGroup": "",
    "TasksCurrent": "[not set]",
    "TriggeredBy": "",
    "UnitFileState": "enabled",
    "InvocationID": "",
}
HARMLESS = {  # what each property may also say without taking Down away; others: anything
    "LoadState": {"loaded", "masked"},
    "Job": {"", "0"},
    "TasksCurrent": {"[not set]", "0"},
}
MEANS_NOTHING = {"UnitFileState", "InvocationID", "TriggeredBy", "ControlGroup"}

values = st.sampled_from(
    ["", "0", "1", "loaded", "masked", "active", "inactive", "dead", "failed", "[not set]", UNIT]
) | st.text(st.characters(exclude_characters="\n"))


def answer(facts: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in facts.items())


def judged(text: str) -> Finding | None:
    try:
        facts = unit.read(text)
    except ValueError:
        return None
    return unit.judge(UNIT, facts)


def literally_down(text: str) -> bool:
    """Say it again, in other words than the parser's."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) == len(DOWN)
        and {line.partition("=")[0] for line in lines} == set(DOWN)
        and {f"Id={UNIT}", "ActiveState=inactive", "SubState=dead"} <= set(lines)
        and {"MainPID=0", "ControlPID=0"} <= set(lines)
        and bool({"LoadState=loaded", "LoadState=masked"} & set(lines))
        and bool({"Job=", "Job=0"} & set(lines))
        and ("TasksCurrent=0" in lines or {"TasksCurrent=[not set]", "ControlGroup="} <= set(lines))
    )


def test_the_example_is_down() -> None:
    finding = judged(answer(DOWN))
    assert finding is not None
    assert finding.verdict is Verdict.DOWN


@given(text=st.text())
@example(text=answer(DOWN))
@example(text=answer(DOWN) * 2)
@example(text=answer(DOWN).lower())
@example(text=answer(DOWN).replace("\n", "\r\n"))
def test_arbitrary_text_is_down_only_if_it_literally_says_so(text: str) -> None:
    finding = judged(text)
    assert (finding is not None and finding.verdict is Verdict.DOWN) == literally_down(text)


@given(facts=st.fixed_dictionaries({}, optional=dict.fromkeys(DOWN, values)))
def test_arbitrary_properties_are_down_only_if_they_literally_say_so(facts: dict[str, str]) -> None:
    text = answer({**DOWN, **facts})
    finding = judged(text)
    assert (finding is not None and finding.verdict is Verdict.DOWN) == literally_down(text)


@given(name=st.sampled_from(sorted(set(DOWN) - MEANS_NOTHING)), value=values)
def test_one_other_value_takes_down_away(name: str, value: str) -> None:
    if value in HARMLESS.get(name, {DOWN[name]}):
        return
    finding = judged(answer({**DOWN, name: value}))
    assert finding is None or finding.verdict is not Verdict.DOWN


@pytest.mark.parametrize("name", DOWN)
def test_one_missing_property_takes_down_away(name: str) -> None:
    finding = judged(answer({key: value for key, value in DOWN.items() if key != name}))
    assert finding is not None
    assert finding.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", DOWN)
def test_one_property_twice_cannot_be_read(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} twice")):
        unit.read(answer(DOWN) + f"{name}={DOWN[name]}\n")


@given(cut=st.integers(0, len(answer(DOWN)) - 2))
def test_an_answer_cut_short_is_not_down(cut: int) -> None:
    finding = judged(answer(DOWN)[:cut])
    assert finding is None or finding.verdict is not Verdict.DOWN


def test_the_invocation_goes_into_the_finding() -> None:
    finding = judged(answer({**DOWN, "InvocationID": "5f0b7c1a"}))
    assert finding is not None
    assert finding.incarnation == "5f0b7c1a"


def test_no_invocation_yet_differs_from_not_knowing() -> None:
    finding = judged(answer(DOWN))
    assert finding is not None
    assert finding.incarnation == ""


def test_the_question_ends_the_options_before_the_name() -> None:
    *asked, end, name = unit.question("-H.service")
    assert (end, name) == ("--", "-H.service")
    assert "--value" not in asked
