"""The daemon's own code on the twin of a configuration, in virtual time."""
