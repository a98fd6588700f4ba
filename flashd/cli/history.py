"""`flashd history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashd.cli.held import to_show
from flashd.cli.names import SERVICE
from flashd.cli.tables import table
from flashd.cli.words import VERSION, chosen, instant, json_option, print_json

if TYPE_CHECKING:
    from flashd.config.configuration import Configuration
    from flashd.model.run import RunRecord, StepRecord
    from flashd.wiring import Home


@click.command
@click.argument("service", required=False, type=SERVICE)
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="How many."
)
@json_option
@click.pass_obj
def command(home: Home, service: str | None, limit: int, *, as_json: bool) -> int:
    """Tell past runs, newest first, with outcome, evidence and commands."""
    import asyncio

    configuration, bad = to_show(home)
    found = asyncio.run(_history(home, configuration, service, limit + 1))
    runs = found[:limit]
    if service and not runs:  # "no run" of a name that is mistyped would read like "never ran"
        chosen(configuration, [service])
    if as_json:
        print_json({"version": VERSION, "runs": [document(run) for run in runs]})
        return bad
    table(
        ["started", "service", "outcome", "by", "run", "reason"],
        [
            [
                instant(run.started_at) or "",
                run.service,
                str(run.outcome or "open"),
                f"{run.trigger}/{run.by}",
                run.id,
                run.reason,
            ]
            for run in runs
        ],
    )
    for run in runs if service else ():
        for step in run.steps:
            click.echo(f"{run.id} {step.intent.command}")
    if len(found) > limit:
        click.echo(f"older runs are not shown, --limit is {limit}", err=True)
    return bad


async def _history(
    home: Home, configuration: Configuration, service: str | None, limit: int
) -> list[RunRecord]:
    """Services that are defined no more have a history too, so any name is taken."""
    async with home.memory(configuration) as store:
        return list(await store.history([service] if service else None, limit))


def document(run: RunRecord) -> dict[str, Any]:
    """Write a run as JSON has it."""
    return {
        "run": run.id,
        "service": run.service,
        "trigger": str(run.trigger),
        "by": run.by,
        "arrays": list(run.arrays),
        "started_at": instant(run.started_at),
        "ended_at": instant(run.ended_at),
        "outcome": str(run.outcome) if run.outcome else None,
        "reason": run.reason,
        "commands": list(run.commands),
        "evidence": list(run.evidence),
        "steps": [_step(step) for step in run.steps],
    }


def _step(step: StepRecord) -> dict[str, Any]:
    return {
        "kind": str(step.intent.step.kind),
        "array": step.intent.step.array,
        "command": step.intent.command,
        "at": instant(step.intent.at),
        "unsent": step.unsent,
        "exit_status": step.answer.exit_status if step.answer else None,
        "output": step.answer.output if step.answer else None,
        "pairs": {str(pair): str(one) for pair, one in step.answer.accounts.items()}
        if step.answer
        else {},
    }
