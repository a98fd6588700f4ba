"""Reading XML of another program's: elements and attributes, and nothing that could expand.

A document type is refused, so no entity can be defined, neither one that grows nor one that
names a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Element:
    """An element; its text is of no interest here."""

    name: str
    told: Mapping[str, str]
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """Pick the children of a name."""
        return [child for child in self.children if child.name == name]

    def one(self, name: str) -> Element:
        """Pick the one child of a name; raises `ValueError` if there is none, or another."""
        if len(found := self.all(name)) != 1:
            raise ValueError(f"{self.name} has {len(found)} elements {name}, not one")
        return found[0]

    def below(self, name: str) -> Iterator[Element]:
        """Pick the elements of a name at any depth."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)


def read(text: str, root: str) -> Element:
    """Read a document whose outermost element has that name; raises `ValueError`."""
    open_elements = [Element("the document", {})]

    def start(name: str, told: dict[str, str]) -> None:
        if len(open_elements) > _DEEPEST:
            raise ValueError("it is nested too deep")
        open_elements[-1].children.append(element := Element(name, told))
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no XML: {error}") from error
    return open_elements[0].one(root)


def _refuse(*_: object) -> None:
    raise ValueError("it has a document type")
