"""Look at the DS CLI that is installed, without logging in."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.processes import run
from flashd.core.checkup.files import Java
from flashd.core.checkup.network import PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flashd.config.settings import DscliSettings

_PATH_OF_UNITS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What systemd gives a service; see systemd.exec(5)."""

_SIMULATED = "flashd-dscli"
_LIMIT = timedelta(seconds=10)
_INSTALL = re.compile(r"^\s*JAVA_INSTALL\s*[=:]\s*(?P<place>\S.*?)\s*$", re.MULTILINE)
_PORT = re.compile(r"^\s*port\s*:\s*(?P<port>[0-9]{1,5})\s*$", re.MULTILINE)


def is_simulated(dscli: DscliSettings) -> bool:
    """Whether the simulated array's client stands in: it knows neither Java nor a network."""
    return dscli.path.resolve().name == _SIMULATED


def ports(dscli: DscliSettings) -> tuple[int, ...]:
    """Tell the ports that dscli tries: that of its profile, else its own."""
    found = _PORT.search(_text(dscli, "profile", "dscli.profile"))
    return (int(found["port"]),) if found else PORTS


async def javas(dscli: DscliSettings) -> list[Java]:
    """Find every Java that dscli's start script can mean, and ask it for its version."""
    found: dict[str, tuple[str, bool]] = {}
    for path, found_by, ours_alone in _candidates(dscli):
        found.setdefault(path, (found_by, ours_alone))
    return [
        Java(path, found_by, await _version(path, dscli.env), ours_alone)
        for path, (found_by, ours_alone) in found.items()
    ]


def _candidates(dscli: DscliSettings) -> Iterator[tuple[str, str, bool]]:
    """Tell path, what names it, and whether that is the environment of this command alone."""
    if named := _INSTALL.search(_text(dscli, "lib", "CLI.CFG")):
        place = Path(named["place"])
        is_home = os.path.isdir(place)  # noqa: PTH112 - raises nothing
        yield str(place / "bin" / "java" if is_home else place), "lib/CLI.CFG", False
    for variables, owner in ((dscli.env, "dscli.env"), (os.environ, "this shell")):
        if home := variables.get("JAVA_HOME"):
            by_shell = owner == "this shell"
            yield str(Path(home) / "bin" / "java"), f"JAVA_HOME of {owner}", by_shell
    path = dscli.env.get("PATH", _PATH_OF_UNITS)
    if on_path := shutil.which("java", path=path):
        yield on_path, "PATH", False
    if on_path := shutil.which("java"):
        yield on_path, "PATH of this shell", True


async def _version(path: str, variables: Mapping[str, str]) -> str | None:
    with suppress(OSError):
        done = await run([path, "-version"], limit=_LIMIT, more_environment=variables)
        said = (done.errors + done.output).decode("utf-8", "replace").strip()
        if done.exit_status == 0 and said:
            return said.splitlines()[0]
    return None


def _text(dscli: DscliSettings, *below: str) -> str:
    """Read a file of dscli's own, beside its start script."""
    try:
        return dscli.path.resolve().parent.joinpath(*below).read_text("utf-8", "replace")
    except OSError:
        return ""
