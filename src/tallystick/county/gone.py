"""A county in one folder that goes on without a member whose folder is gone from it.

Law: a folder that is missing is told of and not passed over, unless its member was voted out, by
the list of the copy that is ahead, or more than two thirds of the members are here and have agreed
on who orders: that they do when a machine is lost for good.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.chain.member import quorum
from tallystick.county.founding import CountyFile
from tallystick.node import check_here

if TYPE_CHECKING:
    from tallystick.county.house import Seat

__all__ = ["check_gone", "has_left", "part_members"]


def part_members(folder: Path, county: CountyFile) -> tuple[list[str], list[str]]:
    """Return the members whose folders are here, and those whose are not, in the county's order.

    One that has left is of the former alone. Where none is here, the first is given as one that is:
    opening it tells what is wrong.
    """
    names = [each.name for each in county.members]
    here = [name for name in names if _stands(folder / name)] or names[:1]
    gone = [name for name in names if name not in here]
    return here, [name for name in gone if not has_left(folder, name)]


def _stands(home: Path) -> bool:
    """Tell whether a folder is here; so is one that may not be looked at: opening it tells why."""
    try:
        return (home / "member.key").is_file()
    except PermissionError:
        return True


def has_left(folder: Path, member: str) -> bool:
    """Tell whether the members that founded a county have voted one of them out since.

    False where no copy here can be read: what it is then, its own folder tells.
    """
    from tallystick.county.present import read_newest  # noqa: PLC0415 - it imports the house

    found = read_newest(folder)
    return found is not None and member not in found[1].by_name


def check_gone(home: Path, leading: Seat | None, count: int) -> None:
    """Refuse to go on without a member's folder, unless enough others agreed on who orders.

    Args:
        home: the folder that is not here.
        leading: the place of the member that orders; None where it is not here, or several order.
        count: how many members are here.

    Raises:
        NotFound: `member.elsewhere`: the founder orders yet, or too few are here.
    """
    if leading is not None and leading.terms.number:
        tip = leading.node.replica.tip
        if count >= quorum(tip.members.voices(tip.height + 1)):
            return
    check_here(home)
