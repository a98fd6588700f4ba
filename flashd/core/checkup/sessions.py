"""Whether sessions with arrays can be kept; where none can, each command has a login."""

from __future__ import annotations

from flashd.core.checkup.diagnosis import Diagnosis, hint, ok

_COSTS = "so each command has a login of its own"
_OF_THE_HOST = (
    "Have /dev/ptmx and /dev/pts there (mount -t devpts), also in a container, and raise `sysctl"
    " kernel.pty.max` where that many are open; or set dscli.mode: oneshot, as is done now."
)
_OF_THE_CLIENT = "docs/operations.md tells under 'A session is not kept' what to look at."


def judge_terminal(lack: str) -> Diagnosis:
    """Judge whether this host gives terminals, without which none is kept; `lack` says why not."""
    check = "sessions"
    if lack:
        return hint(
            check, f"none can be kept, {_COSTS}: no terminal is given: {lack}", _OF_THE_HOST
        )
    return ok(check, "a terminal is given, so that one login an array can be kept")


def judge_session(array: str, doubt: str) -> Diagnosis:
    """Judge a session that was just kept; `doubt` says why it was not, if so."""
    check = f"session with {array}"
    if doubt:
        return hint(check, f"none is kept, {_COSTS}: {doubt}", _OF_THE_CLIENT)
    return ok(check, "it stayed in step: one login does for many commands")
