"""showpass and chpass: the rules for passwords, which here are switches of the array."""

from flashd.sim import messages
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar, UsageError
from flashd.sim.layout import Report
from flashd.sim.roles import Task

_RULES = (
    ("Password Expiration", " days", "-expire", "password_expiration_days"),
    ("Failed Logins Allowed", "", "-fail", "failed_logins_allowed"),
    ("Password Age", " days", "-age", "password_age_days"),
    ("Minimum Length", "", "-length", "password_length"),
    ("Password History", "", "-history", "password_history"),
)
"""Name and unit in showpass, option of chpass, switch."""


def show(call: Call) -> Answer:
    """Show the rules."""
    names = tuple(name for name, *_ in _RULES)
    held = call.held.switches
    values = tuple(f"{held.number(switch):g}{unit}" for _, unit, _, switch in _RULES)
    return Answer(report=Report(names, (values,), single=True))


def change(call: Call) -> Answer:
    """Change the rules that are given."""
    options = call.request.options
    if not options:
        raise UsageError("an option is missing")
    if wrong := [value for value in options.values() if not value.isdecimal()]:
        raise UsageError(f"{wrong[0]!r} is not a whole number")
    for _, _, option, switch in _RULES:
        if option in options:
            call.held.move_switch(switch, options[option])
    return Answer(messages=(messages.SECURITY_SET,))


SHOWPASS = Command(
    name="showpass",
    grammar=Grammar(options=LISTING_OPTIONS),
    run=show,
    bound=False,
)
CHPASS = Command(
    name="chpass",
    grammar=Grammar(options=frozenset(option for _, _, option, _ in _RULES)),
    run=change,
    task=Task.USERS,
    bound=False,
)
