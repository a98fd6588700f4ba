"""Read what dscli printed: the way back from `layout`, for a twin and for a comparison.

`read` takes the text as a person pastes it and gives tables; it knows no array and no file.
"""

from flashd.sim.reading.paste import Line, Section, sections
from flashd.sim.reading.reader import Reading, read
from flashd.sim.reading.tables import Row, Table, Trouble

__all__ = ["Line", "Reading", "Row", "Section", "Table", "Trouble", "read", "sections"]
