"""A county in one folder that goes on without a member whose folder is gone from it.

Law: a folder that is missing is told of and not passed over, unless more than two thirds of the
members are here and have agreed on who orders: that they do when a machine is lost for good.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.chain.member import quorum
from tallystick.county.founding import CountyFile
from tallystick.node import check_here

if TYPE_CHECKING:
    from tallystick.county.house import Seat

__all__ = ["check_gone", "part_members"]


def part_members(folder: Path, county: CountyFile) -> tuple[list[str], list[str]]:
    """Return the members whose folders are here, and those whose are not, in the county's order.

    Where none is here, the first is given as one that is: opening it tells what is wrong.
    """
    names = [each.name for each in county.members]
    here = [name for name in names if (folder / name / "member.key").is_file()] or names[:1]
    return here, [name for name in names if name not in here]


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
