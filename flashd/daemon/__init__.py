"""The daemon: who asks by himself."""
