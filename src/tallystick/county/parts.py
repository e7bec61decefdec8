"""The parts of a member's files, each with the version of its tables that this program reads.

A member opens only when all of them are of these versions (`Database.write`), so whoever verifies
looks at them too. A part that is not named here is another program's, and nothing is said of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tallystick.kernel.access import keyring, nonces
from tallystick.kernel.access.accounts import ACCOUNT_VERSION
from tallystick.kernel.access.deeds import DEED_VERSION
from tallystick.kernel.access.drafts import DRAFT_VERSION
from tallystick.kernel.ledger import equivocation, outbox, sighting
from tallystick.kernel.store import blocks
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.engines import sqlite
from tallystick.kernel.store.ipns import names
from tallystick.kernel.store.spread import book
from tallystick.node import DESK_VERSION

__all__ = ["PARTS", "other_versions"]

PARTS: Final[Mapping[str, Mapping[str, int]]] = {
    "store.db": {
        "store": sqlite.VERSION,
        "file": blocks.VERSION,
        "ipns": names.VERSION,
        "spread": book.VERSION,
    },
    "local.db": {
        "outbox": outbox.VERSION,
        "sighting": sighting.VERSION,
        "equivocation": equivocation.VERSION,
        "heard": nonces.VERSION,
        "heard_boot": nonces.VERSION,
        "desk": DESK_VERSION,
        "accounts": ACCOUNT_VERSION,
        "deeds": DEED_VERSION,
        "drafts": DRAFT_VERSION,
    },
    "keys.db": {"keys": keyring.VERSION},
}
"""By file."""


def other_versions(path: Path) -> Iterator[tuple[str, object, int]]:
    """Yield each part of a file that this program does not open: name, version held, version read.

    Raises:
        Corrupt: the file cannot be read.
    """
    read = PARTS[path.name]
    with contextlib.closing(Database.read(path)) as database:
        if not database.rows("SELECT 1 FROM sqlite_master WHERE name = 'part'"):
            return
        for name, held in database.rows("SELECT name, version FROM part ORDER BY name"):
            part = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
            if part in read and held != read[part]:
                yield part, held, read[part]
