"""Files kept in a member's store, for tests: a store in a folder, opened again at will."""

from __future__ import annotations

import io
from pathlib import Path

from tallystick.base.codec import Cid
from tallystick.kernel.store.blocks import Root, open_blocks
from tallystick.kernel.store.engines.sqlite import SqliteStore
from tallystick.kernel.store.keeping import Note, add_blocks
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.importer import import_file
from tallystick.kernel.store.unixfs.profile import Profile
from tallystick.kernel.store.unixfs.reader import read_file

__all__ = ["SMALL", "Place", "content"]

SMALL = Profile("small", 1, 256, 4, raw_leaves=True)


class Place:
    """A member's store in a folder, opened again at will."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.db"
        self.store = SqliteStore(self.path)
        self.blocks = open_blocks(self.store, self.path)

    def add(self, content: bytes, note: Note | None = None, profile: Profile = SMALL) -> Root:
        found = import_file(io.BytesIO(content), profile)
        return add_blocks(self.blocks, found, note or Note(profile=profile.name))

    def read(self, cid: IpfsCid) -> bytes:
        return b"".join(read_file(self.blocks.dag, cid))

    def objects(self) -> set[Cid]:
        return set(self.store.cids())

    def rows(self) -> int:
        found: int = self.blocks.database.value("SELECT count(*) FROM file_block")
        return found

    def close(self) -> None:
        self.blocks.database.close()
        self.store.close()


def content(size: int, seed: int = 1) -> bytes:
    return b"".join((n * seed).to_bytes(4, "big") for n in range(-(-size // 4)))[:size]
