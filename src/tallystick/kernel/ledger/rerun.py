"""A chain run again from its file: from genesis, or from the floor where bodies are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tallystick.chain.block import Effects, Genesis, Tip, apply_block, genesis_state, start
from tallystick.chain.record import Charter
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.floor import follow_below, read_floor
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.signatures import look_ahead
from tallystick.kernel.store.database import Database

__all__ = ["Progress", "take_over", "verify_chain"]

Progress = Callable[[int, int], None]
"""Told (height done, height of the head) while a chain is read."""


def verify_chain(path: Path, charter: Charter, progress: Progress | None = None) -> Tip:
    """Run the whole chain of a file again from genesis, on a fresh connection; return its tip.

    Where bodies are missing, blocks are run from the floor on.

    Raises:
        Corrupt: a block or the head is not what was written.
        InvalidBlock's cause as Invalid: a block may not follow.
    """
    database = Database.read(path)
    try:
        rows = Rows(database)
        genesis = rows.genesis()
        state, tip = genesis_state(genesis), start(genesis)
        last, lanes, _ = rows.head()
        if rows.floor():
            state, tip = _rise(rows, path, genesis)
        heights = range(tip.height + 1, last + 1)
        blocks = (layout.join_block(*rows.block(height)) for height in heights)

        def here() -> Tip:
            return tip

        for data, ahead, opened in look_ahead(blocks, here):
            effects = apply_block(data, tip, state.get, charter, ahead, opened=opened)
            take_over(state, effects)
            tip = effects.tip
            if progress is not None:
                progress(tip.height, last)
        if lanes != tip.lanes:
            raise layout.corrupt(f"lanes of the head at height {last}", field="head", height=last)
        return tip
    finally:
        database.close()


def _rise(rows: Rows, path: Path, genesis: Genesis) -> tuple[dict[bytes, bytes], Tip]:
    """Return state and tip at the floor, to which headers and log lead from genesis."""
    kept = read_floor(rows, path)
    tip = start(genesis)
    for below in follow_below(rows, genesis, kept.tip.height):
        tip = below.effects.tip
    if tip.cid != kept.tip.cid:
        raise layout.corrupt("the floor's header", field="floor", height=tip.height)
    return dict(kept.pairs), replace(kept.tip, genesis=genesis)


def take_over(state: dict[bytes, bytes], effects: Effects) -> None:
    """Write a block's changes into a state held in memory."""
    for key, value in effects.changes.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
