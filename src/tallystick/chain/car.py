"""CAR v1 archives, read strictly: one root, every block hashed, reachable, once.

`varint | header {roots: [CID], version: 1}`, then blocks `varint | CID | bytes`. Varints are
minimal and of at most 9 bytes; CIDs are the two forms of the codec. The order of blocks is free.
What is reachable follows the links of dag-cbor blocks from the root; a link to a block that is not
there is no fault here: who reads the structure says what it needs.
Source: IPLD CARv1 specification; multiformats unsigned-varint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import CID_SIZE, DAG_CBOR, Cid, cid_of, refuse

__all__ = ["CAR_BYTES_MAX", "Car", "read_car", "write_car"]

CAR_BYTES_MAX: Final = 64_000_000
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
    header = codec.encode({"roots": [root], "version": 1})
    parts = [_write_varint(len(header)), header]
    for cid, block in found.items():
        parts += [_write_varint(CID_SIZE + len(block)), cid.raw, block]
    return b"".join(parts)


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
