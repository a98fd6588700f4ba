"""Every example of a guard in the docs is one that flashd takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flashd.config.configuration import interpret
from flashd.config.files import Files
from flashd.config.guards import BUILT_IN_GUARDS

PAGE = (Path(__file__).parents[3] / "docs/guards.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(guards:\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SYNC = "sync: {sync#1: {array: IBM.2107-75ABC01, pairs: [0001:0002]}}"
PROOF = "  - {type: systemd, unit: some-proof}\n"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split()[3])
def test_an_example_is_taken(example: str) -> None:
    text = f"{example}{PROOF}{SYNC}"
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    texts = {"services.d/x.yaml": f"services:\n  db:\n{indented}", "flashd.yaml": ""}
    (service,) = interpret(Files(Path("/etc/flashd"), texts)).services
    assert len(service.guards) == example.count("- type:") + 1


def test_every_type_has_its_section_and_example() -> None:
    shown = {kind for text in EXAMPLES for kind in re.findall(r"- type: (\S+)", text)}
    assert shown == set(BUILT_IN_GUARDS)
    assert all(f"\n## {kind}\n" in PAGE for kind in BUILT_IN_GUARDS)
