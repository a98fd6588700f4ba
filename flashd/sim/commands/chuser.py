"""chuser: change a password, a role or a lock; one's own password is all that anybody may."""

from flashd.sim import accounts, messages
from flashd.sim.commands.command import SERVER, Answer, Call, Command
from flashd.sim.grammar import Grammar, UsageError
from flashd.sim.roles import ROLES, Task, may

_LOCKS = ("-lock", "-unlock")


def run(call: Call) -> Answer:
    """Change the account that is named, or one's own."""
    if len(call.request.operands) > 1:
        raise UsageError("one user at a time")
    name = next(iter(call.request.operands), call.user.name)
    if accounts.find(call.held.rows, name, call.at) is None:
        return _failed(name, "unknown user")
    if _needs_an_administrator(call, name) and not may(
        call.user.role, Task.USERS, call.held.switches
    ):
        said = messages.not_permitted("chuser", call.user.name)
        return Answer(messages=(said,), exit=int(call.held.switches["not_permitted_exit"]))
    if reason := _change(call, name):
        return _failed(name, reason)
    return Answer(messages=(messages.user_changed("chuser", name, "modified"),))


def _needs_an_administrator(call: Call, name: str) -> bool:
    request = call.request
    return name != call.user.name or bool(request.flags or "-group" in request.options)


def _change(call: Call, name: str) -> str:
    flags, options = call.request.flags, call.request.options
    role = options.get("-group")
    if role is not None and role not in ROLES:
        return f"there is no group {role}"
    if "-pw" in options:
        own = name == call.user.name
        reason = accounts.change_password(
            call.held.rows, name, options["-pw"], call.at, by_himself=own
        )
        if reason:
            return reason
    locked = "-lock" in flags if flags & set(_LOCKS) else None
    accounts.set_user(call.held.rows, name, role=role, locked=locked)
    return ""


def _failed(name: str, reason: str) -> Answer:
    return Answer(messages=(messages.account_failure("chuser", name, reason),), exit=SERVER)


CHUSER = Command(
    name="chuser",
    grammar=Grammar(
        flags=frozenset(_LOCKS),
        options=frozenset(("-pw", "-group")),
        excluding=_LOCKS,
        operands=True,
    ),
    run=run,
    task=Task.OWN_ACCOUNT,
    own_password=True,
    bound=False,
)
