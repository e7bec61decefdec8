"""CAR v1 archives, read strictly: one root, every block hashed, reachable, once.

`varint | header {roots: [CID], version: 1}`, then blocks `varint | CID | bytes`. Varints are
minimal and of at most 9 bytes; CIDs are the two forms of the codec. The order of blocks is free.
What is reachable follows the links of dag-cbor blocks from the root; a link to a block that is not
there is no fault here: who reads the structure says what it needs.
`read_car` holds a small archive whole; `CarIndex` reads one of any size from where it lies, a block
at a time, and remembers only where each stands.
Source: IPLD CARv1 specification; multiformats unsigned-varint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from tallystick.base import codec
from tallystick.base.codec import CID_SIZE, DAG_CBOR, Cid, cid_of, refuse

__all__ = [
    "CAR_BYTES_MAX",
    "Car",
    "CarIndex",
    "ReadAt",
    "read_car",
    "write_car",
    "write_head",
    "write_section",
]

CAR_BYTES_MAX: Final = 64_000_000
SECTION_BYTES_MAX: Final = CID_SIZE + 4_000_000
_SIZE_BITS: Final = 24
ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Returns the bytes at a place of a file, as many as are asked for or there are: (at, size)."""
_VARINT_SIZE_MAX: Final = 9
_HEADER: Final = codec.shape({"roots": codec.list_of(codec.cid, 1, 1), "version": codec.choice(1)})


@dataclass(frozen=True, slots=True)
class Car:
    """An archive: the root's CID and all blocks by CID, the root's among them."""

    root: Cid
    blocks: Mapping[Cid, bytes]


def write_car(root: Cid, blocks: Iterable[bytes], raw: Iterable[bytes] = ()) -> bytes:
    """Return the bytes of an archive.

    Args:
        root: the CID of one of the dag-cbor blocks.
        blocks: dag-cbor blocks in the order they shall stand; one given twice is written once.
        raw: raw blocks, which follow.
    """
    found = {cid_of(block): block for block in blocks}
    assert root in found
    found.update({cid_of(block, codec.RAW): block for block in raw})
    parts = [write_head(root)]
    parts += [write_section(cid, block) for cid, block in found.items()]
    return b"".join(parts)


def write_head(root: Cid) -> bytes:
    """Return how an archive begins, before its sections."""
    header = codec.encode({"roots": [root], "version": 1})
    return _write_varint(len(header)) + header


def write_section(cid: Cid, block: bytes) -> bytes:
    """Return a block as it stands in an archive."""
    return _write_varint(CID_SIZE + len(block)) + cid.raw + block


def read_car(data: bytes, size_max: int = CAR_BYTES_MAX) -> Car:
    """Return the archive of `data`; Invalid `codec.form` for any fault.

    Args:
        data: the file.
        size_max: the longest file to read, bytes.
    """
    if len(data) > size_max:
        raise refuse("car size")
    sections = _sections(data)
    roots = codec.decode(next(sections, b""), _HEADER)["roots"]
    blocks: dict[Cid, bytes] = {}
    for section in sections:
        cid = Cid(section[:CID_SIZE])
        block = section[CID_SIZE:]
        if cid in blocks:
            raise refuse("block twice")
        if cid_of(block, cid.codec) != cid:
            raise refuse("block hash")
        blocks[cid] = block
    found = Car(roots[0], blocks)
    _check_reachable(found)
    return found


class CarIndex:
    """An archive read from where it lies: where each block stands, 200 bytes a block.

    A block is hashed when it is read, each time, so an unread one is not yet known to be sound.

    Args:
        read: reads the file.
        size: of the file, bytes.

    Raises:
        Invalid: `codec.form`, for a fault of the sections, a block twice, or more roots than one.
    """

    def __init__(self, read: ReadAt, size: int) -> None:
        self._read = read
        self._places: dict[bytes, int] = {}
        sections = _places(read, size)
        at, length = next(sections, (0, 0))
        self.root: Cid = codec.decode(read(at, length), _HEADER)["roots"][0]
        for at, length in sections:
            cid = Cid(read(at, CID_SIZE)).raw
            if cid in self._places:
                raise refuse("block twice")
            self._places[cid] = at << _SIZE_BITS | length
        if self.root.codec != DAG_CBOR or self.root not in self:
            raise refuse("root")

    def __contains__(self, cid: Cid) -> bool:
        """Tell whether the archive holds a block that was not taken yet."""
        return cid.raw in self._places

    def __len__(self) -> int:
        """Return how many blocks were not taken yet."""
        return len(self._places)

    def block(self, cid: Cid) -> bytes:
        """Return a block; Invalid `codec.form` if it is not there or has another hash."""
        place = self._places.get(cid.raw)
        if place is None:
            raise refuse("block missing")
        length = place & (1 << _SIZE_BITS) - 1
        found = self._read((place >> _SIZE_BITS) + CID_SIZE, length - CID_SIZE)
        if cid_of(found, cid.codec) != cid:
            raise refuse("block hash")
        return found

    def take(self, cid: Cid) -> bytes:
        """Return a block, and forget where it stands."""
        found = self.block(cid)
        del self._places[cid.raw]
        return found


def _places(read: ReadAt, size: int) -> Iterator[tuple[int, int]]:
    """Yield where each section's content begins, and its length."""
    at = 0
    while at < size:
        length, shift = _read_varint(read(at, _VARINT_SIZE_MAX), 0)
        at += shift
        if not 0 < length <= min(size - at, SECTION_BYTES_MAX):
            raise refuse("car section")
        yield at, length
        at += length


def _check_reachable(car: Car) -> None:
    if car.root.codec != DAG_CBOR or car.root not in car.blocks:
        raise refuse("root")
    seen, waiting = {car.root}, [car.root]
    while waiting:
        cid = waiting.pop()
        if cid.codec == DAG_CBOR:
            fresh = {link for link in _links(car.blocks[cid]) if link in car.blocks} - seen
            seen |= fresh
            waiting += fresh
    if len(seen) != len(car.blocks):
        raise refuse("unreachable block")


def _links(block: bytes) -> Iterator[Cid]:
    """Yield every link of a dag-cbor block."""
    waiting = [codec.decode(block, codec.value)]
    while waiting:
        found = waiting.pop()
        if type(found) is Cid:
            yield found
        elif type(found) is list:
            waiting += found
        elif type(found) is dict:
            waiting += found.values()


def _sections(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size, at = _read_varint(data, at)
        if not 0 < size <= len(data) - at:
            raise refuse("car section")
        yield data[at : at + size]
        at += size


def _write_varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` and where it ends."""
    for size in range(1, _VARINT_SIZE_MAX + 1):
        last = data[at + size - 1 : at + size]
        if not last:
            break
        if last[0] < 0x80:  # noqa: PLR2004 - the last byte has no continuation bit
            number = sum((data[at + i] & 0x7F) << 7 * i for i in range(size))
            if _write_varint(number) != data[at : at + size]:
                break
            return number, at + size
    raise refuse("varint")
