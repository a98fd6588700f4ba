"""Looks at an installation, changes nothing, and has `core.checkup` judge what it saw."""
