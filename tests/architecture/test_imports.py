"""Who asks little pays little."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"sqlalchemy", "pydantic", "yaml", "apscheduler", "structlog", "rich", "asyncio"}


def imported_by(*words: str) -> set[str]:
    script = (
        "import sys\n"
        f"sys.argv = ['flashd', *{list(words)!r}]\n"
        "from flashd.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(' '.join(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_help_loads_nothing_heavy() -> None:
    assert not imported_by("--help") & HEAVY


def test_schedule_reads_no_configuration_and_opens_no_store() -> None:
    assert not imported_by("schedule", "09:00-10:00") & {"sqlalchemy", "pydantic", "yaml", "rich"}


@pytest.mark.parametrize("words", [["--help"], ["schedule", "@10"]])
def test_the_simulated_array_is_not_loaded(words: list[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['flashd', *{words!r}]\n"
        "from flashd.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not any(name.startswith('flashd.sim') for name in sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL, timeout=60
    )


def test_completing_a_name_opens_no_store_and_checks_no_service() -> None:
    loaded = imported_by("completion", "zsh", "--answer", "--", "why", "")
    assert not loaded & {"sqlalchemy", "pydantic", "rich"}
