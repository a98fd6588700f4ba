from __future__ import annotations

import pytest

from flashd.adapters.guards import xmltree


def test_reads_elements_and_attributes() -> None:
    found = xmltree.read("<a><b c='1'/><d><b c='&lt;2'/></d></a>", "a")
    assert [one.told for one in found.all("b")] == [{"c": "1"}]
    assert [one.told["c"] for one in found.below("b")] == ["1", "<2"]
    assert found.one("d").name == "d"


LAUGHS = "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>"


@pytest.mark.parametrize(
    "text",
    {
        "nothing": "",
        "another root": "<b/>",
        "cut off": "<a><b>",
        "two roots": "<a/><a/>",
        "a document type": "<!DOCTYPE a><a/>",
        "entities that grow": LAUGHS,
        "an entity that names a file": "<!DOCTYPE a [<!ENTITY f SYSTEM '/etc/passwd'>]><a>&f;</a>",
        "an entity of nobody's": "<a>&b;</a>",
        "an attribute twice": "<a b='1' b='2'/>",
        "a null": "<a>\0</a>",
        "too deep": "<a>" * 65 + "</a>" * 65,
        "far too deep": "<a>" * 100_000,
    }.values(),
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"it |elements"):
        xmltree.read(text, "a")


def test_deep_enough_is_read() -> None:
    assert xmltree.read("<a>" * 64 + "</a>" * 64, "a").name == "a"


def test_one_is_just_one() -> None:
    with pytest.raises(ValueError, match="2 elements b, not one"):
        xmltree.read("<a><b/><b/></a>", "a").one("b")
