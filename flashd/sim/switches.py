"""Every behaviour that public material leaves open, or that costs time: name, default, evidence.

Tags: V verbatim in public material, C seen in public code, I inferred, R recalled, U unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flashd.sim import copyswitches
from flashd.sim.errors import SimError

YES_NO = ("yes", "no")
NUMBER = ("number",)
ZONE = ("client", "zone")
TEXT = ("text",)
KINDS = frozenset(("number", "zone", "text"))  # of values; as a value none of these words will do


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: what it accepts, where it stands unless moved, and how the default is known."""

    name: str
    default: str
    accepts: tuple[str, ...]
    tag: str
    source: str
    meaning: str

    def check(self, value: str) -> str:
        """Return `value` if the switch can stand there."""
        if self.accepts == TEXT or value in set(self.accepts) - KINDS:
            return value
        if self.accepts[-1] == "number" and _is_amount(value):
            return value
        if self.accepts == ZONE and _is_zone(value):
            return value
        wanted = ", ".join(self.accepts)
        raise SimError(f"switch {self.name} does not take {value!r}; it takes: {wanted}")


def _is_amount(text: str) -> bool:
    try:
        return 0 <= float(text) <= 2**31  # as seconds more than a process can wait for
    except ValueError:
        return False


def _is_zone(text: str) -> bool:
    from zoneinfo import available_timezones  # noqa: PLC0415 - only a moved switch needs it

    return text in available_timezones()


_TABLE = (
    Switch(
        "login_seconds",
        "0",
        NUMBER,
        "V",
        "OpenSVC docs",
        "cost of a login; 3.4 s a session were logged once",
    ),
    Switch("command_seconds", "0", NUMBER, "U", "-", "cost of a command, spent before it acts"),
    Switch(
        "connect_seconds",
        "0",
        NUMBER,
        "V",
        "dscli.profile",
        "cost of a console that fails to answer; 20 each",
    ),
    Switch("copy_rate", "unlimited", ("unlimited", "number"), "I", "-", "tracks copied a second"),
    Switch("tracks_per_write", "16", NUMBER, "I", "-", "tracks that one host write changes"),
    Switch(
        "date_zone",
        "client",
        ZONE,
        "I",
        "OpenSVC ibmdssnap",
        "zone of dates; or a name as Europe/Paris",
    ),
    Switch(
        "errors_to",
        "stderr",
        ("stderr", "stdout"),
        "C",
        "OpenSVC ibmdssnap",
        "where messages of class E go",
    ),
    Switch(
        "on_error", "continue", ("continue", "stop"), "U", "-", "after a failed command in a stream"
    ),
    Switch(
        "stream_exit",
        "zero",
        ("zero", "first-error", "last"),
        "I",
        "OpenSVC ibmds",
        "exit code of a stream",
    ),
    Switch("partial_exit", "4", ("4", "6", "0"), "U", "-", "exit code when only some pairs failed"),
    Switch(
        "stream_prompt",
        "yes",
        YES_NO,
        "C",
        "OpenSVC collector",
        "a stream on standard input shows the prompt",
    ),
    Switch(
        "trailing_prompt",
        "yes",
        YES_NO,
        "I",
        "OpenSVC collector",
        "a prompt also before the end of a stream",
    ),
    Switch(
        "banner_blank_line", "no", YES_NO, "I", "OpenSVC docs", "an empty line after each banner"
    ),
    Switch("decimal_capacity", "no", YES_NO, "V", "lsfbvol samples", "cap (10^9B) has a number"),
    Switch("extra_columns", "", TEXT, "R", "-", "comma list of further columns of lsflash -l"),
    Switch(
        "unanswered_exit", "2", ("2", "6", "0"), "U", "-", "rmflash without -quiet, nobody answers"
    ),
    Switch(
        "failed_logins_allowed",
        "5",
        NUMBER,
        "V",
        "showpass",
        "wrong passwords that lock an account",
    ),
    Switch(
        "console_port",
        "1751",
        ("1751", "1750", "1718"),
        "V",
        "dscli.profile",
        "port at which consoles answer; the newer ones are tried in vain first",
    ),
    Switch(
        "on_timeout",
        "acts",
        ("acts", "undone"),
        "I",
        "-",
        "a command that takes longer than the timeout of the client",
    ),
    Switch(
        "warnings_to",
        "stdout",
        ("stdout", "stderr"),
        "U",
        "-",
        "where messages of class W go, as questions are",
    ),
    Switch(
        "prompt_to", "stdout", ("stdout", "stderr"), "C", "OpenSVC ibmds", "stream of the prompt"
    ),
    Switch(
        "session_banner",
        "one-line",
        ("one-line", "two-lines"),
        "C",
        "Galileo agent",
        "the id of the image on a line of its own",
    ),
    Switch(
        "banner_on_error",
        "no",
        YES_NO,
        "U",
        "-",
        "a banner before a command that is not understood or not permitted",
    ),
    Switch("blank_line_after_answer", "no", YES_NO, "U", "-", "an empty line after each answer"),
    Switch(
        "default_delimiter",
        ",",
        (",", "|"),
        "C",
        "OpenSVC ibmds",
        "of -fmt delim; dscli.profile shows the other one in a comment",
    ),
    Switch(
        "verbose_says", "nothing", ("nothing", "a-line"), "U", "-", "what -v on adds to an answer"
    ),
    Switch(
        "paging_in_stream",
        "ignore",
        ("ignore", "ask"),
        "U",
        "-",
        "paging on where nobody sits at a terminal",
    ),
    Switch(
        "dash_in_stream",
        "refuse",
        ("refuse", "read"),
        "I",
        "lssession help",
        "a lone dash as operand among commands on standard input",
    ),
    Switch(
        "unknown_profile_key",
        "ignore",
        ("ignore", "refuse"),
        "U",
        "-",
        "a key of a profile that means nothing",
    ),
    Switch(
        "copy_services_roles",
        "admin,op_storage,op_copy_services",
        TEXT,
        "R",
        "Concepts Redbook",
        "roles that may change relations; op_copy_services is V",
    ),
    Switch(
        "not_permitted_exit",
        "4",
        ("4", "2", "5", "6"),
        "U",
        "-",
        "exit code where the role does not cover a command",
    ),
    Switch(
        "expired_password",
        "chuser-only",
        ("chuser-only", "refuse"),
        "I",
        "chuser help",
        "an expired password: only chuser works; or no login, exit 5",
    ),
    Switch("password_expiration_days", "90", NUMBER, "V", "showpass", "0: passwords do not expire"),
    Switch(
        "password_age_days",
        "1",
        NUMBER,
        "V",
        "showpass",
        "before a user may change his password again",
    ),
    Switch("password_length", "8", NUMBER, "V", "showpass", "shortest new password"),
    Switch(
        "password_history", "8", NUMBER, "V", "showpass", "former passwords that may not come again"
    ),
    *(Switch(*row) for row in copyswitches.ROWS),
    Switch("comments", "yes", YES_NO, "R", "-", "a line that begins with # is no command"),
    Switch(
        "session_limit",
        "unlimited",
        ("unlimited", "number"),
        "U",
        "-",
        "sessions that a console bears at once",
    ),
    Switch(
        "idle_seconds",
        "unlimited",
        ("unlimited", "number"),
        "U",
        "-",
        "after which a session that was given no command is gone",
    ),
    Switch(
        "output_comes",
        "at-once",
        ("at-once", "at-the-end"),
        "U",
        "-",
        "what a client says that talks to no terminal; it may come in blocks and at its end",
    ),
    Switch(
        "script_session_banner",
        "yes",
        YES_NO,
        "I",
        "OpenSVC docs",
        "a script begins with the banner of the session",
    ),
)

SWITCHES: Mapping[str, Switch] = {switch.name: switch for switch in _TABLE}


def find(name: str) -> Switch:
    """Return the switch called `name`."""
    try:
        return SWITCHES[name]
    except KeyError:
        raise SimError(f"no switch {name!r}; there are: {', '.join(SWITCHES)}") from None


@dataclass(frozen=True, slots=True)
class Positions:
    """Where all switches of one array stand; `moved` holds those that are not at their default."""

    moved: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.moved.get(name, SWITCHES[name].default)

    def on(self, name: str) -> bool:
        """Say whether a yes-or-no switch stands at yes."""
        return self[name] == "yes"

    def number(self, name: str) -> float:
        """Return an amount; `unlimited` is infinite."""
        return float("inf") if self[name] == "unlimited" else float(self[name])
