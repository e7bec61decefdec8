"""Names in a member's store: the newest record of each, its own and those of others it passes on.

Laws: of a name one record is kept, and a newer one alone takes its place; its sequence is kept by
itself too, so that a record which is damaged or ran out never brings an old number back. What is
read is checked as if it came from a stranger. A name that is withdrawn stays known and is given to
nobody. Who writes holds the folder's lock, or is the server that does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.errors import Corrupt, Invalid
from tallystick.base.keys import PUBLIC_SIZE
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.ipns.fault import absent_name, damaged_record, older_record
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.record import Record, read_record

__all__ = ["KeptName", "Names", "audit_names", "open_names", "read_names"]

VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE ipns_name (
    public BLOB PRIMARY KEY, label TEXT NOT NULL, record BLOB NOT NULL, sequence INTEGER NOT NULL,
    lifetime_ms INTEGER NOT NULL, given INTEGER NOT NULL) WITHOUT ROWID
"""
_PART: Final = "ipns"
_COLUMNS: Final = "public, label, record, sequence, lifetime_ms, given"


@dataclass(frozen=True, slots=True)
class KeptName:
    """A name and its newest record.

    Attributes:
        record: the record, its signature checked.
        label: what the member calls a name of its own; "" for another's.
        lifetime_ms: how long each record of an own name counts, ms; 0 for another's.
        given: whether anybody is given it.
    """

    record: Record
    label: str
    lifetime_ms: int
    given: bool


class Names:
    """The names of a member.

    Args:
        database: `store.db`, for the table of this part.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def find(self, name: IpnsName) -> KeptName | None:
        """Return what is kept of a name; Corrupt `ipns.damaged` if that is not what was kept."""
        query = f"SELECT {_COLUMNS} FROM ipns_name WHERE public = ?"  # noqa: S608 - our columns
        row = self.database.row(query, (name.public,))
        return None if row is None else _read(row)

    def find_given(self, name: IpnsName) -> Record | None:
        """Return the record that anybody is given of a name; raises as `find`."""
        found = self.find(name)
        return found.record if found and found.given else None

    def known(self) -> list[IpnsName]:
        """Return all names, own ones by what they are called, then others."""
        query = "SELECT public FROM ipns_name ORDER BY label = '', label, public"
        return [_name(public) for (public,) in self.database.rows(query)]

    def sequence(self, name: IpnsName) -> int:
        """Return the sequence of the newest record ever kept of a name, -1 where there was none."""
        found = self.database.value(
            "SELECT sequence FROM ipns_name WHERE public = ?", (name.public,)
        )
        return -1 if found is None else int(found)

    def keep(self, record: Record, *, label: str = "", lifetime_ms: int = 0) -> None:
        """Keep a record and give it, durably; what is called or renewed somehow stays so.

        Raises:
            Conflict: `ipns.older`, a newer one is kept.
        """
        with self.database.transaction():
            self._check_newer(record)
            self.database.run(
                f"INSERT INTO ipns_name ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, 1)"  # noqa: S608
                " ON CONFLICT (public) DO UPDATE SET record = excluded.record,"
                " sequence = excluded.sequence, given = 1,"
                " label = CASE excluded.label WHEN '' THEN label ELSE excluded.label END,"
                " lifetime_ms = CASE excluded.lifetime_ms"
                " WHEN 0 THEN lifetime_ms ELSE excluded.lifetime_ms END",
                (record.name.public, label, record.raw, record.said.sequence, lifetime_ms),
            )

    def withdraw(self, name: IpnsName) -> None:
        """Give a name to nobody, and renew it no more, until it is kept again.

        Raises:
            NotFound: `ipns.absent`.
        """
        values = (name.public,)
        if not self.database.run("UPDATE ipns_name SET given = 0 WHERE public = ?", values):
            raise absent_name()

    def _check_newer(self, record: Record) -> None:
        held, given = self.sequence(record.name), record.said.sequence
        if given > held:
            return
        if given == held:
            try:
                kept = self.find(record.name)
            except Corrupt:
                kept = None
            if kept is not None and not kept.record.is_newer(record):
                return
        raise older_record(held, given)


def open_names(path: Path) -> Names:
    """Open a member's names for writing, making their table where there is none.

    Args:
        path: of `store.db`; whoever calls closes `database`.
    """
    return Names(Database.write(path, _PART, SCHEMA, VERSION))


@contextmanager
def read_names(path: Path) -> Iterator[Names | None]:
    """Open a member's names for reading; None where there were never any."""
    database = Database.read(path)
    try:
        known = database.row("SELECT 1 FROM sqlite_master WHERE name = 'ipns_name'")
        yield None if known is None else Names(database)
    finally:
        database.close()


def audit_names(path: Path) -> list[str]:
    """Return what is wrong with the records that are kept, one text each."""
    with read_names(path) as names:
        return [] if names is None else list(_damaged(names.database))


def _damaged(database: Database) -> Iterator[str]:
    for row in database.rows(f"SELECT {_COLUMNS} FROM ipns_name"):  # noqa: S608 - our columns
        try:
            _read(row)
        except Corrupt as error:
            yield error.message


def _name(public: object) -> IpnsName:
    if not isinstance(public, bytes) or len(public) != PUBLIC_SIZE:
        raise damaged_record("a name that is none")
    return IpnsName(public)


def _read(row: tuple[Any, ...]) -> KeptName:
    public, label, raw, sequence, lifetime_ms, given = row
    name = _name(public)
    try:
        record = read_record(name, raw if isinstance(raw, bytes) else b"")
    except Invalid as error:
        raise damaged_record(name) from error
    is_whole = isinstance(label, bytes) and isinstance(lifetime_ms, int)
    if record.said.sequence != sequence or not is_whole:
        raise damaged_record(name)
    return KeptName(record, label.decode(errors="replace"), lifetime_ms, bool(given))
