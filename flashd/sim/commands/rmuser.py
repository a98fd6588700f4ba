"""rmuser: delete accounts."""

from flashd.sim import accounts, messages
from flashd.sim.commands.command import SERVER, SUCCESS, Answer, Call, Command
from flashd.sim.grammar import Grammar
from flashd.sim.roles import Task


def run(call: Call) -> Answer:
    """Delete each account that is named."""
    said = [_remove(call, name) for name in call.request.operands]
    failed = any(map(messages.is_error, said))
    return Answer(messages=tuple(said), exit=SERVER if failed else SUCCESS)


def _remove(call: Call, name: str) -> str:
    if accounts.find(call.held.rows, name, call.at) is None:
        return messages.account_failure("rmuser", name, "unknown user")
    accounts.remove_user(call.held.rows, name)
    return messages.user_changed("rmuser", name, "deleted")


RMUSER = Command(
    name="rmuser",
    grammar=Grammar(flags=frozenset(("-quiet",)), operands=True, needs_operand=True),
    run=run,
    task=Task.USERS,
    question=messages.sure_to_delete_user,
    bound=False,
)
