"""Whole files and directories to an IPFS node and from it, as archives, never block by block.

Laws: only what is public goes to a node, since a node gives it to whoever names it; what went is
pinned there, and told to have gone once the node has counted its blocks and pinned them all. What
comes is asked for by one pin, which has the node fetch it from others, and taken as one archive, of
which every block is hashed and none may lack, before anything of it is kept here; the pin is
taken back, unless it was there before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from typing import Final

from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.kernel.store.blocks import Blocks, Root, Usage, absent_root, over_quota
from tallystick.kernel.store.engines.kubo import Kubo, wrong_answer
from tallystick.kernel.store.keeping import Note, Progress, import_archive
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import RAW, IpfsCid, name_block

__all__ = ["pull_root", "push_root"]

_ARCHIVE_MAX: Final = 2**41
_ARCHIVE_MORE: Final = 2**20
"""Bytes that an archive may have beyond its blocks: names and lengths, with room."""
_EMPTY: Final = name_block(b"", RAW)
"""An empty file's leaf. Nodes on boxo 0.39 deny having it (bitswap takes a size of 0 for none), and
one that asks others for it waits in vain: so it is given to the node before that has to ask."""


def push_root(blocks: Blocks, node: Kubo, cid: IpfsCid, told: Progress | None = None) -> int:
    """Give a public root to a node and have it pinned there; return how many blocks it has.

    Args:
        blocks: the member's files.
        node: the node.
        cid: the root, or a part of one.
        told: told how many bytes went.

    Raises:
        NotFound: `store.no_root`; Denied: `ipfs.private`; what `Kubo` raises.
        Corrupt: a block is damaged here; the node pins nothing.
    """
    if cid.inline is None and blocks.state(cid.digest) is None:
        raise absent_root(cid)
    if cid.inline is None and not blocks.is_public(cid):
        raise Denied(
            "ipfs.private",
            f"{cid} is not public, and a node gives it to whoever names it",
            cure="Publish it first: tally store pin --public.",
            cid=str(cid),
        )
    sent = _Counted(write_archive(blocks.public_dag, [cid]), told)
    taken = node.import_archive(sent)
    # The first piece of an archive is its header.
    if taken != sent.pieces - 1:
        raise wrong_answer(f"dag/import took {taken} blocks of {sent.pieces - 1}")
    node.pin([cid], is_deep=True)
    return taken


def pull_root(
    blocks: Blocks, node: Kubo, cid: IpfsCid, note: Note, told: Progress | None = None
) -> Root:
    """Keep a root that a node has, or can fetch from others, pinned here.

    Args:
        blocks: the member's files.
        node: the node.
        cid: the root.
        note: what to note of it.
        told: told how many bytes of blocks have come.

    Raises:
        Unavailable: `ipfs.slow`, the node did not get all of it in time; `store.quota`;
            `ipfs.room`, the archive has no room here.
        Invalid, Corrupt: as `open_archive`, or `ipfs.answer`; nothing of it is kept.
    """
    usage = blocks.usage()
    was_pinned = node.is_pinned(cid)
    node.put_blocks([b""], [_EMPTY])
    node.pin([cid], is_deep=True)
    try:
        # Without a buffer: what a full disk did not take is not written again at the end.
        with tempfile.TemporaryFile(buffering=0) as file:
            with node.export_archive(cid, most=_ARCHIVE_MAX) as pieces:
                size = _write(file, pieces, usage)

            def read(at: int, length: int) -> bytes:
                file.seek(at)
                return file.read(length)

            archive = open_archive(read, size)
            if archive.roots != (cid,):
                raise wrong_answer("dag/export gave an archive of another root")
            return import_archive(blocks, archive, note, told)[0]
    finally:
        if not was_pinned:
            with suppress(Error):
                node.unpin([cid])


def _write(file: FileIO, pieces: Iterable[bytes], usage: Usage) -> int:
    """Write an archive down as it comes, as far as the quota goes; return its size."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if usage.used + size > usage.quota + _ARCHIVE_MORE:
            raise over_quota(usage.used + size, usage.quota)
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as error:
            raise Unavailable(
                "ipfs.room",
                f"{size} bytes of an archive cannot be written down: {error.strerror}",
                cure="Free room for temporary files, then repeat the command.",
            ) from error
    return size


class _Counted:
    """Pieces that go out, counted."""

    def __init__(self, pieces: Iterable[bytes], told: Progress | None) -> None:
        self._pieces = pieces
        self._told = told
        self.pieces = 0
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.pieces += 1
            self.bytes += len(piece)
            if self._told:
                self._told(self.bytes)
            yield piece
