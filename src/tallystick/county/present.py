"""A county's members as its chain lists them, and whose folders are on this machine.

Law: who is a member is read from the chain; `county.json` tells of those that founded it how they
are called, and in what order they are shown. Limits: the list is that of the copy that is ahead;
a copy that cannot be read tells nothing here: its member says so when it is started.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tallystick.base.errors import Error
from tallystick.chain.member import Members
from tallystick.county.founding import read_county
from tallystick.county.member import Member
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import load_tip
from tallystick.kernel.store.database import Database

__all__ = ["is_here", "list_in_force"]


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
    found = _read_newest(folder)
    if found is None:
        return founders
    listed = found.by_name
    first = [each for each in founders if each.name in listed]
    later = sorted(listed.keys() - {each.name for each in founders})
    return (*first, *(Member(name, listed[name].role, name, name) for name in later))


def is_here(folder: Path, member: str) -> bool:
    """Tell whether a member's own folder is in the county's on this machine."""
    return (folder / member / "member.key").is_file()


def _read_newest(folder: Path) -> Members | None:
    """Return the list in force for the next height, of the copy that is ahead."""
    newest: tuple[int, Members] | None = None
    for path in sorted(key.with_name("ledger.db") for key in folder.glob("*/member.key")):
        # Another copy will do: the one that is damaged is told of by its own member.
        with contextlib.suppress(Error), contextlib.closing(Database.read(path)) as database:
            database.hold()
            tip = load_tip(Rows(database))
            if newest is None or tip.height > newest[0]:
                newest = tip.height, tip.members
    return None if newest is None else newest[1]
