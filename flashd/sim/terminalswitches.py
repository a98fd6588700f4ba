"""The switches of a client on a terminal, as rows of the list of all switches.

They move nothing of a single shot, a script or a stream.
"""

_YES_NO = ("yes", "no")

Row = tuple[str, str, tuple[str, ...], str, str]

ROWS: tuple[Row, ...] = (
    (
        "terminal_echo",
        "kernel",
        ("kernel", "client", "off", "twice"),
        "U",
        (
            "who shows on a terminal what is typed: the terminal itself, or the `client`, which "
            "turns the terminal's echo off while it reads and says the line again; nobody, or both"
        ),
    ),
    (
        "terminal_wrap",
        "none",
        ("none", "newline", "space-cr"),
        "U",
        (
            "where a client that echoes comes to the last column of a terminal: nothing, a line "
            "end, or a blank and a carriage return, as line editors do"
        ),
    ),
    (
        "terminal_table_wrap",
        "no",
        _YES_NO,
        "U",
        "lines of an answer on a terminal are broken at its width, 80 where it has none",
    ),
    (
        "terminal_prompt",
        "plain",
        ("plain", "coloured", "redrawn", "bracketed"),
        "C",
        (
            "the prompt on a terminal: `coloured` between escape sequences; `redrawn`: then a "
            "carriage return, a sequence that clears the line, and the prompt again; `bracketed`: "
            "after a sequence that has the terminal mark what is pasted, with another one once the "
            "line is read, as line editors do"
        ),
    ),
    (
        "terminal_line_limit",
        "kernel",
        ("kernel", "none"),
        "I",
        (
            "what of a long line on a terminal reaches the client: 4,095 bytes, or all, as a "
            "line editor reads it that takes the keys one by one"
        ),
    ),
    (
        "terminal_hangup",
        "ends",
        ("ends", "stays"),
        "U",
        (
            "what a client does whose terminal is gone: it ends at once, or finishes the command "
            "that it has begun"
        ),
    ),
    (
        "after_idle",
        "ends",
        ("ends", "prompts", "leaves"),
        "U",
        (
            "a client on a terminal that has been idle too long: it ends at the next command, or "
            "shows the prompt again, and every further command fails; `leaves`: it waits for none "
            "and ends when the time is over"
        ),
    ),
    (
        "after_loss",
        "ends",
        ("ends", "prompts"),
        "U",
        "the same where the connection is lost, or no answer came in time",
    ),
)

NAMES = frozenset(row[0] for row in ROWS)
