"""CAR v1 archives of files and directories: written from blocks, read whole or not at all.

`varint | header {roots: [CID], version: 1}`, then sections `varint | CID | bytes`. The header is
canonical DAG-CBOR with 1 to 64 roots. We write each block once, a node before what it links, in the
order of the content, as gateways send them; identity CIDs hold their content and get no section.
An archive is opened when every section is in place, hashed, there once and needed: reached from
the roots by the links of dag-pb and dag-cbor blocks. The roots are there; unless the archive is
said to be a part, so is all that is linked. The ledger's own archives are `chain/car.py`'s.
Links are not kept: nodes are read a second time, to follow what they link.
Limits: blocks of 2 MiB, 2^20 of them; a link for 16 bytes of the archive, and 65,536 besides.
Memory: some 300 bytes a block, and one node with its links.
Source: IPLD CARv1 specification; trustless gateway specification, "CAR".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from tallystick.base.codec import item_head, sha256
from tallystick.base.errors import Invalid
from tallystick.kernel.store.unixfs.cid import RAW, IpfsCid, check_block, read_leading
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import BLOCK_BYTES_MAX, LINKS_MAX
from tallystick.kernel.store.unixfs.fault import (
    refuse_archive,
    refuse_cut,
    refuse_extra,
    refuse_joined,
    refuse_limit,
    refuse_missing,
    refuse_section_hash,
)
from tallystick.kernel.store.unixfs.links import each_link, links_of
from tallystick.kernel.store.unixfs.wire import VARINT_SIZE_MAX, read_varint, write_varint

__all__ = ["BLOCKS_MAX", "ROOTS_MAX", "Archive", "ReadAt", "open_archive", "write_archive"]

ROOTS_MAX: Final = 64
BLOCKS_MAX: Final = 2**20
LINK_BYTES: Final = 16
"""An archive has at most a link for so many of its bytes, and those of one block besides: a link
with a hash takes 38 or more, and one of a few bytes costs the same to follow."""
_CID_BYTES_MAX: Final = 256
_SECTION_BYTES_MAX: Final = _CID_BYTES_MAX + BLOCK_BYTES_MAX
_START: Final = b"\xa2\x65roots"
_END: Final = b"\x67version\x01"
_LINK: Final = b"\xd8\x2a"
ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Returns the bytes at a place of a file, as many as are asked for or there are: (at, size)."""


def write_archive(dag: Dag, roots: Sequence[IpfsCid]) -> Iterator[bytes]:
    """Yield an archive of all that is under the roots, a section at a time.

    Each block is hashed as it is taken; what is missing or damaged ends it, so write to a file that
    gets its name when all is there.
    """
    assert 0 < len(roots) <= ROOTS_MAX
    reading = dag.reading()
    head = _encode_header(roots)
    yield write_varint(len(head)) + head
    seen: set[bytes] = set()
    waiting = [*reversed(roots)]
    while waiting:
        cid = waiting.pop()
        if cid.raw in seen:
            continue
        seen.add(cid.raw)
        block = reading.block(cid)
        if cid.inline is None:
            yield write_varint(len(cid.raw) + len(block)) + cid.raw + block
        waiting += reversed(links_of(cid, block))


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that was found sound: its roots, and where each block stands."""

    roots: tuple[IpfsCid, ...]
    _read: ReadAt
    _places: dict[bytes, tuple[int, int]]

    def __len__(self) -> int:
        """Return how many blocks it holds."""
        return len(self._places)

    def __iter__(self) -> Iterator[IpfsCid]:
        """Yield the names of its blocks in the order they stand."""
        return map(IpfsCid, self._places)

    def __contains__(self, cid: IpfsCid) -> bool:
        """Tell whether it holds a block."""
        return cid.raw in self._places

    @property
    def stored(self) -> int:
        """Return the bytes of all its blocks."""
        return sum(size for _, size in self._places.values())

    def measure(self, cid: IpfsCid) -> int | None:
        """Return a block's bytes; None where it cannot be read."""
        inline, place = cid.inline, self._places.get(cid.raw)
        if inline is not None:
            return len(inline)
        return None if place is None else place[1]

    def has(self, cid: IpfsCid) -> bool:
        """Tell whether a block can be read: it is held, or stands in its own CID."""
        return cid.inline is not None or cid in self

    def get(self, cid: IpfsCid) -> bytes:
        """Return a block, hashed again; Invalid `car.missing` if it is not there."""
        place = self._places.get(cid.raw)
        if place is None:
            raise refuse_missing(cid)
        return check_block(cid, self._read(*place))


def open_archive(read: ReadAt, size: int, *, is_part: bool = False) -> Archive:
    """Return an archive, read from end to end, its nodes twice, and found sound.

    Args:
        read: reads the file.
        size: of the file, bytes.
        is_part: whether blocks may lack, as where a range of a file was asked for.

    Raises:
        Invalid: `car.form`, `car.cut`, `car.hash`, `car.extra`, `car.missing`, `unixfs.limit`, and
            what `IpfsCid` and `each_link` refuse.
        Corrupt: `unixfs.block`, the file changes as it is read.
    """
    sections = _sections(read, size)
    at, length = next(sections, (0, 0))
    roots = _decode_header(read(at, length))
    places: dict[bytes, tuple[int, int]] = {}
    for at, length in sections:
        head = read(at, min(length, _CID_BYTES_MAX))
        cid = _read_name(head, 0, partial(_refuse_section, at, length, head))
        end = len(cid.raw)
        if cid.raw in places:
            raise refuse_extra(cid, "stands twice")
        if len(places) == BLOCKS_MAX:
            raise refuse_limit("blocks of an archive", BLOCKS_MAX + 1, BLOCKS_MAX)
        _check(cid, read(at + end, length - end))
        places[cid.raw] = (at + end, length - end)
    found = Archive(roots, read, places)
    _check_reach(found, LINKS_MAX + size // LINK_BYTES, is_part=is_part)
    return found


def _read_name(data: bytes, at: int, refuse: Callable[[], Invalid]) -> IpfsCid:
    """Return the CID at a place; where none begins, the archive is at fault and no CID of a user's.

    One of a codec or hash function that is not read is refused as that.
    """
    try:
        return IpfsCid(data[at : read_leading(data, at)])
    except Invalid as error:
        if error.code != "unixfs.cid":
            raise
        raise refuse() from error


def _refuse_section(at: int, length: int, head: bytes) -> Invalid:
    """Return the error for a section whose content, at a place and of a length, begins so."""
    begin = at - len(write_varint(length))
    if head.startswith(_START):
        return refuse_joined(begin)
    return refuse_archive(f"the section at byte {begin} does not begin with a CID")


def _check(cid: IpfsCid, block: bytes) -> bytes:
    if len(block) > BLOCK_BYTES_MAX:
        raise refuse_limit("bytes of a block", len(block), BLOCK_BYTES_MAX)
    if (sha256(block) if cid.inline is None else block) != cid.digest:
        raise refuse_section_hash(cid)
    return block


def _check_reach(archive: Archive, links_max: int, *, is_part: bool) -> None:
    """Refuse an archive with blocks that nothing needs, or without one that is needed."""
    lacking = next((root for root in archive.roots if not archive.has(root)), None)
    if lacking is not None:
        raise refuse_missing(lacking)
    unmet, count = {cid.raw for cid in archive}, 0
    waiting: list[IpfsCid] = []
    links = _roots_first(archive.roots)
    while True:
        for link in links:
            count += 1
            if count > links_max:
                raise refuse_limit("links of an archive of its size", count, links_max)
            if link.raw in unmet:
                unmet.discard(link.raw)
                # What an identity CID links has come with it, and a raw block links nothing.
                if link.inline is None and link.codec != RAW:
                    waiting.append(link)
            elif not is_part and not archive.has(link):
                raise refuse_missing(link)
        if not waiting:
            break
        cid = waiting.pop()
        links = each_link(cid, archive.get(cid))
    extra = next((cid for cid in archive if cid.raw in unmet), None)
    if extra is not None:
        raise refuse_extra(extra, "is reached from no root")


def _roots_first(roots: Sequence[IpfsCid]) -> Iterator[IpfsCid]:
    """Yield the roots, and what those that are identity CIDs link."""
    for root in roots:
        yield root
        if root.inline is not None:
            yield from each_link(root, root.inline)


def _sections(read: ReadAt, size: int) -> Iterator[tuple[int, int]]:
    """Yield where each section's content begins, and its length."""
    at = 0
    while at < size:
        head = read(at, VARINT_SIZE_MAX)
        if not any(byte < 0x80 for byte in head) and len(head) < VARINT_SIZE_MAX:  # noqa: PLR2004
            raise refuse_cut(size)
        length, shift = read_varint(head, 0, refuse_archive)
        at += shift
        if not 0 < length <= _SECTION_BYTES_MAX:
            raise refuse_archive(f"a section of {length} bytes")
        if length > size - at:
            raise refuse_cut(size)
        yield at, length
        at += length


def _encode_header(roots: Sequence[IpfsCid]) -> bytes:
    items = [_LINK + item_head(2, len(cid.raw) + 1) + b"\0" + cid.raw for cid in roots]
    return b"".join((_START, item_head(4, len(roots)), *items, _END))


def _decode_header(header: bytes) -> tuple[IpfsCid, ...]:
    """Return the roots; the header must be the bytes that we would write."""
    at = len(_START) + 1
    count = header[at - 1] & 0x1F if len(header) >= at else 0
    if count == 24 and len(header) > at:  # noqa: PLR2004 - the count stands in the next byte
        count, at = header[at], at + 1
    roots = []
    for _ in range(min(count, ROOTS_MAX)):
        start = header.find(b"\0", at, at + 5) + 1
        if not start:
            raise refuse_archive("its header")
        roots.append(_read_name(header, start, partial(refuse_archive, "its header")))
        at = start + len(roots[-1].raw)
    if not roots or _encode_header(roots) != header:
        raise refuse_archive("its header")
    return tuple(roots)
