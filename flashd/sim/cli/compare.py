"""flashd sim compare: ask a real dscli and the simulated one the same, and compare the answers."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import as_json
from flashd.sim.errors import SimError

if TYPE_CHECKING:
    from flashd.sim.compare.probes import Probe
    from flashd.sim.compare.survey import Survey

ALIKE, FAILED, DIFFERENT = 0, 1, 3
_SPEAK = {"TZ": "UTC", "LANG": "C", "LC_ALL": "C"}
"""As flashd starts dscli."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options of the command."""

    dscli: str
    hmc1: str | None
    hmc2: str | None
    user: str | None
    pwfile: Path | None
    cfg: Path | None
    dev: str | None
    only: tuple[str, ...]
    keep: Path | None
    limit: float
    as_json: bool
    dry_run: bool
    apply: bool


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--dscli", default="dscli", show_default=True, help="The real dscli.")
@click.option("--hmc1", help="Address of its management console.")
@click.option("--hmc2", help="Address of the second one.")
@click.option("--user", help="As whom to log in; the role monitor is enough.")
@click.option("--pwfile", type=click.Path(path_type=Path), help="Made by dscli managepwfile.")
@click.option("--cfg", type=click.Path(path_type=Path), help="A profile of dscli.")
@click.option("--dev", help="The storage image, where the console manages several.")
@click.option("--only", metavar="PROBE", multiple=True, help="Only this probe (repeat).")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep all answers in this directory.")
@click.option(
    "--limit",
    default=120.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds each.",
)
@click.option("--apply", is_flag=True, help="Move the switches of FILE that were found.")
@click.option("--dry-run", is_flag=True, help="Print what would be run, and run nothing.")
@as_json
@click.pass_context
def compare(context: click.Context, /, file: Path | None, **options: object) -> None:
    """Ask a real dscli what only reads, ask the simulated one the same, and compare the shapes.

    FILE is the simulated array, of which a copy is asked; without one, a twin is made of what
    the real array lists. The report has no value of the site in it.

    Exit codes: 0 alike, 1 the real dscli could not be asked, 2 wrong use, 3 differences.
    """
    wishes = Wishes(**options)  # type: ignore[arg-type]
    array = Array.open(file) if file else None
    if wishes.apply and array is None:
        raise SimError("--apply needs the FILE whose switches are to be moved")
    with _ending_in_order():
        context.exit(_dry_run(wishes) if wishes.dry_run else _compare(wishes, array))


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Make a signal an exception, so that the twin and a dscli that runs end with the command."""

    def end(number: int, _: object) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(128 + number)

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.getsignal(one) for one in signals}
    for one in signals:
        if before[one] is signal.SIG_DFL:  # nohup ignores it
            signal.signal(one, end)
    try:
        yield
    finally:
        for one, stood in before.items():
            signal.signal(one, stood)


def _dry_run(wishes: Wishes) -> int:
    from flashd.sim.compare.probes import STREAM, chosen, request  # noqa: PLC0415 - as in _compare

    facts = {"device": wishes.dev or "IMAGE", "pair": "0000:0000", "volume": "0000"}
    argv = " ".join(_argv(wishes))
    click.echo(_announcement(len(chosen(wishes.only))))
    for probe in chosen(wishes.only):
        asked = request(probe, probe.filled(facts) or ())
        words = f"'{asked.words[0]}'" if probe.mode == "quoted" else " ".join(asked.words)
        click.echo(f"{probe.name}: {probe.why}\n  {argv} {words}".rstrip())
        for line in asked.stdin.splitlines():
            click.echo(f"    {line}")
        if probe.mode != STREAM and not asked.stdin:
            click.echo("    < /dev/null")
    return ALIKE


def _announcement(many: int) -> str:
    return (
        f"{many} logins, one more where an answer leaves it open whether it was let in;"
        " the first one that is refused ends it"
    )


def _argv(wishes: Wishes) -> list[str]:
    """Return the program and its global options; nothing else of the user's goes to dscli."""
    values = {
        "-hmc1": wishes.hmc1,
        "-hmc2": wishes.hmc2,
        "-user": wishes.user,
        "-pwfile": str(wishes.pwfile) if wishes.pwfile else None,
        "-cfg": str(wishes.cfg) if wishes.cfg else None,
    }
    given = {option: value for option, value in values.items() if value}
    if bad := [value for value in given.values() if value.startswith("-")]:
        raise SimError(f"{bad[0]!r} looks like an option of dscli")
    return [wishes.dscli, *(word for pair in given.items() for word in pair)]


def _checked(wishes: Wishes) -> None:
    """Refuse what would make dscli ask, or log in wrongly."""
    from flashd.sim.compare.survey import IMAGE  # noqa: PLC0415 - as in _compare

    if not wishes.cfg and not (wishes.hmc1 and wishes.user and wishes.pwfile):
        raise SimError("give --hmc1, --user and --pwfile, or a --cfg that has them")
    for path in filter(None, (wishes.pwfile, wishes.cfg)):
        if not path.is_file():
            raise SimError(f"there is no file {path}")
    if wishes.dev and not IMAGE.fullmatch(wishes.dev):
        raise SimError(f"{wishes.dev!r} is not a storage image; write IBM.2107-75ABC01")
    if shutil.which(wishes.dscli) is None:
        raise SimError(f"there is no program {wishes.dscli}; name the real one with --dscli")


def _compare(wishes: Wishes, array: Array | None) -> int:
    """Ask the real one all there is to ask, then the simulated one as often as is needed."""
    from flashd.sim.compare import client, keeping, probes, survey  # noqa: PLC0415 - `flashd sim` must start fast

    _checked(wishes)
    asked = probes.chosen(wishes.only)
    kept = keeping.prepared(wishes.keep) if wishes.keep else None
    click.echo(_announcement(len(asked)), err=True)
    argv = _argv(wishes)
    facts = {"device": wishes.dev} if wishes.dev else {}
    try:
        real = survey.take(
            client.real(argv, {**os.environ, **_SPEAK}, wishes.limit), asked, facts, _tell
        )
    except survey.StoppedError as why:
        click.echo(f"stopped: {why}", err=True)
        return FAILED
    if kept:
        keeping.keep(kept, "real", real.answers)
    try:
        with tempfile.TemporaryDirectory(prefix="flashd-compare-") as directory:
            return _against(wishes, array, asked, real, Path(directory))
    except survey.StoppedError as why:
        click.echo(f"stopped at the simulated array: {why}", err=True)
        return FAILED


def _tell(probe: str) -> None:
    click.echo(f"asking: {probe}", err=True)


def _against(
    wishes: Wishes,
    array: Array | None,
    asked: "tuple[Probe, ...]",
    real: "Survey",
    directory: Path,
) -> int:
    """Compare with the simulated side, which lives in `directory`."""
    from flashd.sim.compare import client, keeping, report, search, twin  # noqa: PLC0415 - as above

    side = twin.copied(array, directory) if array else twin.made(real, directory)
    options = twin.options(side, directory, wishes.cfg)
    environment = _environment(side.path)
    bench = search.Bench(
        asked,
        dict(real.answers),
        side,
        client.simulated(options, environment, wishes.limit),
        {"device": side.identity.serial},
    )
    if wishes.keep:
        keeping.keep(wishes.keep, "simulated", bench.simulated(asked).answers)
    comparison, moves = search.search(bench)
    if wishes.apply and array:
        for move in moves:
            array.switch(*move)
    outcome = report.Outcome(
        comparison=comparison,
        moves=moves,
        compared=len(real.answers) - len(comparison.incomparable),
        logins=real.logins,
        applied=wishes.apply,
    )
    file = str(array.path) if array else "FILE"
    told = f"{report.as_json(outcome)}\n" if wishes.as_json else report.in_words(outcome, file)
    click.echo(told, nl=False)
    return DIFFERENT if comparison.differences else ALIKE


def _environment(path: Path) -> Mapping[str, str]:
    return {**os.environ, **_SPEAK, "FLASHD_SIM": str(path)}
