"""One login an array, and what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, ok, problem

if TYPE_CHECKING:
    from flashd.errors import FlashdError
    from flashd.model.volumes import Listing

_VERSION = re.compile(r"IBM DSCLI Version: (?P<version>[0-9][0-9A-Za-z.]*)")


def version_in(output: str) -> str:
    """Tell the version of the DS CLI by a banner of it; empty where there is none."""
    found = _VERSION.search(output)
    return found["version"] if found else ""


def judge_login(array: str, outcome: Listing | FlashdError, output: str) -> Diagnosis:
    """Judge a login that listed the array, or the error that it ended with."""
    check = f"login to {array}"
    if isinstance(outcome, Exception):
        return problem(
            check, outcome.message, outcome.hint or "docs/dscli.md tells what this error means."
        )
    version = version_in(output)
    client = f"DS CLI {version}" if version else "the DS CLI tells no version"
    return ok(check, f"works, and {len(outcome.relations)} relations are listed; {client}")
