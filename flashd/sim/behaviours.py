"""The catalogue of behaviours: what the simulator does, how that is known, how to find out.

The data stand in `behaviours.toml`; the page docs/simulator-behaviour.md is made of them.
"""

import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flashd.sim.errors import SimError
from flashd.sim.switches import SWITCHES, Switch

TAGS = {
    "V": "verbatim, or nearly, in IBM's or a vendor's public text",
    "C": "seen in public code that runs against real arrays",
    "I": "inferred from V and C",
    "R": "recalled, found nowhere in writing",
    "U": "unknown: flashd has to be right whatever it is",
}
COMPARE, LIST, SCRATCH, NEVER = "compare", "list", "scratch", "never"
_WAYS = {
    COMPARE: "`flashd sim compare`",
    LIST: "by hand: {}",
    SCRATCH: "only by a change, on scratch volumes or users: {}",
    NEVER: "not on a real array: {}",
}
_DATA = Path(__file__).with_suffix(".toml")
_BEGIN, _END = "<!-- {} begin -->\n", "<!-- {} end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One thing that a dscli or an array does; `check` is how the owner of a real one finds out."""

    name: str
    area: str
    says: str
    tag: str
    source: str
    check: str
    switches: tuple[str, ...] = ()

    @property
    def way(self) -> str:
        """By what kind of command it is found out."""
        return self.check.partition(":")[0]

    @property
    def how(self) -> str:
        """How it is found out, in words."""
        return _WAYS[self.way].format(self.check.partition(":")[2].strip())


@cache
def catalogue() -> Mapping[str, Behaviour]:
    """Return all behaviours by name."""
    areas: Mapping[str, Mapping[str, Any]] = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    listed = [_behaviour(area, name, row) for area in areas for name, row in areas[area].items()]
    return {behaviour.name: behaviour for behaviour in listed}


def find(name: str) -> Behaviour:
    """Return the behaviour called `name`."""
    try:
        return catalogue()[name]
    except KeyError:
        raise SimError(f"no behaviour {name!r}; see flashd sim behaviours") from None


def of_switch(switch: str) -> Behaviour:
    """Return the behaviour that a switch moves."""
    return next(b for b in catalogue().values() if switch in b.switches)


def only_by_changing(switch: str) -> bool:
    """Say whether no listing of a real array can show where a switch should stand."""
    return of_switch(switch).way != COMPARE


def _behaviour(area: str, name: str, row: Mapping[str, Any]) -> Behaviour:
    switches = row.get("switches", [])
    words = {key: str(value) for key, value in row.items() if key != "switches"}
    governed = tuple(map(str, switches)) if isinstance(switches, list) else ()
    return Behaviour(name=name, area=area, switches=governed, **words)


def tables() -> str:
    """Return the catalogue as the page has it: one table an area."""
    areas = dict.fromkeys(behaviour.area for behaviour in catalogue().values())
    return "\n".join(_table(area) for area in areas)


def _table(area: str) -> str:
    head = "| behaviour | what | known | source | how to find out | switch |\n" + "|---" * 6 + "|\n"
    rows = "".join(_row(b) for b in catalogue().values() if b.area == area)
    return f"### {area.capitalize()}\n\n{head}{rows}"


def _row(behaviour: Behaviour) -> str:
    switches = ", ".join(f"`{name}`" for name in behaviour.switches) or _without(behaviour)
    cells = (behaviour.name, behaviour.says, behaviour.tag, behaviour.source, behaviour.how)
    return _line((*cells, switches))


def _without(behaviour: Behaviour) -> str:
    """Say of what nobody is sure of that it cannot be moved."""
    return {"R": "recalled, no switch", "U": "unknown, no switch"}.get(behaviour.tag, "")


def switch_table() -> str:
    """Return the switches as the page has them."""
    head = "| switch | default | takes | known | source | positions |\n" + "|---" * 6 + "|\n"
    return head + "".join(_line(_facts(switch)) for switch in SWITCHES.values())


def _facts(switch: Switch) -> tuple[str, ...]:
    default, takes = switch.default or "-", " ".join(switch.accepts)
    source = of_switch(switch.name).source
    return f"`{switch.name}`", default, takes, switch.tag, source, switch.meaning


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def renewed(page: str) -> str:
    """Return a page with its tables made anew between their marks."""
    for name, made in (("behaviours", tables()), ("switches", switch_table())):
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = page.partition(begin)
        if found:
            page = f"{before}{begin}\n{made}\n{end}{rest.partition(end)[2]}"
    return page


def main(pages: Iterable[str]) -> None:
    """Make the tables of pages anew."""
    for path in map(Path, pages):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
