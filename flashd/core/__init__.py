"""Whether: pure decisions. No I/O, no clock, no log, no await; each answer carries its reason."""
