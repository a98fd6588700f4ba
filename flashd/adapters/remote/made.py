"""Making the way to other hosts that the settings name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flashd.adapters.remote.files import key_of
from flashd.adapters.remote.ssh import SshRemote
from flashd.adapters.remote.turns import Turns

if TYPE_CHECKING:
    from flashd.config.ssh import SshSettings
    from flashd.ports.remote import Remote


def remote_of(settings: SshSettings) -> Remote:
    """Make one, for all guards together: it is where their sessions are counted."""
    turns = Turns(settings.per_host, settings.total)
    return SshRemote(settings=settings, key=key_of(settings, os.environ), turns=turns)
