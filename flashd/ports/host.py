"""This host and its processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flashd.model.lease import Holder
    from flashd.model.run import Carrier


class Host(Protocol):
    """Who we are, and who is still alive."""

    def holder(self, token: str) -> Holder:
        """Name this process as a holder of leases."""

    def gone(self, holder: Holder) -> bool | None:
        """Whether that process has ended; None where it cannot be known from here."""

    def ours(self, carrier: Carrier) -> bool:
        """Whether every process of that living group was started by a flashd."""

    async def end(self, carrier: Carrier) -> bool | None:
        """End that process group if it lives, and wait until it is gone.

        True: it is gone. False: it would not go. None: it may belong to another host.
        """
