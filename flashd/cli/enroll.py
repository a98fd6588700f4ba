"""`flashd enroll`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashd.cli.names import SERVICE
from flashd.cli.words import VERSION, chosen, instant, json_option, person, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.engine.enroll import Surveyed
    from flashd.model.enrolment import Fact
    from flashd.wiring import Home

_REFUSED = 4


@click.command
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Show what a service is, and store nothing.")
@json_option
@click.pass_obj
def command(home: Home, services: tuple[str, ...], *, dry_run: bool, as_json: bool) -> int:
    """Show what a service is, and pin it: what differs later is refused until enrolled again.

    That is: of each array its serial number and WWNN; of each source and target its id, name,
    blocks, data type, WWID and the hosts mapped to it; each resource with its pairs and flags, and
    each guard with what it looks at. Stores nothing where one of the SERVICEs cannot be enrolled.
    """
    import asyncio

    found, stored = asyncio.run(_enroll(home, services, dry_run=dry_run))
    if as_json:
        print_json(_document(found, stored=stored))
    else:
        for one in found:
            _tell(one, stored=stored)
    return 0 if all(one.fit for one in found) else _REFUSED


async def _enroll(
    home: Home, names: tuple[str, ...], *, dry_run: bool
) -> tuple[Sequence[Surveyed], bool]:
    from flashd.engine.enroll import pin, survey
    from flashd.wiring import command_events

    configuration = home.configuration
    wanted = chosen(configuration, names)
    auth = home.auth(configuration)
    async with home.world(configuration, auth, command_events()) as world:
        for array in sorted({array for service in wanted for array in service.arrays}):
            world.arrays(array)  # a missing password file ends everything before anything is read
        found = await survey(world, wanted)
        stored = not dry_run and all(one.fit for one in found)
        if stored:
            await pin(world, found, person())
    return found, stored


def _document(found: Sequence[Surveyed], *, stored: bool) -> dict[str, Any]:
    return {
        "version": VERSION,
        "services": [
            {
                "service": one.service,
                "enrolled": stored,
                "exit_code": 0 if one.fit else _REFUSED,
                "objections": list(one.objections),
                "hints": list(one.hints),
                "before": {"at": instant(one.before.at), "by": one.before.by}
                if one.before
                else None,
                "differences": list(one.differences),
                "elsewhere": list(one.elsewhere),
                "facts": [_plain(fact) for fact in one.facts],
            }
            for one in found
        ],
    }


def _plain(fact: Fact) -> dict[str, str]:
    return {
        "array": fact.array,
        "subject": fact.subject,
        "aspect": fact.aspect,
        "value": fact.value,
    }


def _tell(one: Surveyed, *, stored: bool) -> None:
    """Tell what a service is, a line a subject, then what came of it."""
    click.echo(f"{one.service}:")
    for about, told in _by_subject(one.facts).items():
        click.echo(f"  {about}: {', '.join(told)}")
    if one.before is None:
        click.echo("  it was not enrolled before")
    else:
        click.echo(f"  it was enrolled at {instant(one.before.at)} by {one.before.by}")
        if not one.differences:
            click.echo("  nothing differs since then")
        for difference in one.differences:
            click.echo(f"  since then: {difference}")
    for other in one.elsewhere:
        click.echo(f"  look twice: {other}")
    for reason in one.objections:
        click.echo(f"{one.service}: cannot be enrolled: {reason}", err=True)
    for hint in one.hints:
        click.echo(f"  {hint}", err=True)
    if one.fit:
        ending = "enrolled" if stored else "not enrolled: nothing was stored"
        click.echo(f"{one.service}: {ending}", err=not stored)


def _by_subject(facts: Sequence[Fact]) -> dict[str, list[str]]:
    from flashd.model.printable import harmless

    found: dict[str, list[str]] = {}
    for fact in facts:
        told = harmless(f"{fact.aspect} {fact.value or '(empty)'}")
        found.setdefault(fact.about, []).append(told)
    return found
