"""Ways to reach an array."""
