"""setenv and setoutput: how the answers of this session look."""

from collections.abc import Mapping

from flashd.sim.grammar import Request, UsageError
from flashd.sim.layout import OPTIONS, Layout

_INERT = frozenset(("-v", "-verbose", "-p", "-paging", "-r", "-rows", "-echo", "-timeout"))

ENVIRONMENT: Mapping[str, frozenset[str]] = {
    "setenv": frozenset(("-banner", "-header", "-format", "-delim", "-fullid", "-devid")) | _INERT,
    "setoutput": frozenset(("-bnr", "-hdr", "-fmt", "-delim")) | _INERT,
}


def change_layout(layout: Layout, request: Request) -> Layout:
    """Return the layout as it is from now on; options without an effect here are let pass."""
    try:
        for option, value in request.options.items():
            known = "-dev" if option == "-devid" else option
            layout = layout.changed(known, value) if known in OPTIONS else layout
    except ValueError as error:
        raise UsageError(str(error)) from error
    return layout
