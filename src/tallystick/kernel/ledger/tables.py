"""What goes into the tables of `ledger.db` together, and where the chain of a file stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tallystick.base.codec import Value, cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.chain.block import Effects, Genesis, Tip, genesis_state, start
from tallystick.chain.log import Log
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY
from tallystick.chain.state import state_root
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.layout import corrupt
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

__all__ = [
    "load_tip",
    "put_state",
    "read_members",
    "write_block",
    "write_cosignatures",
    "write_entries",
    "write_fact",
    "write_genesis",
    "write_log",
    "write_state",
]


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


def put_state(database: Database, pairs: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Put pairs into the state's table, each with 8 bytes that show a change; None has no row."""
    held = [(key, value) for key, value in pairs if value is not None]
    checks = layout.pair_checks(held)
    rows = [(key, value, check) for (key, value), check in zip(held, checks, strict=True)]
    database.put_many("REPLACE INTO state", rows)


def write_state(database: Database, changes: Mapping[bytes, bytes | None]) -> None:
    """Write a block's changes into the state's table."""
    put_state(database, sorted(changes.items()))
    gone = [(key,) for key, value in changes.items() if value is None]
    if gone:
        database.run_many("DELETE FROM state WHERE name = ?", gone)


def write_log(database: Database, first: int, effects: Effects) -> None:
    """Write what a block adds to the log's row, whose first new leaf stands at `first`."""
    tids, codes = b"".join(effects.tids), b"".join(map(layout.code_item, effects.codes))
    row = (first, effects.tip.height, tids, codes, b"".join(effects.nodes))
    database.run("INSERT INTO log VALUES (?, ?, ?, ?, ?)", row)


def write_entries(database: Database, first: int, tids: bytes | bytearray) -> None:
    """Write where transactions stand in the log, the first of them at `first`.

    In the order of the table, as `write_state` does: so each page is found, and changed, once.
    """
    for rows in layout.entry_rows(first, tids):
        database.put_many("INSERT INTO entry", rows)


def write_genesis(database: Database, genesis: Genesis) -> None:
    """Write what a chain begins with."""
    tip = start(genesis)
    facts = [("genesis", genesis.data)]
    database.run_many("INSERT INTO fact VALUES (?, ?)", facts)
    database.run("INSERT INTO roster VALUES (0, ?)", (genesis.members.data,))
    write_state(database, genesis_state(genesis))
    database.run("INSERT INTO head VALUES (0, 0, ?, ?)", (tip.lanes, b""))


def write_cosignatures(database: Database, rows: Sequence[tuple[int, str, str]]) -> None:
    """Write verified lines: (height, member, line)."""
    database.run_many("REPLACE INTO cosignature VALUES (?, ?, ?)", rows)
