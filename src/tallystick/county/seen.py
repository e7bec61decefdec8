"""Acts that hold only while a case stands as the officer saw it.

Laws: who says how many of a case's records it saw acts on no other state of it: what came since is
told instead, by type, member and time. Between the look and the act no other officer of this member
comes in; what another member records meanwhile the rules of the chain decide, as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from tallystick.base.errors import Conflict
from tallystick.node import Node
from tallystick.services.positioning.service import in_order

__all__ = ["act_if_seen"]

T = TypeVar("T")
_LOCKS: Final = tuple(threading.Lock() for _ in range(64))
"""By the first byte of a case's id, which is random: two cases seldom wait for one another."""


def act_if_seen(node: Node, case: bytes, seen: int | None, act: Callable[[], T]) -> T:
    """Do an act on a case unless records have come that the officer did not see.

    Args:
        node: the officer's member's.
        case: the case's id, 16 bytes.
        seen: how many records of the case the officer saw; None to act as it stands.
        act: what is to be done.

    Raises:
        Conflict: `case.changed`, with what came `since`.
    """
    if seen is None:
        return act()
    with _LOCKS[case[0] % len(_LOCKS)]:
        node.catch_up()
        rows = in_order(node.views.rows("record", {"case": case}))
        if len(rows) > seen:
            since = [
                {"type": row["t"], "member": row["member"], "time": row["time"]}
                for row in rows[seen:]
            ]
            raise Conflict(
                "case.changed",
                f"the case has {len(rows)} records, {seen} of them were seen",
                cure="Look at what came since, then decide again.",
                since=since,
                records=len(rows),
            )
        return act()
