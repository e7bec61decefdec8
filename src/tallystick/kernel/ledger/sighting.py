"""Where copies of the chain were seen to differ, kept over restarts with who saw it first and when.

A sighting is open until a later look at the same member and height finds that nothing differs any
more; it is then settled and kept. A table in `local.db`; what agrees is written nowhere.
Laws: the first time is kept however often the same is seen again; at most `OPEN_MAX` are open at
once, so that a copy that differs everywhere fills no disk.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.clock import Clock
from tallystick.base.codec import encode
from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.ledger.compare import Difference
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database

__all__ = ["OPEN_MAX", "Sighting", "Sightings", "ask_sightings", "serve_sightings"]

OPEN_MAX: Final = 100
_VALUE_BYTES_MAX: Final = 4_096
VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE sighting (
    member TEXT NOT NULL, height INTEGER NOT NULL, field TEXT NOT NULL, ours TEXT NOT NULL,
    theirs TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    settled_ms INTEGER, PRIMARY KEY (member, height, field)) WITHOUT ROWID
"""
_COLUMNS: Final = "member, height, field, ours, theirs, first_ms, last_ms, settled_ms"
_VALUE: Final = codec.text(_VALUE_BYTES_MAX, 0)
_TOLD: Final = codec.list_of(
    codec.shape(
        {
            "member": codec.ident(24),
            "height": codec.integer(1),
            "field": codec.text(200),
            "ours": _VALUE,
            "theirs": _VALUE,
            "first_ms": codec.integer(),
            "last_ms": codec.integer(),
        },
    ),
    OPEN_MAX,
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A difference, and when this member saw it.

    Attributes:
        member: whose copy differs from this member's; the own name where the own file is not what
            was written.
        height: of the block.
        field: of the header, or the transaction and record, or `block`.
        ours: this member's value.
        theirs: the other's; of the own file's fault, what most others have.
        first_ms: when it was first seen, in ms since 1970 UTC.
        last_ms: when it was last seen.
        settled_ms: when it was found gone; None while it stands.
    """

    member: str
    height: int
    field: str
    ours: str
    theirs: str
    first_ms: int
    last_ms: int
    settled_ms: int | None = None


class Sightings:
    """One member's list.

    Args:
        path: its `local.db`.
        clock: tells when.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._database = Database.write(path, "sighting", _SCHEMA, VERSION)
        self._clock = clock

    def note(
        self, differences: Sequence[Difference], looked: Collection[tuple[str, int]]
    ) -> list[Sighting]:
        """Keep what a look found, and settle what it found gone.

        Args:
            differences: all that it found.
            looked: (member, height) of every block that was compared.

        Returns:
            What is seen for the first time.
        """
        now = self._clock.now_ms()
        known = {(each.member, each.height, each.field): each for each in self.open()}
        seen = {(each.member, each.height, each.field): each for each in differences}
        gone = [key for key in known.keys() - seen.keys() if key[:2] in looked]
        new = [key for key in seen if key not in known][: OPEN_MAX - len(known) + len(gone)]
        if not seen and not gone:
            return []
        with self._database.transaction():
            self._database.run_many(
                "UPDATE sighting SET settled_ms = ? WHERE member = ? AND height = ? AND field = ?",
                [(now, *key) for key in gone],
            )
            self._database.run_many(
                "UPDATE sighting SET last_ms = ? WHERE member = ? AND height = ? AND field = ?",
                [(now, *key) for key in known.keys() & seen.keys()],
            )
            # What was settled and is back is seen anew.
            self._database.run_many(
                "REPLACE INTO sighting VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                [(*key, _cut(seen[key].ours), _cut(seen[key].theirs), now, now) for key in new],
            )
        return [
            Sighting(*key, _cut(seen[key].ours), _cut(seen[key].theirs), now, now) for key in new
        ]

    def open(self) -> list[Sighting]:
        """Return what stands, the first seen first."""
        return self._list("settled_ms IS NULL ORDER BY first_ms, member, height, field")

    def settled(self, limit: int) -> list[Sighting]:
        """Return what was found gone, the latest first."""
        return self._list("settled_ms NOT NULL ORDER BY settled_ms DESC, member, height", limit)

    def _list(self, where: str, limit: int = OPEN_MAX) -> list[Sighting]:
        query = f"SELECT {_COLUMNS} FROM sighting WHERE {where} LIMIT ?"  # noqa: S608 - our own words
        rows = self._database.rows(query, (limit,))
        return [Sighting(*(_plain(each) for each in row)) for row in rows]

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._database.close()


def _plain(column: Any) -> Any:  # noqa: ANN401 - a column's
    return column.decode(errors="replace") if isinstance(column, bytes) else column


def _cut(value: str) -> str:
    """Return as much of a value as is kept; what a damaged file holds may have any length."""
    return value.encode(errors="replace")[:_VALUE_BYTES_MAX].decode(errors="ignore")


def serve_sightings(link: Link, sightings: Sightings) -> None:
    """Answer other members' question what this one has seen differ and stands."""

    def told(_: str, payload: bytes) -> bytes:
        codec.decode(payload, codec.tuple_of())
        rows = [asdict(each) for each in sightings.open()]
        for row in rows:
            del row["settled_ms"]
        return encode(rows)

    link.serve({"ledger.sightings": told})


def ask_sightings(link: Link, to: str) -> list[Sighting]:
    """Return what another member has seen differ, on its word alone.

    Raises:
        Unavailable: no answer, or none that can be read.
    """
    try:
        found = codec.decode(link.call(to, "ledger.sightings", encode([])), _TOLD)
    except Invalid as error:
        raise Unavailable(
            "link.torn", f"{to}: the message or its answer has no reading", cure="Try again."
        ) from error
    return [Sighting(**row) for row in found]
