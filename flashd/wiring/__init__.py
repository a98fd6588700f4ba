"""Which classes: the one place that turns configuration into objects.

`home` is a configuration directory and what is made of it, `world` puts the engine's world
together; of what: `arrays`, `guards`, `stores`, `surroundings`.
"""

from flashd.wiring.guards import asks_arrays
from flashd.wiring.home import CONFIG_DIR, Home
from flashd.wiring.surroundings import (
    READER,
    command_events,
    daemon_events,
    supervisor,
    system_clock,
)
from flashd.wiring.world import pace_of

__all__ = [
    "CONFIG_DIR",
    "READER",
    "Home",
    "asks_arrays",
    "command_events",
    "daemon_events",
    "pace_of",
    "supervisor",
    "system_clock",
]
