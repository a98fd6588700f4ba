"""The names of hosts."""

from __future__ import annotations

import pytest

from flashd.model.hosts import plain_name


@pytest.mark.parametrize("name", ["db1.example.org", "DB1.Example.ORG", "db1.example.org."])
def test_one_host_has_one_plain_name(name: str) -> None:
    assert plain_name(name) == "db1.example.org"


def test_a_short_name_is_not_a_long_one() -> None:
    assert plain_name("db1") != plain_name("db1.example.org")
