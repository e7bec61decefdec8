"""What a repaired chain keeps beside its blocks: members' names under them, and an engine's rows.

Laws: a name counts if it is its member's signature of this chain, whoever kept it; a row of an
engine counts by its own sum, and only from the own file, since it tells of the own engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import groupby

from tallystick.base.errors import Error
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.claim import Asked, bad_claim
from tallystick.kernel.ledger.peer import LINE_HEIGHTS, ask_lines
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.store.database import Database

__all__ = ["keep_engine", "keep_lines"]


def keep_lines(replica: Replica, rows: Rows | None, asked: Asked) -> None:
    """Take over the cosignatures that hold: the own file's, then all that other members keep."""
    witnesses = Witnesses(replica)
    height = 1
    while rows is not None and 0 < height <= replica.tip.height:
        try:
            found, then = rows.lines(height, LINE_HEIGHTS)
        except Error:
            # A page of them is damaged: what is beyond it may be read.
            found, then = [], height + 1
        _keep(replica, witnesses, found)
        height = then
    for name in asked.names():
        try:
            _keep_theirs(replica, witnesses, asked, name)
        except Error as error:
            asked.tell(name, error)
    replica.flush()


def _keep_theirs(replica: Replica, witnesses: Witnesses, asked: Asked, name: str) -> None:
    height = 1
    while 0 < height <= replica.tip.height:
        found, then = ask_lines(asked.link, name, height)
        bad = _keep(replica, witnesses, found)
        if bad is not None:
            asked.tell(name, bad)
        if then and then < height + LINE_HEIGHTS:
            raise bad_claim(name, f"asked for cosignatures from {height} on, it goes on at {then}")
        height = then


def _keep(
    replica: Replica, witnesses: Witnesses, found: Iterable[tuple[int, str, str]]
) -> Error | None:
    """Keep what holds and is not kept yet; return what was wrong with the first that does not."""
    wrong: Error | None = None
    for height, lines in groupby(sorted(found), key=lambda each: each[0]):
        if not 0 < height <= replica.tip.height:
            continue
        known = replica.cosignatures(height)
        for _, member, line in lines:
            if member in known:
                continue
            try:
                witnesses.add(member, height, line)
            except Error as error:
                wrong = wrong or error
    return wrong


def keep_engine(replica: Replica, rows: Rows | None) -> None:
    """Take over which block of the own engine made which of ours, and what it caught others at."""
    if rows is None:
        return
    tables = {
        "engine": ("own, height, tally", (int, int)),
        "misbehaviour": ("height, address, kind, time, tally", (int, bytes, int, int)),
    }
    for table, (columns, kinds) in tables.items():
        try:
            read = rows.database.rows(f"SELECT {columns} FROM {table}")  # noqa: S608 - our own names
        except Error:
            continue
        kept = [
            row
            for row in read
            if layout.is_row(row[:-1], *kinds) and layout.engine_check(*row[:-1]) == row[-1]
        ]
        if table == "engine":
            kept = [row for row in kept if row[0] <= replica.tip.height]
        # Our own names alone stand in the statement.
        replica.keep(partial(Database.put_many, verb=f"REPLACE INTO {table}", rows=kept))
