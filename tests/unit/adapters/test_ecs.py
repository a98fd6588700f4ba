"""Events as Elastic Common Schema documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.adapters.notifiers import ecs

NOW = datetime(2026, 11, 22, 2, 0, 0, 500_000, tzinfo=UTC)
KIND = {"action": "a", "code": "FD-1", "level": "warning", "type": "start", "outcome": "unknown"}


def told(message: str = "m", **facts: object) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return json.loads(ecs.line(ecs.document(KIND, message, named, NOW)))  # type: ignore[no-any-return]


def test_dotted_names_are_nested() -> None:
    document = told(flashd__run__id="X", flashd__run__seq=1)
    assert document["flashd"]["run"] == {"id": "X", "seq": 1}


def test_the_fixed_part_says_what_the_contract_says() -> None:
    document = told()
    assert document["@timestamp"] == "2026-11-22T02:00:00.500Z"
    assert document["ecs"] == {"version": "9.4.0"}
    assert document["service"]["name"] == "flashd"
    assert document["log"] == {"level": "warning"}
    assert document["event"]["action"] == "a"
    assert document["event"]["type"] == ["start"]
    assert document["event"]["severity"] == 4


def test_times_are_told_in_utc_wherever_they_come_from() -> None:
    paris = timezone(timedelta(hours=1))
    assert ecs.stamp(datetime(2026, 1, 1, 0, 30, tzinfo=paris)) == "2025-12-31T23:30:00.000Z"


def test_facts_win_over_the_fixed_part() -> None:
    assert told(event__outcome="success")["event"]["outcome"] == "success"


def test_what_is_not_known_is_left_out() -> None:
    assert "exit_code" not in told(flashd__dscli__exit_code=None).get("flashd", {})


@pytest.mark.parametrize("order", [("host", "host.name"), ("host.name", "host")])
def test_a_name_that_is_a_value_and_a_branch_does_not_raise(order: tuple[str, str]) -> None:
    facts = dict.fromkeys(order, "x")
    document = json.loads(ecs.line(ecs.document(KIND, "m", facts, NOW)))
    assert document["host"]["name"] == "x"
    assert document["host"]["value"] == "x"


@pytest.mark.parametrize(
    "text",
    [
        "dscli -user u -passwd geheim lsflash",
        "managepwfile -name u -pw geheim",
        "managepwfile -pw geheim -name u",
        "password=geheim",
        "passwd: geheim",
        '{"password":"geheim"}',
    ],
)
def test_a_secret_that_slips_in_is_blanked(text: str) -> None:
    document = json.dumps(told(text, flashd__x=text, flashd__y=[{"z": text}]))
    assert "geheim" not in document


@pytest.mark.parametrize("end", [" ", "\n"])
def test_what_is_said_at_a_question_for_a_password_is_not_lost(end: str) -> None:
    text = f"Enter your password:{end}CMUC00191E authentication failure"
    assert told(text)["message"] == text


def test_the_path_of_the_password_file_is_told() -> None:
    line = "/opt/ibm/dscli/dscli -hmc1 10.10.10.10 -user u -pwfile /var/lib/flashd/A.pwfile"
    assert told(line)["message"] == line


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.none()), st.text())
def test_nothing_raises_and_it_is_always_one_line_of_json(
    facts: dict[str, object], message: str
) -> None:
    line = ecs.line(ecs.document(KIND, message, facts, NOW))
    assert "\n" not in line
    assert isinstance(json.loads(line), dict)


def test_objects_that_json_does_not_know_are_told_as_text() -> None:
    document = told(flashd__path=Path("/x"), flashd__set={1}, flashd__when=NOW)
    assert document["flashd"] == {"path": "/x", "set": [1], "when": "2026-11-22T02:00:00.500Z"}
