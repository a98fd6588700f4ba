"""lsuser and showuser: accounts; an administrator sees all, anybody else his own."""

from flashd.sim import accounts, messages
from flashd.sim.commands.command import SERVER, Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar, UsageError
from flashd.sim.layout import Report
from flashd.sim.nouns import User
from flashd.sim.roles import Task, may

_COLUMNS = ("Name", "Group", "State")


def run(call: Call) -> Answer:
    """List the accounts."""
    found = _visible(call)
    if "-s" in call.request.flags:
        return Answer(report=Report(_COLUMNS[:1], tuple((user.name,) for user in found)))
    rows = tuple((user.name, user.role, _state(user)) for user in found)
    return Answer(report=Report(_COLUMNS, rows))


def show(call: Call) -> Answer:
    """Show the account that is named, or one's own."""
    if len(call.request.operands) > 1:
        raise UsageError("one user at a time")
    name = next(iter(call.request.operands), call.user.name)
    found = next((user for user in _visible(call) if user.name == name), None)
    if found is None:
        said = messages.account_failure("showuser", name, "unknown user")
        return Answer(messages=(said,), exit=SERVER)
    columns = (*_COLUMNS, "FailedLogin", "PwExpired")
    values = (
        found.name,
        found.role,
        _state(found),
        str(found.failed_logins),
        "Yes" if found.expired else "No",
    )
    return Answer(report=Report(columns, (values,), single=True))


def _visible(call: Call) -> list[User]:
    everybody = may(call.user.role, Task.USERS, call.held.switches)
    found = accounts.users(call.held.rows, call.at)
    return [user for user in found if everybody or user.name == call.user.name]


def _state(user: User) -> str:
    return "locked" if user.locked else "active"


LSUSER = Command(
    name="lsuser",
    grammar=Grammar(flags=frozenset(("-l", "-s")), options=LISTING_OPTIONS),
    run=run,
    task=Task.OWN_ACCOUNT,
    bound=False,
)
SHOWUSER = Command(
    name="showuser",
    grammar=Grammar(options=LISTING_OPTIONS, operands=True),
    run=show,
    task=Task.OWN_ACCOUNT,
    bound=False,
)
