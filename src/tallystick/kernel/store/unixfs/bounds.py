"""What content stands for, reckoned from its blocks before any of them is kept.

A few blocks that are linked many times over can stand for more than any disk holds, and a name can
lead out of its folder; both are found out here, without writing the content out. Each block is read
once however often it is linked: what stands under it is a sum, and sums are added. Raw blocks are
not read, only measured.
Laws: names are those of `entry.py`; a part of a file has the size that its node says; a file, a
directory and a shard are what `reader.py` reads; what documents of dag-cbor link is looked at the
same way, each link as a root of its own. Where a block is absent, as in a part of an archive, what
is there is looked at, and the absent bears nothing.
Limits: `dag.Limits`, for each root as a whole; and `TIMES_MAX`: blocks that stand twice are what
honest sparse and repetitive files are made of, but not without end. Memory: a sum for each dag-pb
block, and the entries of the directories on the way down. What stands in an identity CID is looked
at where it stands and nothing is kept of it.
Source: docs/spec/unixfs.md, "Archives".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from tallystick.kernel.store.unixfs.cid import DAG_CBOR, DAG_PB, RAW, IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag, Part, Reading
from tallystick.kernel.store.unixfs.fault import refuse_limit, refuse_node
from tallystick.kernel.store.unixfs.links import direct_links
from tallystick.kernel.store.unixfs.reader import read_entries

__all__ = ["FREE_BYTES", "TIMES_MAX", "check_content"]

TIMES_MAX: Final = 1_024
"""How many times the bytes of its blocks the files of an archive may have together."""
FREE_BYTES: Final = 4 * 2**30
"""What they may have in any case: a sparse file of a few GiB is a block of zeros, linked often."""


class _Sum(NamedTuple):
    """What stands under a block.

    Attributes:
        is_file: whether it is a file or a part of one.
        size: bytes of the file, as its node says; of anything else 0.
        borne: bytes of all files under it that blocks bear, those of a block linked twice twice.
        blocks: blocks taken to read all of it, one that is taken twice counted twice.
        entries: of the whole tree.
        height: nodes of a file above one another, folders of a tree below this one.
    """

    is_file: bool
    size: int = 0
    borne: int = 0
    blocks: int = 1
    entries: int = 0
    height: int = 0


_ABSENT: Final = _Sum(is_file=True, blocks=0)


def check_content(
    dag: Dag, roots: Sequence[IpfsCid], measure: Callable[[IpfsCid], int | None], stored: int
) -> None:
    """Refuse content that could not be read here, or stands for far more than its blocks.

    Args:
        dag: where the blocks come from, each hashed.
        roots: of the content.
        measure: tells a block's bytes; None where it is not there.
        stored: bytes of all its blocks, each counted once.

    Raises:
        Invalid: `unixfs.name`, `unixfs.node`, `unixfs.limit`, `unixfs.kind`.
    """
    looking = _Looking(dag, measure)
    most, borne = max(stored * TIMES_MAX, FREE_BYTES), 0
    for cid in looking.tops(roots):
        borne += looking.look(cid).borne
        if borne > most:
            raise refuse_limit(f"bytes of the files of {stored} bytes of blocks", borne, most)


class _Looking:
    """One look at content: the sums of what was seen, and the documents still to be looked at."""

    def __init__(self, dag: Dag, measure: Callable[[IpfsCid], int | None]) -> None:
        self._dag = dag
        self._measure = measure
        self._sums: dict[bytes, _Sum] = {}
        self._documents: list[IpfsCid] = []
        self._depth = 0

    def tops(self, roots: Sequence[IpfsCid]) -> Iterator[IpfsCid]:
        """Yield the roots, and what documents under them link, each once, to be looked at.

        Documents themselves are followed alone: nothing writes them out as content, and an archive
        holds each once.
        """
        waiting, seen = list(reversed(roots)), {each.raw for each in roots}
        reading = self._dag.reading()
        while waiting or self._documents:
            cid = waiting.pop() if waiting else self._documents.pop()
            if cid.codec != DAG_CBOR:
                yield cid
            elif self._measure(cid) is not None:
                for each in _document_links(cid, reading.block(cid)):
                    if each.inline is not None:
                        yield each
                    elif each.raw not in seen and self._measure(each) is not None:
                        seen.add(each.raw)
                        waiting.append(each)

    def look(self, cid: IpfsCid) -> _Sum:
        """Return what stands under a block."""
        known = self._sums.get(cid.raw)
        if known is not None:
            return known
        size = self._measure(cid)
        if size is None:
            return _ABSENT
        if cid.codec == RAW:
            return _Sum(is_file=True, size=size, borne=size, height=1)
        inline = cid.inline
        if cid.codec == DAG_CBOR:
            # Noted as seen, so that it is followed once however often it stands in a directory.
            if inline is None or any(_document_links(cid, inline)):
                self._documents.append(cid)
            found = _Sum(is_file=False)
        else:
            found = self._look_into(cid)
        if inline is None:
            self._sums[cid.raw] = found
        return found

    def _look_into(self, cid: IpfsCid) -> _Sum:
        limits, reading = self._dag.limits, self._dag.reading()
        self._depth += 1
        # Files below folders: no content that is not refused has more nodes above one another.
        reading.check_depth("the content", self._depth // 2)
        part = reading.part(cid)
        if part.is_file:
            found = self._file(part)
            reading.check_depth("a file", found.height)
        elif part.kind == "directory":
            found = self._directory(reading, part)
            reading.check_depth("folders", found.height)
        else:
            found = _Sum(is_file=False)
        self._depth -= 1
        for what, counted, most in (
            ("bytes of a file", found.size, limits.bytes_max),
            ("entries", found.entries, limits.entries_max),
            ("blocks to be taken", found.blocks, limits.blocks_max),
        ):
            if counted > most:
                raise refuse_limit(what, counted, most)
        return found

    def _file(self, part: Part) -> _Sum:
        borne, blocks, height = len(part.content), 1, 0
        sizes = part.unix.part_sizes if part.unix else ()
        for link, size in zip(part.node.links, sizes, strict=True):
            found = self.look(link.cid)
            if found is not _ABSENT and (not found.is_file or found.size != size):
                raise refuse_node("a part of a file that is not what its node says")
            borne += found.borne
            blocks += found.blocks
            height = max(height, found.height)
        return _Sum(is_file=True, size=part.size, borne=borne, blocks=blocks, height=height + 1)

    def _directory(self, reading: Reading, part: Part) -> _Sum:
        borne = blocks = entries = height = 0
        for entry in read_entries(reading, part, lambda cid: self._measure(cid) is not None):
            found = self.look(entry.cid)
            borne += found.borne
            blocks += found.blocks
            entries += found.entries + 1
            height = max(height, 0 if found.is_file else found.height)
        return _Sum(
            is_file=False,
            borne=borne,
            blocks=blocks + reading.blocks,
            entries=entries,
            height=height + bool(entries),
        )


def _document_links(cid: IpfsCid, block: bytes) -> Iterator[IpfsCid]:
    """Yield what a document links and is to be looked at, also through documents in their CIDs.

    Raw bytes in a CID are left out: the block bears them itself.
    """
    for link in direct_links(cid, block):
        inline = link.inline
        if inline is None or link.codec == DAG_PB:
            yield link
        elif link.codec == DAG_CBOR:
            yield from _document_links(link, inline)
