"""flashd sim user: make an account, lock it, let its password expire."""

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import array_file
from flashd.sim.errors import SimError


@click.command()
@array_file
@click.argument("name")
@click.option("--password", help="A new password; with it the account is made if need be.")
@click.option("--role", help="Its role, with --password; unless told, as it is.")
@click.option("--lock/--unlock", "locked", default=None, help="From the next login on.")
@click.option("--expire", is_flag=True, help="Only chuser works until the password is changed.")
def user(
    *,
    array: Array,
    name: str,
    password: str | None,
    role: str | None,
    locked: bool | None,
    expire: bool,
) -> None:
    """Change an account, as an administrator of the array might."""
    known = {one.name: one.role for one in array.users()}
    if role and not password:
        raise SimError("--role goes with --password")
    if password:
        array.add_user(name, password, role or known.get(name, "op_copy_services"))
    array.set_user(name, locked=locked, must_change=True if expire else None)
