"""Holds a member's views against what its chain folds to: for checking, nothing is written there.

The chain is folded once more, into a file of its own; every row of every table is compared. Where
bodies of blocks are not held here, nothing can be folded and nothing is compared.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tallystick.base.codec import read_admitted
from tallystick.chain.block import read_block
from tallystick.charter import TABLES, fold_record
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database
from tallystick.kernel.views.engines.sqlite import SqliteViews
from tallystick.records.view import Admitted

__all__ = ["differing_tables"]

_FOLD: Final = "SELECT height FROM fold"
_VERSION: Final = "SELECT version FROM part WHERE name = 'views'"


def differing_tables(ledger: Path, views: Path) -> Iterator[str]:
    """Yield the names of tables of `views.db` that are not what the chain folds to.

    Args:
        ledger: the member's chain, which is taken as it is.
        views: its views; they may stand below the chain's height.

    Raises:
        Corrupt: one of the two cannot be read.
    """
    with (
        contextlib.closing(Database.read(ledger)) as chain,
        contextlib.closing(Database.read(views)) as held,
        tempfile.TemporaryDirectory(prefix="refold-") as folder,
    ):
        held.hold()
        rows, height = Rows(chain), held.value(_FOLD)
        if type(height) is not int or height > rows.head()[0]:
            yield "fold"
            return
        if rows.lowest() > 1:
            return
        fresh = Path(folder) / "views.db"
        _fold(rows, height, fresh)
        with contextlib.closing(Database.read(fresh)) as folded:
            if held.value(_VERSION) != folded.value(_VERSION):
                # Of another version of the tables: made anew when the member is opened.
                return
            yield from (each.name for each in TABLES if not _is_same(held, folded, each.name))


def _fold(rows: Rows, last: int, path: Path) -> None:
    views = SqliteViews(path, TABLES)
    try:
        for height in range(1, last + 1):
            ops = [op for each in _admitted(rows, height) for op in fold_record(each)]
            views.apply(height, ops)
    finally:
        views.close()


def _admitted(rows: Rows, height: int) -> Iterator[Admitted]:
    """Yield the admitted records of a block in order."""
    _, fields, found = read_block(layout.join_block(*rows.block(height)))
    for index, each in enumerate(found):
        result = rows.entry_of(each.tid)
        if result is None or result.code:
            continue
        for place, data in enumerate(each.records):
            record = read_admitted(data)
            yield Admitted(record, each.member, height, index, place, fields["time"], each.tid)


def _is_same(one: Database, other: Database, table: str) -> bool:
    query = f'SELECT * FROM "{table}"'  # noqa: S608 - names are declared
    pairs = itertools.zip_longest(one.scan(query), other.scan(query))
    return all(a == b for a, b in pairs)
