"""`If-Match` on acts on a case: how many of its records the officer saw."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import Response

from tallystick.api.turn import Turn
from tallystick.county.seen import act_if_seen
from tallystick.county.telling import read_id

__all__ = ["Seen", "write_seen"]

Seen = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"?[0-9]{1,9}"?$',
        description="How many records of the case were seen (`seen` of `GET /cases/{case}`).",
    ),
]


def write_seen(
    turn: Turn,
    case: str,
    seen: str | None,
    act: Callable[..., object],
    **named: Any,  # noqa: ANN401 - an office's verb
) -> Response:
    """Do an office's act on a case, unless records came that were not seen.

    Raises:
        Conflict: `case.changed`; a repetition of a keyed request gets its first answer instead.
    """
    count = int(seen.strip('"')) if seen else None
    doing = partial(act, case, **named)
    return turn.write(act_if_seen, turn.seat.node, read_id(case), count, doing)
