"""lshostconnect: list host connections. The columns of -l are public, their order is recalled."""

from flashd.sim import messages
from flashd.sim.commands import listing
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.commands.listing import Listing, bare, qualified, wanted
from flashd.sim.hosts import HostConnection

LISTING = Listing[HostConnection](
    cells={
        "Name": lambda _, host: host.name,
        "ID": lambda call, host: qualified(call, host.id),
        "WWPN": lambda _, host: host.wwpn,
        "HostType": lambda _, host: host.host_type,
        "LBS": lambda _, host: host.lbs,
        "addrDiscovery": lambda _, host: host.addr_discovery,
        "Profile": lambda _, host: host.profile,
        "portgrp": lambda _, host: host.portgrp,
        "volgrpID": lambda call, host: qualified(call, host.volgrp),
        "atchtopo": lambda _, host: host.topology,
        "ESSIOport": lambda _, host: host.ioports,
        "speed": lambda _, host: host.speed,
        "desc": lambda _, host: host.desc,
    },
    short=("Name", "ID", "WWPN", "HostType", "Profile", "portgrp", "volgrpID", "ESSIOport"),
    nothing=messages.nothing_found("lshostconnect", "Host Connection"),
)


def run(call: Call) -> Answer:
    """List the connections that were asked for, or all."""
    ids = {bare(call, operand).zfill(4) for operand in call.request.operands}
    found = [
        host
        for host in call.held.hosts.connections()
        if (not ids or host.id in ids)
        and wanted(call, "-volgrp", host.volgrp)
        and wanted(call, "-wwpn", host.wwpn)
    ]
    return LISTING.answer(call, found)


LSHOSTCONNECT = Command(name="lshostconnect", grammar=listing.grammar("-volgrp", "-wwpn"), run=run)
