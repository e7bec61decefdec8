"""Blocks of one DAG, each hashed as it is taken, within limits on what may be read.

What a DAG costs to read is not told by its bytes: a few blocks linked many times over can stand for
more than any disk holds. So a reading has limits on blocks, bytes, entries and depth, and ends with
`unixfs.limit` where one is passed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from tallystick.kernel.store.unixfs.cid import DAG_PB, RAW, IpfsCid, check_block
from tallystick.kernel.store.unixfs.dagpb import BLOCK_BYTES_MAX, PbNode, decode_node
from tallystick.kernel.store.unixfs.fault import refuse_kind, refuse_limit
from tallystick.kernel.store.unixfs.node import Kind, UnixNode, read_unix

__all__ = ["Dag", "Get", "Limits", "Part", "Reading"]

Get: TypeAlias = Callable[[IpfsCid], bytes]
"""Returns the bytes kept under a CID, or raises its own NotFound; they are hashed here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may cost.

    Attributes:
        bytes_max: bytes of a file.
        blocks_max: blocks taken, one that is taken twice counted twice.
        entries_max: entries of a directory, or of a whole tree of them.
        depth_max: nodes of a file above one another; folders of a tree; names of a path.
    """

    bytes_max: int = 2**40
    blocks_max: int = 2**22
    entries_max: int = 2**20
    depth_max: int = 64


@dataclass(frozen=True, slots=True)
class Part:
    """A block as it was taken.

    Attributes:
        block: all its bytes.
        content: the bytes of a raw block, or those that a file's node holds itself.
        unix: what its Data says; None for a raw block.
        node: its links; without any for a raw block.
    """

    block: bytes
    content: bytes
    unix: UnixNode | None
    node: PbNode

    @property
    def is_file(self) -> bool:
        """Whether it is a file or a part of one."""
        return self.unix is None or self.unix.kind in {Kind.FILE, Kind.RAW}

    @property
    def size(self) -> int:
        """Bytes of the file under it."""
        return len(self.content) + (sum(self.unix.part_sizes) if self.unix else 0)

    @property
    def kind(self) -> str:
        """`file`, `directory` or `symlink`."""
        if self.is_file or self.unix is None:
            return "file"
        return "symlink" if self.unix.kind is Kind.SYMLINK else "directory"


@dataclass(frozen=True, slots=True)
class Dag:
    """Where blocks come from, and what a reading of them may cost."""

    get: Get
    limits: Limits = Limits()

    def reading(self) -> Reading:
        """Begin a reading, with nothing spent."""
        return Reading(self)


@dataclass(slots=True)
class Reading:
    """One reading: what it has spent."""

    dag: Dag
    blocks: int = field(default=0, init=False)
    entries: int = field(default=0, init=False)

    def block(self, cid: IpfsCid) -> bytes:
        """Return a block's bytes, hashed.

        Raises:
            Corrupt: `unixfs.block` if they are not what the CID names.
            Invalid: `unixfs.limit` over a limit.
        """
        self.blocks += 1
        if self.blocks > self.dag.limits.blocks_max:
            raise refuse_limit("blocks", self.blocks, self.dag.limits.blocks_max)
        inline = cid.inline
        found = self.dag.get(cid) if inline is None else inline
        if len(found) > BLOCK_BYTES_MAX:
            raise refuse_limit("bytes of a block", len(found), BLOCK_BYTES_MAX)
        return check_block(cid, found)

    def part(self, cid: IpfsCid) -> Part:
        """Return a block as what it is; Invalid `unixfs.kind` for dag-cbor, else as `block`."""
        if cid.codec not in {RAW, DAG_PB}:
            raise refuse_kind("dag-cbor block", "file or directory")
        block = self.block(cid)
        if cid.codec == RAW:
            return Part(block, block, None, PbNode())
        node = decode_node(block)
        unix = read_unix(node)
        is_file = unix.kind in {Kind.FILE, Kind.RAW}
        return Part(block, (unix.data or b"") if is_file else b"", unix, node)

    def count_entry(self) -> None:
        """Count an entry of a directory; Invalid `unixfs.limit` over the limit."""
        self.entries += 1
        if self.entries > self.dag.limits.entries_max:
            raise refuse_limit("entries", self.entries, self.dag.limits.entries_max)

    def check_depth(self, what: str, depth: int) -> None:
        """Refuse what is too deep: Invalid `unixfs.limit`."""
        if depth > self.dag.limits.depth_max:
            raise refuse_limit(f"depth of {what}", depth, self.dag.limits.depth_max)
