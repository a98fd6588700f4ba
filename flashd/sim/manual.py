"""help: which commands there are, and how one is written."""

from collections.abc import Iterable, Mapping, Sequence

from flashd.sim.commands.command import Command
from flashd.sim.grammar import UsageError


def about(wanted: Sequence[str], commands: Mapping[str, Command], names: Iterable[str]) -> str:
    """Return the pages of some commands, or the names of all."""
    if not wanted:
        return "".join(f"{name}\n" for name in sorted(names))
    if unknown := [name for name in wanted if name not in commands]:
        raise UsageError(f"no help for {unknown[0]!r}")
    return "".join(page(commands[name]) for name in wanted)


def page(command: Command) -> str:
    """Return how a command is written, as far as it is simulated."""
    grammar = command.grammar
    flags = [f"[{flag}]" for flag in sorted(grammar.flags)]
    options = [f"[{option} value]" for option in sorted(grammar.options)]
    operands = ["operand ... | -"] if grammar.operands else []
    return f"simulated: {' '.join([command.name, *flags, *options, *operands])}\n"
