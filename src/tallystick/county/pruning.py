"""A member gives the bodies of old blocks away to an archive, and keeps all that proofs need."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, SystemEntropy
from tallystick.base.errors import Conflict, Invalid
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.archive import Pruned, prune_chain
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rerun import Progress
from tallystick.node import Node

__all__ = ["find_height_before", "prune_member"]

_DAY_MS: Final = 86_400_000


def prune_member(
    folder: Path,
    member: str,
    out: Path,
    *,
    clock: Clock,
    below: int | None = None,
    keep_days: int = 0,
    progress: Progress | None = None,
) -> Pruned:
    """Write a member's old bodies to an archive, and give them away.

    Args:
        folder: the county's, or the member's.
        member: its name.
        out: the archive to write; nothing may stand there.
        clock: the machine's.
        below: the greatest height whose body goes; None to go by age.
        keep_days: how many days' blocks stay, counted back from the newest block's time.
        progress: told (steps done, steps in all).

    Raises:
        NotFound: `member.elsewhere`; `ledger.pruned`, a body below is yet to be fetched.
        Conflict: `node.locked`, the member is served; `archive.exists`.
        Invalid: `archive.first`, no body goes.
        Unavailable: no room; nothing was given away.
    """
    if out.exists():
        raise Conflict("archive.exists", f"{out.name} is there already", cure="Name another file.")
    node = Node.open(folder / member, clock, SystemEntropy())
    try:
        # What the views have not taken in yet must not go: they could not be folded here again.
        node.fold()
        if below is None:
            below = find_height_before(node.replica, node.replica.tip.time - keep_days * _DAY_MS)
        if not below:
            raise Invalid(
                "archive.first",
                f"no block of {member} is {keep_days} days older than its newest",
                cure="Keep fewer days, or give nothing away.",
            )
        if node.views.height() < min(below, node.replica.tip.height):
            node.replica.block(node.views.height() + 1)
        return prune_chain(node.replica, out, below, progress=progress)
    finally:
        node.close()


def find_height_before(replica: Replica, time_ms: int) -> int:
    """Return the greatest height whose block was made before a time, 0 if none was."""
    low, high = 0, replica.tip.height
    while low < high:
        middle = (low + high + 1) // 2
        if layout.header_fields(replica.header(middle))["time"] < time_ms:
            low = middle
        else:
            high = middle - 1
    return low
