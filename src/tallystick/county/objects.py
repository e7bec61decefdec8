"""What a member's store should hold by its chain and its keys, and how a repair brings it back.

Laws: a public object that a record of the member's own names is in its store, and a sealed one that
the member keeps the key of; the rest are copies of others' objects, fetched when they are needed.
What records `object.*` name is spread over members, who see to it themselves.
Limits: a record whose body is not held names nothing. Of files put, of names and of what is spread
the store alone knows: where SQLite cannot open it, only a backup tells of those.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import DAG_CBOR, Cid, read_admitted
from tallystick.base.errors import Corrupt, Error
from tallystick.chain.block import read_block
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.engines.sqlite import SqliteStore, audit_objects
from tallystick.kernel.store.exchange import fetch_object
from tallystick.kernel.store.folder import put_aside, sync_path
from tallystick.services.consent.acts import ERASING

__all__ = ["STORE_FILE", "find_missing", "mend_store"]

STORE_FILE: Final = "store.db"
_SPREAD: Final = "object."
_PUBLIC: Final = bytes.fromhex("01711220")
"""What the CID of a public object begins with: a body without it names none."""
_SEALED: Final = "SELECT obj, record FROM data_key WHERE sealed IN ('case', 'party') ORDER BY obj"
_HAS: Final = "SELECT 1 FROM object WHERE cid = ?"
_WROTE: Final = "SELECT 1 FROM record WHERE id = ? AND member = ?"
_BODIES: Final = "SELECT height FROM block WHERE instr(body, ?) ORDER BY height"


def find_missing(home: Path) -> list[Cid]:
    """Return the objects that a member's store should hold and does not, public ones first.

    Raises:
        Corrupt: `database.corrupt`, the store cannot be read.
    """
    path = home / STORE_FILE
    with contextlib.ExitStack() as opened:
        store = None
        if path.is_file():
            store = opened.enter_context(contextlib.closing(Database.read(path)))
            store.row(_HAS, (b"",))

        def lacks(raw: bytes) -> bool:
            return store is None or store.row(_HAS, (raw,)) is None

        public = [cid for cid in _list_public(home) if lacks(cid.raw)]
        return [*public, *_list_sealed(home, lacks)]


def _list_public(home: Path) -> list[Cid]:
    """Return the public objects that records of this member's own name; none without a chain."""
    found: dict[Cid, None] = {}
    # What cannot be read of the chain its own audit says.
    with (
        contextlib.suppress(Error),
        contextlib.closing(Database.read(home / "ledger.db")) as database,
    ):
        rows = Rows(database)
        for (height,) in database.rows(_BODIES, (_PUBLIC,)):
            for record in _own_records(rows, height, home.name):
                found |= dict.fromkeys(_public_in(record["pub"]))
    return list(found)


def _own_records(rows: Rows, height: int, member: str) -> Iterator[dict[str, Any]]:
    """Yield the admitted records of a block that one member wrote."""
    with contextlib.suppress(Error):
        _, _, found = read_block(layout.join_block(*rows.block(height)))
        for each in found:
            if each.member != member:
                continue
            result = rows.entry_of(each.tid)
            if result is None or result.code:
                continue
            trees = [read_admitted(data) for data in each.records]
            yield from (tree for tree in trees if not tree["t"].startswith(_SPREAD))


def _public_in(pub: dict[str, Any]) -> Iterator[Cid]:
    return (each for each in pub.values() if isinstance(each, Cid) and each.codec == DAG_CBOR)


def _list_sealed(home: Path, lacks: Callable[[bytes], bool]) -> list[Cid]:
    """Return the missing sealed objects of this member's own that it has the keys of."""
    # What cannot be read of the keys their own audit says.
    with (
        contextlib.suppress(Error),
        contextlib.closing(Database.read(home / "keys.db")) as keys,
    ):
        if keys.row("SELECT 1 FROM data_key WHERE record = ?", (ERASING,)) is not None:
            # An erasure drops objects first and keys last; the next opening ends it.
            return []
        gone = [(obj, record) for obj, record in keys.scan(_SEALED) if lacks(obj)]
        return [Cid(obj) for obj, _ in _own(home, gone)]
    return []


def _own(home: Path, gone: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return of (object, record) those whose record this member wrote; all, if no views tell.

    A refused record's object is nobody's loss, and one that was lent comes again with its key.
    """
    with (
        contextlib.suppress(Error),
        contextlib.closing(Database.read(home / "views.db")) as views,
    ):
        return [each for each in gone if views.row(_WROTE, (each[1], home.name)) is not None]
    return gone


def mend_store(home: Path, link: Link) -> bool:
    """Put in the place of damaged and missing objects what others give; True if any changed.

    A file that SQLite cannot open is kept beside a new one.

    Raises:
        Corrupt: `database.corrupt`, it opens, and some of its pages cannot be read.
    """
    path = home / STORE_FILE
    store, is_new = _open(path)
    try:
        # What is sealed nobody else may have: its bytes stay as they are.
        wrong = [cid for cid in audit_objects(path) if cid.codec == DAG_CBOR]
        store.drop(wrong)
        missing = [cid for cid in find_missing(home) if cid.codec == DAG_CBOR]
        count = sum(_fetch(link, store, cid) for cid in dict.fromkeys([*wrong, *missing]))
    finally:
        store.close()
    return is_new or count > 0


def _open(path: Path) -> tuple[SqliteStore, bool]:
    """Return the store, and whether it was begun anew."""
    try:
        return SqliteStore(path), False
    except Corrupt:
        put_aside(path)
        store = SqliteStore(path)
        sync_path(path.parent)
        return store, True


def _fetch(link: Link, store: SqliteStore, cid: Cid) -> bool:
    """Fetch an object; False where nobody gives it: then it is missing, and said to be."""
    with contextlib.suppress(Error):
        fetch_object(link, store, cid, link.peers())
        return True
    return False
