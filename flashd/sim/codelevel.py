"""The level of the microcode, such as `88.57.2.0`: generation and release, fix, build.

88.30 is release 8.3 of the DS8880; 87 stands before it, 89 after it.
"""

from flashd.sim.errors import SimError


def parse(text: str) -> tuple[int, ...]:
    """Read a level as numbers that can be compared."""
    parts = text.split(".")
    if len(parts) < len(("generation", "release")) or not all(p.isdecimal() for p in parts):
        raise SimError(f"{text!r} is not a code level; write 88.57.2.0 or 88.30")
    return tuple(map(int, parts))
