"""Guards that look at what answers in the network."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from flashd.config.guards.common import GuardOptions, Timeout
from flashd.config.values import Host, Reads, whole_number


def _port(value: object) -> int:
    return whole_number(value, 1, 65535)


class TcpOptions(GuardOptions):
    """Nobody accepts connections on a TCP port."""

    proves: ClassVar[bool] = False

    host: Host = Field(description="The host to connect to.")
    port: Annotated[
        int,
        Reads(
            _port,
            {
                "anyOf": [
                    {"type": "integer", "minimum": 1, "maximum": 65535},
                    {"type": "string", "pattern": "^[0-9]{1,5}$"},
                ]
            },
        ),
    ] = Field(description="The port.")
    timeout: Timeout = Field(
        default=timedelta(seconds=10), description="How long to wait for an answer, 30s at most."
    )

    def label(self) -> str:
        """Name the port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp {host}:{self.port}"
