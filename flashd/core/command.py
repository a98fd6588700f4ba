"""Steps in the words of dscli.

The options stand in the order in which administrators know them from OpenSVC's log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.model.run import Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flashd.model.service import Resource
    from flashd.model.volumes import Pair


def render(step: Step) -> str:
    """Write the command of a step.

    `-record -persist` is repeated at each resync because resyncflash replaces the options of
    the relation (IBM DS CLI reference, resyncflash).
    """
    match step.kind:
        case StepKind.RESYNC:
            verb, options = "resyncflash", ["-persist", "-record", *_copy_options(step)]
        case StepKind.WITHDRAW:
            verb, options = "rmflash", ["-quiet"]
        case StepKind.ESTABLISH:
            verb, options = "mkflash", ["-persist", *_copy_options(step)]
    return _line(verb, step.array, options, step.pairs)


def first_establish(resource: Resource, pair: Pair) -> str:
    """Write the command by which an administrator makes a pair that does not exist yet."""
    options = ["-record"] if resource.recording else []
    options += ["-persist", "-cp" if resource.bgcopy else "-nocp"]
    return _line("mkflash", resource.array, options, [pair])


def _copy_options(step: Step) -> list[str]:
    return ["-cp" if step.bgcopy else "-nocp", *(["-tgtse"] if step.space_efficient else [])]


def _line(verb: str, array: str, options: Iterable[str], pairs: Iterable[Pair]) -> str:
    return " ".join([verb, "-dev", array, *options, *map(str, pairs)])
