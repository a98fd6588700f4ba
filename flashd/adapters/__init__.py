"""How: every port on the real world."""
