"""Which faults there are: where each can strike, which options it takes, what it does."""

from collections.abc import Mapping
from dataclasses import dataclass

from flashd.sim import bounds
from flashd.sim.errors import SimError

CONNECT, LOGIN, BEFORE, AFTER, ANSWER = "connect", "login", "before", "after", "answer"
AT_COMMANDS = frozenset((BEFORE, AFTER, ANSWER))
_MOST = {"seconds": bounds.CENTURY, "exit": 255.0, "signal": 64.0}
_FREE_TEXT = frozenset(("text", "pair", "column"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: where it can strike (first: unless told) and which options it takes.

    `ways` are the values of its option `how`, the first one unless told. `others`: it is somebody
    else who does something, beside the command that it strikes.
    """

    name: str
    positions: tuple[str, ...]
    options: tuple[str, ...]
    meaning: str
    ways: tuple[str, ...] = ()
    others: bool = False

    def check(self, option: str, value: str) -> None:
        """Refuse an option that this kind does not take, or not so."""
        if option not in self.options:
            known = ", ".join(self.options) or "none"
            raise SimError(f"fault {self.name} takes no option {option}; it takes: {known}")
        if option == "how":
            if value not in self.ways:
                wanted = ", ".join(self.ways)
                raise SimError(f"fault {self.name} does not know {value!r}; how: {wanted}")
        elif option == "silent":
            if value not in {"yes", "no"}:
                raise SimError(f"option silent of fault {self.name} is yes or no, not {value!r}")
        elif option not in _FREE_TEXT and not self._is_number(value):
            raise SimError(f"option {option} of fault {self.name} is a number, not {value!r}")
        elif option not in _FREE_TEXT and abs(float(value)) > _MOST.get(option, bounds.MOST):
            raise SimError(f"option {option} of fault {self.name} is too large: {value[:40]}")

    def _is_number(self, value: str) -> bool:
        bare = value.removeprefix("-") if self.name == "clock-steps" else value
        return bare.isascii() and bare.replace(".", "", 1).isdigit()


def _other(name: str, options: tuple[str, ...], meaning: str) -> Kind:
    return Kind(name, (BEFORE, AFTER), options, meaning, others=True)


_TABLE = (
    # the way to the console
    Kind("unreachable", (CONNECT,), ("seconds",), "a console does not answer"),
    Kind("start-fails", (CONNECT,), ("exit", "text"), "dscli ends before it connects, exit 63"),
    Kind("login-refused", (LOGIN,), ("text",), "the login is refused, exit 5; not counted"),
    Kind("login-hang", (LOGIN,), ("seconds",), "the login takes seconds, or never ends"),
    Kind("locked-out", (LOGIN,), (), "somebody's wrong passwords lock the account just before"),
    Kind("password-expired", (LOGIN,), (), "the user's password expires just before"),
    # the client does not learn what the array does
    Kind("hang", (BEFORE, AFTER), ("seconds",), "no answer for seconds, or ever"),
    Kind("die-before", (BEFORE,), ("signal",), "dscli is killed, nothing done"),
    Kind("die-after", (AFTER,), ("signal",), "dscli is killed, all done"),
    Kind("die-answering", (ANSWER,), ("bytes", "signal"), "all done, killed within its answer"),
    Kind("lost-answer", (AFTER,), ("exit",), "all done, nothing said, dscli ends"),
    Kind(
        "connection-lost",
        (BEFORE, AFTER),
        ("exit",),
        "a message of class E of a lost connection, exit 3; nothing or all done",
    ),
    Kind(
        "console-gone",
        (BEFORE, AFTER),
        ("exit",),
        "the same, and the console of the session cannot be reached any more",
    ),
    Kind(
        "client-timeout",
        (AFTER,),
        ("seconds", "exit"),
        "all done, but after seconds dscli says that it got no answer (900 s in real life)",
    ),
    Kind(
        "acts-late",
        (AFTER,),
        ("seconds", "pairs", "exit", "signal"),
        "dscli is killed, or ends; the array acts seconds later, on all but the first pairs",
    ),
    # what the array does
    Kind("refused", (BEFORE,), ("text", "exit"), "a message of class E, nothing done"),
    Kind("lie", (ANSWER,), (), "the answer of success, nothing done"),
    Kind("partial", (ANSWER,), ("pairs", "silent", "exit"), "only the first pairs are done"),
    # what of the answer reaches the client
    Kind("cut-short", (ANSWER,), ("bytes", "rows"), "the answer ends early, without an error"),
    Kind("garbage", (ANSWER,), ("text",), "all done, and an answer that means nothing"),
    Kind("language", (ANSWER,), (), "all done, the answer is German"),
    Kind("flood", (BEFORE, AFTER), (), "an answer without an end"),
    Kind("previous-answer", (ANSWER,), (), "all done, the answer is that of the command before"),
    Kind("glued", (ANSWER,), (), "all done, the lines of the answer are one"),
    Kind("wrapped", (ANSWER,), ("bytes",), "all done, lines are broken after so many bytes"),
    Kind("noise", (ANSWER,), ("how",), "all done, odd bytes", ("nul", "utf8", "cr")),
    Kind("drip", (ANSWER,), ("seconds",), "the answer takes seconds to come, bit by bit"),
    Kind("closed-output", (ANSWER,), ("seconds",), "all said; output closed, and dscli stays"),
    Kind("left-child", (ANSWER,), ("seconds",), "dscli ends, a child of it keeps the output open"),
    Kind("wrong-exit", (ANSWER,), ("exit",), "the right answer, and dscli ends with this code"),
    Kind("warnings", (ANSWER,), (), "a message of class W before each of the others"),
    Kind(
        "confused",
        (ANSWER,),
        ("how",),
        "all done, messages of other pairs: the last one's names another pair, or the first;"
        " or the first one is denied as well",
        ("other-pair", "same-pair", "contradiction"),
    ),
    # where a person sits, or who acts as one: the prompt is not where it belongs
    Kind(
        "early-prompt",
        (AFTER, BEFORE),
        ("seconds",),
        "on a terminal: the prompt comes before the answer, which comes seconds later, or once the"
        " next line is there; all done by then, or nothing",
    ),
    Kind(
        "extra-prompt",
        (ANSWER,),
        ("seconds",),
        "on a terminal: the prompt comes twice, again after seconds or once the next line is there",
    ),
    Kind("no-prompt", (ANSWER,), (), "on a terminal: no prompt after the answer"),
    Kind(
        "late-words",
        (ANSWER,),
        ("seconds", "text"),
        "on a terminal: a message seconds after the prompt, or once the next line is there",
    ),
    # tables
    Kind("rows-twice", (ANSWER,), ("rows",), "the first rows of a table stand there twice"),
    Kind("foreign-rows", (ANSWER,), (), "a table with rows of another array"),
    Kind(
        "columns",
        (ANSWER,),
        ("how", "column"),
        "a table with a column that is missing, renamed, or new; or in another order",
        ("missing", "renamed", "extra", "reordered"),
    ),
    # what somebody else does meanwhile
    _other("others-resync", ("pair",), "somebody resyncs a pair, or all"),
    _other("others-withdraw", ("pair",), "somebody withdraws a pair, or all"),
    _other("others-reverse", ("pair",), "somebody reverses a pair, or all"),
    _other("others-change", ("pair", "text"), "a column of lsflash -l changes, as State=Invalid"),
    _other("others-write", ("pair",), "a host writes to the source of a pair, or all"),
    _other("clock-steps", ("seconds",), "the array's clock is set, forth or (-) back"),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}


def find(name: str) -> Kind:
    """Return the kind called `name`."""
    try:
        return KINDS[name]
    except KeyError:
        raise SimError(f"no fault {name!r}; there are: {', '.join(KINDS)}") from None


def names_at(*positions: str) -> frozenset[str]:
    """Return the names of the faults that can strike at these positions."""
    return frozenset(kind.name for kind in _TABLE if set(kind.positions) & set(positions))
