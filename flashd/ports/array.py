"""An array, reached through a client that logs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractAsyncContextManager

    from flashd.core.firewall import Cleared
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory, Part
    from flashd.model.run import Answer, Carrier
    from flashd.model.volumes import Listing, Pair, VolumeId


class Witness(Protocol):
    """Is told every command before it is sent and every answer after."""

    def sent(self, command: str, client: str) -> None:
        """Hear that `command` goes to the client started with the line `client`."""

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        """Hear what came back, as it came; no exit status where the client was killed.

        In a kept session there is none either: then `failed` tells what the messages say.
        """


class Session(Protocol):
    """A client that is logged in and waits for its command."""

    @property
    def carrier(self) -> Carrier:
        """The process group that will carry the command."""

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:
        """Send one changing command that names `pairs` and read its answer to the end.

        Raises `TooLate` where it could not be written until `not_after`, in seconds of the
        monotonic clock: the readings that allow it are too old then.
        Returns an answer in every case but one: where the command was certainly not read, or
        who sent it was not logged in, it raises as `session` does.
        """


class ArrayBackend(Protocol):
    """One array."""

    async def observe(self, witness: Witness) -> Listing:
        """List every relation of the array.

        Raises `ArrayUnreachable` where there was no answer or none that was understood, and
        `ArrayRejected` or `LoginRefused` where asking again is of no use.
        """

    async def inventory(self, witness: Witness, parts: AbstractSet[Part]) -> Inventory:
        """Tell its volumes and remote copies, and at least these parts of what else there is.

        What was not asked is None. Raises as `observe` does.
        """

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        """Tell what was counted of the I/O of these volumes, in their order, all in one login.

        Raises as `observe` does.
        """

    def session(self, witness: Witness, command: str) -> AbstractAsyncContextManager[Session]:
        """Have a client logged in that can carry this command, and keep it until the context ends.

        Which client that is can depend on how long the command is. Raises as `observe` does.
        """
