"""The messages of dscli: an id, the command, the text. The last letter of the id is the class.

Texts that public material does not give say `simulated:`; nobody may come to depend on them.
"""

UNREACHABLE = "CMUN00018E Unable to connect to the management console server"
CONNECTION_LOST = "CMUN00018E simulated: the connection to the management console was lost"
NO_ANSWER = "CMUN02098E simulated: the management console did not answer in time"
LATE_WORDS = "CMUC09097I simulated: something has happened that nobody asked about"
NO_FLASH_COPY = "CMUC00234I lsflash: No Flash Copy found."
NO_VOLUME = "CMUC00234I lsfbvol: No FB Volume found."

NEXT_PAGE = "simulated: press enter for the next page"
SECURITY_SET = "CMUC00195I chpass: Security properties successfully set."


def nothing_found(command: str, kind: str, *, known: bool = False) -> str:
    """Say that nothing is there to list; `known`: public material gives the words."""
    mark = "" if known else "simulated: "
    return f"CMUC00234I {command}: {mark}No {kind} found."


def no_such_volume(command: str, volume: str) -> str:
    """Say that a volume to be shown does not exist."""
    return f"CMUN02094E {command}: simulated: {volume} does not exist"


def established(pair: object) -> str:
    """Say that mkflash made a pair."""
    return f"CMUC00137I mkflash: FlashCopy pair {pair} successfully created."


def resynced(pair: object) -> str:
    """Say that resyncflash refreshed a pair."""
    return f"CMUC00168I resyncflash: FlashCopy volume pair {pair} successfully resynchronized."


def withdrawn(pair: object, form: str) -> str:
    """Say that rmflash ended a pair, in one of the two forms that were seen."""
    if form == "CMUN81131I":
        return (
            f"CMUN81131I rmflash: {pair}: The Withdraw command was accepted"
            " and the FLC relationship has been removed."
        )
    return f"CMUC00140I rmflash: FlashCopy pair {pair} successfully removed."


def reversed_pair(pair: object) -> str:
    """Say that reverseflash turned a pair round."""
    return f"CMUC00169I reverseflash: FlashCopy volume pair {pair} successfully reversed."


def flash_done(command: str, subject: object, done: str) -> str:
    """Say that a command did what no public text gives the words for."""
    return f"CMUC00099I {command}: simulated: {subject} successfully {done}."


def sure_to_withdraw(pair: str) -> str:
    """Ask before rmflash."""
    return f"CMUC00144W rmflash: Are you sure you want to remove the FlashCopy pair {pair}:? [y/n]:"


def copy_services_failure(command: str, subject: object, reason: str) -> str:
    """Say that the array refused, and why, visibly simulated."""
    return f"CMUN03099E {command}: {subject}: Copy Services operation failure: simulated: {reason}"


def warning_of(message: str) -> str:
    """Say something of class W about what another message tells of."""
    number, _, rest = message.partition(" ")
    return f"CMUN03099W {rest}" if rest else f"CMUN03099W {number}"


def login_refused(reason: str) -> str:
    """Say that there is no session."""
    return f"CMUC00191E simulated: authentication failure: {reason}"


def not_permitted(command: str, user: str) -> str:
    """Say that the user's role does not cover a task."""
    return f"CMUN02099E {command}: Unsupported task: simulated: not permitted to user {user}"


def password_expired(command: str) -> str:
    """Say that nothing but chuser works until the password is another one."""
    return f"CMUC00191E {command}: simulated: the password has expired; change it with chuser -pw"


def no_answer(command: str, seconds: float) -> str:
    """Say that the client has given up; the array may go on."""
    return f"CMUN02098E {command}: simulated: connection error: no answer within {seconds:g} s"


def idle_too_long(command: str) -> str:
    """Say that the session was gone before the command was sent."""
    return f"CMUN02096E {command}: simulated: connection error: the session has been idle too long"


def too_many_sessions(limit: float) -> str:
    """Say that a console takes no more clients."""
    return f"CMUN02095E simulated: connection error: there are {limit:g} sessions already"


def verbose(rows: int) -> str:
    """Say more, where -v on was asked for."""
    return f"CMUC09098I simulated: verbose: rows {rows}"


def user_changed(command: str, name: str, done: str) -> str:
    """Say that an account was made, modified or deleted."""
    ids = {"created": "CMUC00133I", "modified": "CMUC00134I", "deleted": "CMUC00136I"}
    return f"{ids[done]} {command}: simulated: user {name} successfully {done}"


def sure_to_delete_user(name: str) -> str:
    """Ask before rmuser."""
    return f"CMUC00135W rmuser: simulated: is user {name} to be deleted? [y/n]:"


def account_failure(command: str, name: str, reason: str) -> str:
    """Say that the console refused to change an account."""
    return f"CMUN02097E {command}: simulated: user {name}: {reason}"


def syntax(command: str, reason: str) -> str:
    """Say that a command was not understood; the array was not asked."""
    return f"CMMCI9099E {command}: simulated: {reason}"


def record_added(command: str, console: str, user: str, path: object) -> str:
    """Say that the password file has a new record."""
    return (
        f"CMUC00206I {command}: simulated: record {console}/{user} successfully added"
        f" to password file {path}"
    )


def record_changed(command: str, console: str, user: str, path: object) -> str:
    """Say that the password file has another password for a record."""
    return (
        f"CMUC00208I {command}: simulated: record {console}/{user} successfully changed"
        f" in password file {path}"
    )


def record_removed(command: str, console: str, user: str, path: object) -> str:
    """Say that the password file has lost a record."""
    return (
        f"CMUC00207I {command}: simulated: record {console}/{user} successfully removed"
        f" from password file {path}"
    )


def is_error(message: str) -> bool:
    """Say whether a message is of class E."""
    return message.partition(" ")[0].endswith("E")


def is_warning(message: str) -> bool:
    """Say whether a message is of class W, as questions are."""
    return message.partition(" ")[0].endswith("W")
