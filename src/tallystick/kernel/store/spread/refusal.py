"""What a holder of shards refuses with, the same wherever it is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from tallystick.base.codec import Cid
from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable

__all__ = ["absent", "check_same", "told", "torn"]


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell what the operating system refuses as `spread.disk`."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "spread.disk", f"a shard cannot be kept: {error.strerror}", cure="Check the disk."
        ) from error


def torn(shard: int) -> Invalid:
    """Return the error for bytes that are not the manifest's."""
    return Invalid(
        "spread.torn",
        f"what came as shard {shard} is not the manifest's",
        cure="Send it again from its beginning.",
    )


def check_same(held: Sequence[int], shard: int, cid: Cid) -> None:
    """Refuse a second shard of an object.

    Raises:
        Conflict: `spread.second`.
    """
    if shard in held:
        return
    raise Conflict(
        "spread.second",
        f"another shard of {cid} is held here, and two would be lost together",
        cure="Give it to a member that holds none.",
        cid=str(cid),
    )


def absent(cid: Cid) -> NotFound:
    """Return the error for what is not held."""
    return NotFound(
        "spread.absent", f"no such shard of {cid} here", cure="Ask another member.", cid=str(cid)
    )
