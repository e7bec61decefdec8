"""A county's members as its chain lists them, and whose folders are on this machine.

Law: who is a member is read from the chain; `county.json` tells of those that founded it how they
are called, and in what order they are shown. Limits: the list is that of the copy that is ahead;
a copy that cannot be read tells nothing here: its member says so when it is started.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tallystick.base.errors import Corrupt, Error
from tallystick.chain.member import Members
from tallystick.county.founding import read_county
from tallystick.county.member import Member
from tallystick.county.single import find_single
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import load_tip, renew_file
from tallystick.kernel.store.database import Database

__all__ = ["is_here", "list_in_force", "list_known", "read_newest"]


def list_in_force(folder: Path) -> tuple[Member, ...]:
    """Return the members in force: founders in their order, then those voted in, by name.

    One that was voted in is called by its name on the chain, in both languages. Where no copy of
    the chain can be read, these are the members that founded it.

    Args:
        folder: the county's, or one member's with the public files.

    Raises:
        Invalid: `county.missing`, `county.malformed`.
    """
    founders = read_county(folder).members
    found = read_newest(folder)
    if found is None:
        return founders
    listed = found[1].by_name
    first = [each for each in founders if each.name in listed]
    later = sorted(listed.keys() - {each.name for each in founders})
    return (*first, *(Member(name, listed[name].role, name, name) for name in later))


def list_known(folder: Path) -> tuple[Member, ...]:
    """Return the members in force, and the only one of this machine though its copy lack it yet.

    One that joins a chain that stands runs before its copy has reached the list that holds it. What
    its role is, nothing here tells.
    """
    found = list_in_force(folder)
    own = find_single(folder, read_county(folder))
    if not own or own in {each.name for each in found}:
        return found
    return (*found, Member(own, "", own, own))


def is_here(folder: Path, member: str) -> bool:
    """Tell whether a member's own folder is in the county's on this machine."""
    return (folder / member / "member.key").is_file()


def read_newest(folder: Path) -> tuple[int, Members] | None:
    """Return the next height and the list in force for it, of the copy that is ahead.

    None where no copy here can be read.
    """
    newest: tuple[int, Members] | None = None
    for path in sorted(key.with_name("ledger.db") for key in folder.glob("*/member.key")):
        with contextlib.suppress(Corrupt):
            renew_file(path)
        # Another copy will do: the one that is damaged is told of by its own member.
        with contextlib.suppress(Error), contextlib.closing(Database.read(path)) as database:
            database.hold()
            tip = load_tip(Rows(database))
            if newest is None or tip.height >= newest[0]:
                newest = tip.height + 1, tip.members
    return newest
