"""mkuser: make an account. Its password is expired at first use."""

from flashd.sim import accounts, messages
from flashd.sim.commands.command import SERVER, Answer, Call, Command
from flashd.sim.grammar import Grammar, UsageError
from flashd.sim.roles import ROLES, Task


def run(call: Call) -> Answer:
    """Make the account that is named."""
    options = call.request.options
    if len(call.request.operands) > 1:
        raise UsageError("one user at a time")
    if missing := {"-pw", "-group"} - options.keys():
        raise UsageError(f"option {min(missing)} is missing")
    name, role = call.request.operands[0], options["-group"]
    if reason := _reason_against(call, name, role):
        return Answer(messages=(messages.account_failure("mkuser", name, reason),), exit=SERVER)
    accounts.add_user(call.held.rows, name, options["-pw"], role, call.at)
    accounts.set_user(call.held.rows, name, must_change=True)
    return Answer(messages=(messages.user_changed("mkuser", name, "created"),))


def _reason_against(call: Call, name: str, role: str) -> str:
    if accounts.find(call.held.rows, name, call.at):
        return "the user exists already"
    if role not in ROLES:
        return f"there is no group {role}"
    return accounts.unfit_at_first(call.held.rows, call.request.options["-pw"])


MKUSER = Command(
    name="mkuser",
    grammar=Grammar(options=frozenset(("-pw", "-group")), operands=True, needs_operand=True),
    run=run,
    task=Task.USERS,
    bound=False,
)
