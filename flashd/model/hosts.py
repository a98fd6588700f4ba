"""The names of hosts."""

from __future__ import annotations


def plain_name(name: str) -> str:
    """Write the name of a host in the one way in which names are compared.

    Case says nothing in a name, nor does the dot that ends a complete one.
    """
    return name.rstrip(".").lower()
