"""Ways to learn whether a dependent service is down."""
