"""What goes into the tables of `ledger.db` together, and where the chain of a file stands."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import Value, cid_of, encode
from tallystick.base.errors import Error, Invalid, Unavailable
from tallystick.chain.block import Effects, Genesis, Tip, genesis_state, start
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.log import Log
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY
from tallystick.chain.state import state_root
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.index import ENTRIES, PLACES, shorts_of
from tallystick.kernel.ledger.layout import corrupt
from tallystick.kernel.ledger.pairs import pair_shorts, put_pairs
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

__all__ = [
    "load_tip",
    "open_file",
    "read_file",
    "read_members",
    "renew_file",
    "write_block",
    "write_cosignatures",
    "write_entries",
    "write_fact",
    "write_genesis",
    "write_log",
]

CACHE_KIB: Final = 64 * 1024
"""Of pages in memory, at most: an index of a million records and its inner pages."""
_OLDER: Final = (1, 2)


def open_file(path: Path) -> Database:
    """Open a chain's file for writing, with the tables of this version.

    Raises:
        Unavailable: `database.version`, a later program wrote it.
    """
    renew_file(path)
    found = Database.write(path, "ledger", layout.SCHEMA, layout.VERSION)
    found.run(f"PRAGMA cache_size = -{CACHE_KIB}")
    return found


def read_file(path: Path) -> Database:
    """Open a chain's file for reading its state, which an older program may have written.

    Raises:
        NotFound: `database.missing`.
        Unavailable: the file is older and may not be written.
    """
    renew_file(path)
    return Database.read(path)


def renew_file(path: Path) -> None:
    """Give a file of an older version the tables of this one; others stay as they are.

    Raises:
        Unavailable: it may not be written, or another process does; Corrupt: its tables are none.
    """
    held = _version(path)
    if held not in _OLDER:
        return
    try:
        older = Database.write(path, "ledger", "", held)
    except Unavailable as error:
        # Another was first, between the two looks at it.
        if error.code != "database.version":
            raise
        return
    with contextlib.closing(older), older.transaction():
        _renew(older)


def _version(path: Path) -> int:
    """Return the version of a file's tables; 0 if it has none, or cannot be read."""
    try:
        with contextlib.closing(Database.read(path)) as database:
            found = database.value("SELECT version FROM part WHERE name = 'ledger'")
    except Error:
        return 0
    return found if type(found) is int else 0


def _renew(database: Database) -> None:
    """Make the tables of an older version this one's; what is damaged in a row stays damaged."""
    held = database.value("SELECT version FROM part WHERE name = 'ledger'")
    if held not in _OLDER:
        return
    if held == 1:
        _create(database, layout.ENGINE_SCHEMA)
    _create(database, layout.PAIR_SCHEMA)
    _create(database, PLACES.schema)
    _create(database, ENTRIES.waiting_schema)
    database.run("INSERT INTO pair (name, value, tally) SELECT name, value, tally FROM state")
    rows = database.rows("SELECT name FROM pair ORDER BY position")
    PLACES.add(database, 1, pair_shorts([key if type(key) is bytes else b"" for (key,) in rows]))
    database.run("DROP TABLE state")
    database.run("UPDATE part SET version = ? WHERE name = 'ledger'", (layout.VERSION,))


def _create(database: Database, schema: str) -> None:
    for statement in schema.split(";"):
        database.run(statement)


def load_tip(rows: Rows) -> Tip:
    """Return the tip that a file's rows tell, checked against its last header."""
    genesis = rows.genesis()
    height, lanes, writes = rows.head()
    held = rows.state(MEMBERS_KEY)
    if held is None:
        raise corrupt("state has no list of members", field="state", height=height)
    if height == 0:
        return start(genesis)
    header = rows.header(height)
    fields = layout.header_fields(header)
    log = Log(rows.node, lambda: fields["log_size"])
    tip = Tip(
        genesis=genesis,
        height=height,
        cid=cid_of(header),
        time=fields["time"],
        lanes=lanes,
        peaks=log.peaks(fields["log_size"]),
        members=read_members(held),
    )
    told: dict[str, Any] = {
        "height": height,
        "chain": genesis.chain,
        "log_root": tip.peaks.root(),
        "state_root": state_root(writes, lanes),
        "members": tip.members.cid,
    }
    for name, value in told.items():
        if fields[name] != value:
            raise corrupt(f"{name} of the head at height {height}", field=name, height=height)
    return tip


def read_members(data: bytes) -> Members:
    """Return the list of bytes that this member wrote; Corrupt if they are none."""
    try:
        return Members.read(data)
    except Invalid as error:
        raise corrupt("a list of members", field="members") from error


def write_block(database: Database, tip: Tip, header: bytes, body: bytes) -> None:
    """Write a block's row; an empty body is one that is not held here."""
    database.run(
        "INSERT INTO block VALUES (?, ?, ?, ?, ?)",
        (tip.height, tip.cid.digest, header, body, layout.block_check(header, body)),
    )


def write_fact(database: Database, name: str, value: Value) -> None:
    """Keep a value under a name beside genesis, with 8 bytes that show a change of either."""
    data = encode([value, layout.engine_check(name, value)])
    database.run("REPLACE INTO fact VALUES (?, ?)", (name, data))


def write_log(database: Database, first: int, effects: Effects) -> None:
    """Write what a block adds to the log's row, whose first new leaf stands at `first`."""
    tids, codes = b"".join(effects.tids), layout.code_items(effects.codes)
    row = (first, effects.tip.height, tids, codes, b"".join(effects.nodes))
    database.run("INSERT INTO log VALUES (?, ?, ?, ?, ?)", row)


def write_entries(database: Database, first: int, tids: bytes | bytearray) -> None:
    """Write where transactions stand in the log, by ids of 32 bytes each, the first at `first`."""
    ENTRIES.add(database, first, shorts_of(tids, DIGEST_SIZE))


def write_genesis(database: Database, genesis: Genesis) -> None:
    """Write what a chain begins with."""
    tip = start(genesis)
    facts = [("genesis", genesis.data)]
    database.run_many("INSERT INTO fact VALUES (?, ?)", facts)
    database.run("INSERT INTO roster VALUES (0, ?)", (genesis.members.data,))
    put_pairs(database, list(genesis_state(genesis).items()))
    database.run("INSERT INTO head VALUES (0, 0, ?, ?)", (tip.lanes, b""))


def write_cosignatures(database: Database, rows: Sequence[tuple[int, str, str]]) -> None:
    """Write verified lines: (height, member, line)."""
    database.run_many("REPLACE INTO cosignature VALUES (?, ?, ?)", rows)
