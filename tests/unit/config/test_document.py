from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flashd.config import document
from flashd.config.configuration import interpret
from flashd.config.document import Block, read
from flashd.config.files import PROTECTED, SETTINGS, Files
from flashd.config.mistakes import Mistake, Mistakes, Source


def block(text: str) -> Block:
    found = read(Source("x.yaml", text))
    assert not found.mistakes
    assert isinstance(found.root, Block)
    return found.root


@pytest.mark.parametrize(
    "scalar",
    ["0010", "22:00", "1001:12", "yes", "No", "1e3", "0x1F", "1_000", ".5", "2026-11-22", "="],
)
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_scalar_stays_as_written(scalar: str, quote: str) -> None:
    assert block(f"a: {quote}{scalar}{quote}\n") == {"a": scalar}


@pytest.mark.parametrize("nothing", ["", " ~", " null", " NULL", " # only a comment"])
def test_a_value_that_is_not_there_is_none(nothing: str) -> None:
    assert block(f"a:{nothing}\n") == {"a": None}


def test_a_quoted_null_is_text() -> None:
    assert block("a: 'null'\nb: ''\n") == {"a": "null", "b": ""}


def test_keys_and_values_know_their_places() -> None:
    root = block("a:\n  - x\n  - {b:   y}\nc: 'z'\n")
    assert root.spot(("a", 0)) == (2, 5)
    assert root.spot(("a", 1, "b")) == (3, 11)
    assert root.spot(("a", 1, "b"), key=True) == (3, 6)
    assert root.spot(("c",)) == (4, 4)


def test_a_mapping_is_found_at_its_key() -> None:
    assert block("a:\n  b:\n    c: d\n").spot(("a", "b")) == (2, 3)


def test_what_is_not_there_is_found_at_what_would_hold_it() -> None:
    assert block("a:\n  b: c\n").spot(("a", "x", "y")) == (1, 1)


def test_columns_count_characters() -> None:
    assert block("ключ: {é: x}\n").spot(("ключ", "é")) == (1, 11)


def test_an_alias_has_the_place_where_it_is_used() -> None:
    root = block("a: &x [1, 2]\nb: *x\n")
    assert root["b"] == ["1", "2"]
    assert root.spot(("b",)) == (2, 4)


def test_what_is_merged_keeps_the_place_where_it_was_written() -> None:
    root = block("a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n")
    assert root["d"] == {"c": "3", "b": "1"}
    assert root.spot(("d", "b")) == (1, 11)
    assert root.spot(("d", "c")) == (3, 6)


def test_of_several_merged_the_first_wins() -> None:
    root = block("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n")
    assert root["c"] == {"x": "1", "y": "2"}


def test_an_alias_can_be_a_key() -> None:
    assert block("a: &x word\n*x : b\n") == {"a": "word", "word": "b"}


def test_aliases_may_stand_for_much_but_not_for_everything() -> None:
    half = document.MAX_EXPANDED // 2
    items = "a: &a [" + "x," * (half - 1) + "]\n"
    assert len(block(f"{items}b: *a\nc: *a\n")) == 3
    refused = read(Source("x.yaml", f"{items}b: *a\nc: *a\nd: *a\n"))
    assert [mistake.line for mistake in refused.mistakes] == [4]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_never_exhausts_the_process(opening: str) -> None:
    assert not read(Source("x.yaml", opening * 200_000)).readable


def test_depth_up_to_the_limit_is_read() -> None:
    deep = document.MAX_DEPTH
    assert read(Source("x.yaml", "[" * deep + "]" * deep)).readable
    assert not read(Source("x.yaml", "[" * (deep + 1) + "]" * (deep + 1))).readable


def test_aliases_do_not_hide_depth() -> None:
    links = "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 5000))
    (mistake,) = read(Source("x.yaml", f"a0: &a0 x\n{links}\n")).mistakes
    assert (mistake.line, mistake.message) == (document.MAX_DEPTH + 1, "nested more than 32 deep")


def test_json_is_yaml() -> None:
    root = block('{\n\t"a": [1, true, null],\n\t"b":{"c":"\\u00e9"}\n}\n')
    assert root == {"a": ["1", "true", None], "b": {"c": "é"}}


def test_windows_line_ends_are_line_ends() -> None:
    root = block("a: 1\r\nb: 2\r\n")
    assert root == {"a": "1", "b": "2"}
    assert root.spot(("b",)) == (2, 4)


def test_a_copy_leaves_the_block_as_it_was() -> None:
    root = block("a: 1\nb: 2\n")
    assert root.without(["a"]) == {"b": "2"}
    assert root == {"a": "1", "b": "2"}


SYNTAX = [
    "a: [1\nb: 2\n",
    "a:\n\tb: c\n",
    "a: b: c\n",
    "a: 'x\n",
    "a: * x\n",
    "- a\nb: c\n",
    "a: @b",
]


@pytest.mark.parametrize("text", SYNTAX)
def test_the_parser_written_in_python_complains_at_the_same_line(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (by_c,) = read(Source("x.yaml", text)).mistakes
    monkeypatch.setattr(document, "_Loader", yaml.SafeLoader)
    (by_python,) = read(Source("x.yaml", text)).mistakes
    assert by_c.line == by_python.line
    assert "<block end>" not in by_python.message


def scalars_of(value: object) -> object:
    match value:
        case dict():
            return {str(key): scalars_of(below) for key, below in value.items()}
        case list():
            return [scalars_of(below) for below in value]
        case _:
            return value


words = st.text(min_size=1)
trees = st.recursive(
    words,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(words, below, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words.filter(lambda key: key != "<<"), trees))
def test_whatever_yaml_writes_is_read_as_it_was(tree: dict[str, object]) -> None:
    text = yaml.safe_dump(tree, allow_unicode=False)
    if "\\u" in text or "\\U" in text or '"' in text:
        return  # surrogates and what needs escapes: YAML's own affair
    assert read(Source("x.yaml", text)).root == scalars_of(tree)


lines = st.lists(
    st.sampled_from(
        [
            "services:", "  db:", "    guards: &g", "      - type: systemd", "        unit: x",
            "    sync:", "      s: {array: IBM.2107-75ABC01, pairs: [0001:0002]}", "    <<: *g",
            "defaults:", "  schedule: '*'", "\tx", "- a", "? b", ": c", "---", "...", "'", '"', "[",
            "}", "*g", "&g", "!x", "a: |", "%YAML 1.1", "volumes: 1", "state: x", "#",
        ]
    )
)  # fmt: skip


@given(
    st.text() | lines.map("\n".join), st.sampled_from([SETTINGS, PROTECTED, "services.d/x.yaml"])
)
def test_no_text_ends_in_anything_but_a_configuration_or_mistakes(text: str, place: str) -> None:
    mistakes = mistakes_of(Files(Path("/etc/flashd"), {place: text}))
    assert all(mistake.line >= 1 and mistake.column >= 1 for mistake in mistakes)


def mistakes_of(files: Files) -> tuple[Mistake, ...]:
    try:
        interpret(files)
    except Mistakes as refused:
        return refused.mistakes
    return ()
