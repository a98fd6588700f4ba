"""Every behaviour that public material leaves open, or that costs time: name, default, meaning.

The tag says how the default is known: V verbatim in public material, C seen in public code, I
inferred, R recalled, U unknown. From where stands with the behaviour, in `behaviours.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flashd.sim import copyswitches, terminalswitches
from flashd.sim.errors import SimError

YES_NO = ("yes", "no")
NUMBER = ("number",)
ZONE = ("client", "zone")
TEXT = ("text",)
KINDS = frozenset(("number", "zone", "text"))  # of values; as a value none of these words will do


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: what it accepts, where it stands unless moved, how that is known, what it does.

    `meaning` is what the page says of its positions.
    """

    name: str
    default: str
    accepts: tuple[str, ...]
    tag: str
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
        "seconds; one session of 3.4 s is on record",
    ),
    Switch("command_seconds", "0", NUMBER, "U", "seconds, spent before the command acts"),
    Switch(
        "connect_seconds",
        "0",
        NUMBER,
        "V",
        (
            "seconds for each port of a console that does not answer, at most the profile's "
            "`timeout.connection`; 20 is real"
        ),
    ),
    Switch(
        "copy_rate",
        "unlimited",
        ("unlimited", "number"),
        "I",
        "tracks a second; 0 stops all copies until it is moved again",
    ),
    Switch(
        "tracks_per_write",
        "16",
        NUMBER,
        "I",
        "tracks that a host write changes, which the next resync copies",
    ),
    Switch(
        "date_zone",
        "client",
        ZONE,
        "I",
        "or a zone's name, such as `Europe/Paris`",
    ),
    Switch(
        "errors_to",
        "stderr",
        ("stderr", "stdout"),
        "C",
        "`stdout`: errors stand among the other messages",
    ),
    Switch(
        "on_error",
        "continue",
        ("continue", "stop"),
        "U",
        "`stop`: a stream or script ends with the first failed command",
    ),
    Switch(
        "stream_exit",
        "zero",
        ("zero", "first-error", "last"),
        "I",
        "exit code of a stream or script: `zero`, `first-error`, `last`",
    ),
    Switch(
        "partial_exit",
        "4",
        ("4", "6", "0"),
        "U",
        "exit code when some pairs failed and others not: `4`, `6`, `0`",
    ),
    Switch(
        "all_refused_exit",
        "4",
        ("4", "6", "2"),
        "U",
        "exit code when all pairs failed: `4`, `6`, `2`",
    ),
    Switch(
        "foreign_image_exit",
        "2",
        ("2", "4", "6"),
        "U",
        "exit code where `-dev` or an operand names another storage image: `2`, `4`, `6`",
    ),
    Switch(
        "images_per_console",
        "one",
        ("one", "several"),
        "V",
        "`several`: a command without `-dev`, `devid` or full ids is refused, exit 2",
    ),
    Switch(
        "stream_prompt",
        "yes",
        YES_NO,
        "C",
        "a stream shows the prompt",
    ),
    Switch(
        "trailing_prompt",
        "yes",
        YES_NO,
        "I",
        "also before the end; `no` shows a prompt only once its command is there",
    ),
    Switch(
        "banner_blank_line",
        "no",
        YES_NO,
        "I",
        "an empty line after each banner, as one public log has it",
    ),
    Switch(
        "decimal_capacity",
        "no",
        YES_NO,
        "V",
        "`lsfbvol`: `cap (10^9B)` has a number; samples show both",
    ),
    Switch(
        "extra_columns", "", TEXT, "R", "comma list of columns that newer code adds to `lsflash -l`"
    ),
    Switch(
        "unanswered_exit",
        "2",
        ("2", "6", "0"),
        "U",
        "exit code when rmflash asks and nobody answers; nothing is withdrawn",
    ),
    Switch(
        "failed_logins_allowed",
        "5",
        NUMBER,
        "V",
        "wrong passwords that lock the account; 0: none do",
    ),
    Switch(
        "console_port",
        "1751",
        ("1751", "1750", "1718"),
        "V",
        (
            "port at which consoles answer, or `1750`, `1718`: a client without `port:` tries "
            "the newer ones in vain first"
        ),
    ),
    Switch(
        "on_timeout",
        "acts",
        ("acts", "undone"),
        "I",
        (
            "a command that takes longer than the client's `timeout`: the array acts all the "
            "same, or `undone`"
        ),
    ),
    Switch(
        "warnings_to",
        "stdout",
        ("stdout", "stderr"),
        "U",
        "where messages of class W go, as questions are; or `stderr`",
    ),
    Switch(
        "prompt_to",
        "stdout",
        ("stdout", "stderr"),
        "C",
        "stream of the prompt; or `stderr`: one public client takes it off both",
    ),
    Switch(
        "session_banner",
        "one-line",
        ("one-line", "two-lines"),
        "C",
        "`two-lines`: the id of the image stands on a line of its own",
    ),
    Switch(
        "banner_on_error",
        "no",
        YES_NO,
        "U",
        "a banner also before a command that is not understood or not permitted",
    ),
    Switch("blank_line_after_answer", "no", YES_NO, "U", "an empty line after each answer"),
    Switch(
        "default_delimiter",
        ",",
        (",", "|"),
        "C",
        "of the delim format; or the one of the shipped profile's comment",
    ),
    Switch(
        "verbose_says",
        "nothing",
        ("nothing", "a-line"),
        "U",
        "what `-v on` adds: nothing, or `a-line` of class I",
    ),
    Switch(
        "paging_in_stream",
        "ignore",
        ("ignore", "ask"),
        "U",
        (
            "`ask`: with paging on, a stream or script stops after each page and reads a line "
            "as well"
        ),
    ),
    Switch(
        "dash_in_stream",
        "refuse",
        ("refuse", "read"),
        "I",
        "a lone `-` as operand in a stream; `read`: the rest of the stream is operands",
    ),
    Switch(
        "unknown_profile_key",
        "ignore",
        ("ignore", "refuse"),
        "U",
        "`refuse`: exit 2",
    ),
    Switch(
        "copy_services_roles",
        "admin,op_storage,op_copy_services",
        TEXT,
        "R",
        "roles that may change relations, a comma list; op_copy_services is V",
    ),
    Switch(
        "not_permitted_exit",
        "4",
        ("4", "2", "5", "6"),
        "U",
        "exit code where the role does not cover a command: `4`, `2`, `5`, `6`",
    ),
    Switch(
        "expired_password",
        "chuser-only",
        ("chuser-only", "refuse"),
        "I",
        "only `chuser` works with an expired password; `refuse`: no login, exit 5",
    ),
    Switch("password_expiration_days", "90", NUMBER, "V", "0: passwords do not expire"),
    Switch(
        "password_age_days",
        "1",
        NUMBER,
        "V",
        "days before a user may change his password again; what comes of it is R",
    ),
    Switch("password_length", "8", NUMBER, "V", "shortest new password; what comes of it is R"),
    Switch(
        "password_history",
        "8",
        NUMBER,
        "V",
        "former passwords that may not come again; what comes of it is R",
    ),
    *(Switch(*row) for row in copyswitches.ROWS),
    Switch(
        "comments", "yes", YES_NO, "R", "`no`: a line that begins with `#` is an unknown command"
    ),
    Switch(
        "session_limit",
        "unlimited",
        ("unlimited", "number"),
        "U",
        "sessions that a console bears at once; one more is refused, exit 3",
    ),
    Switch(
        "idle_seconds",
        "unlimited",
        ("unlimited", "number"),
        "U",
        (
            "seconds without a command after which a session is gone: the next command is not "
            "sent, exit 3"
        ),
    ),
    Switch(
        "output_comes",
        "at-once",
        ("at-once", "at-the-end"),
        "U",
        (
            "`at-the-end`: standard output comes in blocks and at the end, unless it is a "
            "terminal; who is killed has said nothing"
        ),
    ),
    Switch(
        "script_session_banner",
        "yes",
        YES_NO,
        "I",
        "a script begins with the banner of the session",
    ),
    *(Switch(*row) for row in terminalswitches.ROWS),
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
