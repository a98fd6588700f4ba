"""What can go wrong, by what the user can do about it.

Expected answers (not due, guard up, plan refused, lease held) are values, not errors.
Messages are in lower case without a full stop; the hint is a sentence that says what to do.
"""

from __future__ import annotations

from typing import ClassVar


class FlashdError(Exception):
    """A failure that is told to the user in words and ends what was asked for."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "FD-9000"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(FlashdError):
    """A definition, a setting or a credential cannot be used as it stands."""

    exit_code = 2
    code = "FD-9002"


class StoreError(FlashdError):
    """The state store cannot be read or written: no record, so no act."""

    code = "FD-9003"


class StoreGone(StoreError):  # noqa: N818 - named for the state of the store
    """The file of the store is another one than was opened: only a new start helps."""

    code = "FD-9004"


class ArrayError(FlashdError):
    """An array, or the dscli that speaks to it, gave no usable answer."""

    code = "FD-9010"


class ArrayUnreachable(ArrayError):  # noqa: N818 - named for the state of the array
    """Nothing that changes anything was sent; asking again later is harmless."""

    code = "FD-9011"


class ArrayRejected(ArrayError):  # noqa: N818 - named for what the array did
    """The array or dscli said no; asking again would get the same answer."""

    code = "FD-9012"


class LoginRefused(ArrayRejected):
    """The management console refused user or password.

    Never retried: five failed logins lock the account for everybody
    (DS8000 default "Failed Logins Allowed 5").
    """

    code = "FD-9013"


class LoginStopped(LoginRefused):
    """Not tried: an earlier login with the same password file was refused."""

    code = "FD-9014"


class Unsurveyed(ArrayError):  # noqa: N818 - named for the state of the array
    """The array is listed, but not what it has that a copy could harm: nothing is sent to it."""

    code = "FD-9016"


class TooLate(ArrayUnreachable):
    """Nothing was sent: the guards' last readings grew old before the command could be written."""

    code = "FD-9015"
