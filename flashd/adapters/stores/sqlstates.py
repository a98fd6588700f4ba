"""Every way in which a PostgreSQL server can say no, or nothing, in words.

What it says in the middle of a session has a code (its manual, appendix A). What it says before
there is one has none, and only its words, which are English unless `lc_messages` says otherwise.
"""

from __future__ import annotations

Words = tuple[str, str]

_GRANT = "Grant it to the role that flashd logs in as: docs/operations.md has the statements."
_AGAIN = "It is tried again; nothing was sent without its record."
_SPACE = "Free space on the file system of the server that holds it."
_LOGIN = (
    "Give the password by a passfile, or let the server know the user otherwise (pg_hba.conf);"
    " it never belongs in flashd.yaml."
)
_LIMIT = "Raise the limit of connections of the server, the database or the role; flashd uses two."
_STANDBY = (
    "Have `state` name the primary server; flashd never works with a copy that may be behind."
)

_BY_CODE: dict[str, Words] = {
    "25006": ("cannot be written: the server is read-only", _STANDBY),
    "25P03": ("was given up by the server: a transaction stood still", _AGAIN),
    "28000": ("does not let flashd in", _LOGIN),
    "28P01": ("does not let flashd in", _LOGIN),
    "3D000": ("does not exist", "Create the database or the role, or mend `state`."),
    "3F000": (
        "has no schema to work in",
        "Create the schema that search_path names, and let flashd's role create tables there.",
    ),
    "42501": ("refused flashd's role a right that it needs", _GRANT),
    "42P01": ("lacks a table", "Look who changed it, and restore a backup into an empty schema."),
    "53100": ("cannot be written: the server's disk is full", _SPACE),
    "53300": ("takes no more connections", _LIMIT),
    "55P03": (
        "is locked by another process",
        "Look for a session that stands still in `pg_stat_activity`.",
    ),
    "57014": ("did not answer in time", "Look at the load of the server, and for locks."),
    "57P01": ("is being stopped", _AGAIN),
    "57P02": ("has lost a process and starts again", _AGAIN),
    "57P03": ("is being started or stopped", _AGAIN),
}
_BY_CLASS: dict[str, Words] = {
    "08": ("was lost in the middle; whether the last record is there is not known", _AGAIN),
    "23": (
        "refused a record that contradicts what it holds",
        "Look at `flashd history`; if that does not explain it, report it as a bug.",
    ),
    "53": ("lacks room at the server", "Look at the memory and the limits of the server."),
    "58": ("cannot be read or written: the server's disk says no", "Look at the server's log."),
    "XX": (
        "is damaged, or the server is in trouble",
        "Look at the server's log, and restore a backup into an empty schema where need be.",
    ),
}
_BY_WORDS: tuple[tuple[str, Words], ...] = (
    ("password authentication failed", _BY_CODE["28P01"]),
    ("no password supplied", _BY_CODE["28P01"]),
    ("authentication failed", _BY_CODE["28000"]),
    ("no pg_hba.conf entry", _BY_CODE["28000"]),
    ("pg_hba.conf rejects", _BY_CODE["28000"]),
    ("is not permitted to log in", _BY_CODE["28000"]),
    ("permission denied for database", _BY_CODE["42501"]),
    ("too many connections", _BY_CODE["53300"]),
    ("too many clients", _BY_CODE["53300"]),
    ("remaining connection slots", _BY_CODE["53300"]),
    ("session is read-only", _BY_CODE["25006"]),
    ("server is in hot standby mode", _BY_CODE["25006"]),
    ("is starting up", _BY_CODE["57P03"]),
    ("is shutting down", _BY_CODE["57P03"]),
    ("not yet accepting connections", _BY_CODE["57P03"]),
    ("does not exist", _BY_CODE["3D000"]),
    ("definition of service", ("names a service that is not defined", "Mend pg_service.conf.")),
    (
        "connection option",
        ("has an option in its URL that libpq does not know", "Mend the end of `state`."),
    ),
)
_UNREACHED = (
    "cannot be reached",
    "See that the server runs and accepts connections from here. Until then nothing is sent.",
)
_LOST = _BY_CLASS["08"]


def words_of(code: str | None, text: str, *, connected: bool) -> Words | None:
    """Tell what happened and what to do; None where nobody foresaw it.

    `connected` says that there was a connection before.
    """
    if code is not None:
        return _BY_CODE.get(code) or _BY_CLASS.get(code[:2])
    if connected:
        return _LOST
    return next((words for part, words in _BY_WORDS if part in text), _UNREACHED)
