"""A member's files for a verb: its folder at rest, or word of the server that has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict

if TYPE_CHECKING:
    from tallystick.cli.place import Place
    from tallystick.kernel.store.blocks import Blocks

__all__ = ["member_files"]


@contextmanager
def member_files(place: Place) -> Iterator[Blocks]:
    """Open the member's files; its folder must be at rest.

    Raises:
        Conflict: `store.served`, a server has the folder; `node.locked`, another process has.
    """
    from tallystick.cli.opening import read_address
    from tallystick.county.files import open_files

    member = place.need_member()
    try:
        with open_files(place.county / member, SystemClock()) as blocks:
            yield blocks
    except Conflict as error:
        address = read_address(place.county / member) or read_address(place.county)
        if error.code != "node.locked" or not address:
            raise
        raise Conflict(
            "store.served",
            f"the folder of {member} is being served at {address}",
            cure="End that server, run the verb, start the server again.",
        ) from error
