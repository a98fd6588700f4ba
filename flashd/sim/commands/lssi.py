"""lssi: list the storage images that the console manages, which here is one."""

import re

from flashd.sim import messages
from flashd.sim.array import Identity
from flashd.sim.commands import listing
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.commands.listing import Listing, qualified
from flashd.sim.ids import BadIdError, same_image

_IMAGE = re.compile(r"(?:[A-Z]+\.)?(?:\d{4}-)?\w{7}")

LISTING = Listing[Identity](
    cells={
        "Name": lambda *_: "-",
        "ID": lambda _, image: image.serial,
        "Storage Unit": lambda _, image: image.serial[:-1] + "0",
        "Model": lambda _, image: image.model,
        "WWNN": lambda _, image: image.wwnn,
        "State": lambda *_: "Online",
        "ESSNet": lambda *_: "Enabled",
        "Volume Group": lambda call, _: qualified(call, "V0"),
        "desc": lambda *_: "-",
    },
    short=(
        "Name",
        "ID",
        "Storage Unit",
        "Model",
        "WWNN",
        "State",
        "ESSNet",
        "Volume Group",
        "desc",
    ),
    nothing=messages.nothing_found("lssi", "Storage Image"),
)
COLUMNS = LISTING.short


def run(call: Call) -> Answer:
    """List the image, if it is meant."""
    image = call.identity
    wanted = call.request.operands
    for operand in wanted:
        if not _IMAGE.fullmatch(operand):
            raise BadIdError(f"{operand!r} is not a storage image")
    meant = not wanted or any(same_image(operand, image.serial) for operand in wanted)
    return LISTING.answer(call, (image,) if meant else ())


LSSI = Command(name="lssi", grammar=listing.grammar(), run=run, bound=False)
