"""A unit of systemd as its file and its drop-ins have it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_YES = frozenset({"yes", "true", "on", "1"})
_ANY = ("0.0.0.0/0", "::/0")
_NAMED: Mapping[str, Sequence[str]] = {
    "any": _ANY,
    "localhost": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/64"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit's [Service] section says: the words of each key."""

    name: str
    keys: Mapping[str, tuple[str, ...]]

    def words(self, key: str) -> tuple[str, ...]:
        """Tell all words of a key."""
        return self.keys.get(key, ())

    def word(self, key: str, default: str = "") -> str:
        """Tell the last word of a key."""
        return (self.words(key) or (default,))[-1]

    def on(self, key: str) -> bool:
        """Whether a key says yes."""
        return self.word(key).lower() in _YES

    def networks(self, key: str) -> tuple[Network, ...]:
        """Read the addresses of a key; what is no address is left out."""
        texts = [text for word in self.words(key) for text in _NAMED.get(word, (word,))]
        return tuple(found for text in texts if (found := _network(text)))


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def read_unit(name: str, texts: Iterable[str]) -> Unit:
    """Read a unit's file and its drop-ins, in their order; an empty value takes back the former."""
    keys: dict[str, tuple[str, ...]] = {}
    for text in texts:
        section = ""
        for line in text.replace("\\\n", " ").splitlines():
            key, equals, value = line.strip().partition("=")
            if line.strip().startswith("["):
                section = line.strip()
            elif equals and section == "[Service]" and not key.startswith(("#", ";")):
                words = tuple(value.split())
                keys[key.strip()] = (*keys.get(key.strip(), ()), *words) if words else ()
    return Unit(name, keys)
