"""What both sides said, word for word, in a directory for its owner alone."""

from collections.abc import Mapping
from pathlib import Path

from flashd.sim.compare.client import Said
from flashd.sim.errors import SimError

_NOTE = """What a real dscli and the simulated one said, word for word: names, serials and
addresses of the site stand in here. It is not for publishing; the report is.
"""


def prepared(directory: Path) -> Path:
    """Make the directory; what is there is never overwritten."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        raise SimError(f"{directory} exists already; name a new directory") from None
    except OSError as error:
        raise SimError(f"cannot make {directory}: {error.strerror}") from error
    (directory / "README").write_text(_NOTE, encoding="utf-8")
    return directory


def keep(directory: Path, side: str, answers: Mapping[str, Said]) -> None:
    """Write the streams and the end of each answer."""
    for name, said in answers.items():
        start = directory / f"{name}.{side}"
        Path(f"{start}.out").write_bytes(said.stdout.encode())
        Path(f"{start}.err").write_bytes(said.stderr.encode())
        Path(f"{start}.exit").write_text(f"{said.cut or said.status}\n", encoding="utf-8")
