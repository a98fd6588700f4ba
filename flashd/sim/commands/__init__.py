"""The commands that go to the array: one small module each, and this table of them."""

from collections.abc import Mapping

from flashd.sim.commands.chuser import CHUSER
from flashd.sim.commands.command import Command
from flashd.sim.commands.commitflash import COMMITFLASH
from flashd.sim.commands.lsextpool import LSEXTPOOL
from flashd.sim.commands.lsfbvol import LSFBVOL
from flashd.sim.commands.lsflash import LSFLASH
from flashd.sim.commands.lshostconnect import LSHOSTCONNECT
from flashd.sim.commands.lspprc import LSPPRC
from flashd.sim.commands.lssi import LSSI
from flashd.sim.commands.lsuser import LSUSER, SHOWUSER
from flashd.sim.commands.lsvolgrp import LSVOLGRP
from flashd.sim.commands.mkflash import MKFLASH
from flashd.sim.commands.mkuser import MKUSER
from flashd.sim.commands.resyncflash import RESYNCFLASH
from flashd.sim.commands.reverseflash import REVERSEFLASH
from flashd.sim.commands.revertflash import REVERTFLASH
from flashd.sim.commands.rmflash import RMFLASH
from flashd.sim.commands.rmuser import RMUSER
from flashd.sim.commands.setflashrevertible import SETFLASHREVERTIBLE
from flashd.sim.commands.showfbvol import SHOWFBVOL
from flashd.sim.commands.showpass import CHPASS, SHOWPASS
from flashd.sim.commands.unfreezeflash import UNFREEZEFLASH
from flashd.sim.commands.ver import VER

_TABLE = (
    CHPASS,
    CHUSER,
    COMMITFLASH,
    LSEXTPOOL,
    LSFBVOL,
    LSFLASH,
    LSHOSTCONNECT,
    LSPPRC,
    LSSI,
    LSUSER,
    LSVOLGRP,
    MKFLASH,
    MKUSER,
    RESYNCFLASH,
    REVERSEFLASH,
    REVERTFLASH,
    RMFLASH,
    RMUSER,
    SETFLASHREVERTIBLE,
    SHOWFBVOL,
    SHOWPASS,
    SHOWUSER,
    UNFREEZEFLASH,
    VER,
)

COMMANDS: Mapping[str, Command] = {command.name: command for command in _TABLE}
