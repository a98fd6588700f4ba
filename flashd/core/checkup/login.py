"""What came of logging in to an array: its listing, and what a copy could harm there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, ok, problem
from flashd.core.counting import counted

if TYPE_CHECKING:
    from flashd.errors import FlashdError
    from flashd.model.inventory import Inventory
    from flashd.model.volumes import Listing

_EXPLAINED = "docs/dscli.md tells what this error means."

_VERSION = re.compile(r"IBM DSCLI Version: (?P<version>[0-9][0-9A-Za-z.]*)")


def version_in(output: str) -> str:
    """Tell the version of the DS CLI by a banner of it; empty where there is none."""
    found = _VERSION.search(output)
    return found["version"] if found else ""


def judge_login(array: str, outcome: Listing | FlashdError, output: str) -> Diagnosis:
    """Judge a login that listed the array, or the error that it ended with."""
    check = f"login to {array}"
    if isinstance(outcome, Exception):
        return problem(check, outcome.message, outcome.hint or _EXPLAINED)
    version = version_in(output)
    client = f"DS CLI {version}" if version else "the DS CLI tells no version"
    listed = counted(len(outcome.relations), "relation is", "relations are")
    return ok(check, f"works, and {listed} listed; {client}")


def judge_inventory(array: str, outcome: Inventory | FlashdError) -> Diagnosis:
    """Judge whether an array tells all that a copy could harm, whoever demands it."""
    check = f"inventory of {array}"
    if isinstance(outcome, Exception):
        words = (
            "not all that a copy could harm can be read, so nothing is sent for who demands it:"
            f" {outcome.message}"
        )
        return problem(check, words, outcome.hint or _EXPLAINED)
    if outcome.reach is None:
        return problem(check, "the array was not asked which hosts reach its volumes", _EXPLAINED)
    volumes = counted(len(outcome.volumes), "volume")
    hosts = counted(len(outcome.reach.connections), "host connection")
    return ok(check, f"{volumes}, {len(outcome.mirrored)} of them mirrored, {hosts}")
