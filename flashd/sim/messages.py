"""The messages of dscli: an id, the command, the text. The last letter of the id is the class.

Texts that public material does not give say `simulated:`; nobody may come to depend on them.
"""

UNREACHABLE = "CMUN00018E Unable to connect to the management console server"
CONNECTION_LOST = "CMUN00018E simulated: the connection to the management console was lost"
NO_ANSWER = "CMUN02099E simulated: the management console did not answer in time"
NO_FLASH_COPY = "CMUC00234I lsflash: No Flash Copy found."
NO_VOLUME = "CMUC00234I lsfbvol: No FB Volume found."


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


def syntax(command: str, reason: str) -> str:
    """Say that a command was not understood; the array was not asked."""
    return f"CMMCI9099E {command}: simulated: {reason}"


def record_added(command: str, console: str, user: str, path: object) -> str:
    """Say that the password file has a new record."""
    return (
        f"CMUC00206I {command}: Record {console}/{user} successfully added to password file {path}."
    )


def record_removed(command: str, console: str, user: str, path: object) -> str:
    """Say that the password file has lost a record."""
    return (
        f"CMUC00207I {command}: Record {console}/{user} successfully removed"
        f" from password file {path}."
    )


def is_error(message: str) -> bool:
    """Say whether a message is of class E."""
    return message.partition(" ")[0].endswith("E")
