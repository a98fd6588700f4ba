"""Wrong use of the simulator itself; what the array refuses is an answer, not an error."""


class SimError(Exception):
    """A request to the simulator itself that makes no sense."""
