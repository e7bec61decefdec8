"""The state at one height as a file: written and verified in one pass, however long it is.

`m([header, writes_root, [peak], [[key, value]]])`: peaks are the roots of the log's perfect
subtrees, largest first; pairs ascend strictly by key. All of it follows from the header, which the
verifier knows to be witnessed: the peaks give `log_root`, the pairs' lanes and `writes_root` give
`state_root`, the pair `members` is the list that `members` names.
Laws: bytes have one reading, as everywhere; what is handed out before the last byte was read is
not proven yet. Limits: a key of 4 KiB, a value of 1 MiB, 2^53 - 1 pairs; memory of a part of 64 KiB
or of one pair.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tallystick import _native
from tallystick.base import codec
from tallystick.base.codec import INTEGER_MAX, Cid, cid_of, item_head, refuse
from tallystick.chain import schema
from tallystick.chain.block import Genesis, Tip
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.log import perfect_parts
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY
from tallystick.chain.merkle import Peaks
from tallystick.chain.state import EMPTY_LANES, add_encoded, encode_pair, state_root
from tallystick.chain.verdict import Contradicted

__all__ = [
    "KEY_BYTES_MAX",
    "VALUE_BYTES_MAX",
    "Pair",
    "Reader",
    "Snapshot",
    "verify_snapshot",
    "write_snapshot",
]

KEY_BYTES_MAX: Final = 4 * 1024
VALUE_BYTES_MAX: Final = schema.MEMBERS_BYTES_MAX
_HEADER_BYTES_MAX: Final = 4 * 1024
_CHUNK: Final = 64 * 1024
_BYTES, _LIST = 2, 4
_SPELLED: Final = 24
"""A head's low bits from here on say how many bytes of number follow."""

_TOGETHER: Final = 4_096
"""Pairs that are handed out at most, where a chunk holds so many."""
_HEADS: Final = [[item_head(kind, number) for number in range(_SPELLED)] for kind in range(5)]

Pair: TypeAlias = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a verified file says.

    Attributes:
        header: the header's bytes.
        fields: its fields.
        writes_root: the root over what its block changed.
        lanes: of all pairs, 2,048 bytes.
        peaks: the log.
        members: the list in force at the next height.
        count: how many pairs there are.
    """

    header: bytes
    fields: dict[str, Any]
    writes_root: bytes
    lanes: bytes
    peaks: Peaks
    members: Members
    count: int

    def tip(self, genesis: Genesis) -> Tip:
        """Return where the chain of `genesis` stands after the snapshot's height."""
        return Tip(
            genesis=genesis,
            height=self.fields["height"],
            cid=cid_of(self.header),
            time=self.fields["time"],
            lanes=self.lanes,
            peaks=self.peaks,
            members=self.members,
        )


def write_snapshot(
    *, header: bytes, writes_root: bytes, peaks: Peaks, count: int, pairs: Iterable[Pair]
) -> Iterator[bytes]:
    """Yield the bytes of a snapshot in parts of some 64 KiB.

    Args:
        header: of the height.
        writes_root: the root over what that height's block changed, 32 bytes.
        peaks: the log at that height.
        count: how many pairs follow.
        pairs: (key, value), ascending.
    """
    parts = [b"\x84", _item(header), _item(writes_root), item_head(_LIST, len(peaks.hashes))]
    parts += [*map(_item, peaks.hashes), item_head(_LIST, count)]
    size, told = 0, 0
    for key, value in pairs:
        parts.append(encode_pair(key, value))
        size += len(parts[-1])
        told += 1
        if size >= _CHUNK:
            yield b"".join(parts)
            parts, size = [], 0
    assert told == count
    yield b"".join(parts)


def _item(data: bytes) -> bytes:
    return item_head(_BYTES, len(data)) + data


def verify_snapshot(
    read: Callable[[int], bytes],
    cid: Cid,
    take: Callable[[Sequence[Pair]], object] = lambda _: None,
) -> Snapshot:
    """Return what a snapshot says, all of it shown to follow from a header.

    Args:
        read: returns at most so many bytes more of the file, b"" at its end.
        cid: of a header that the verifier knows to be witnessed.
        take: given all pairs as they are read, many at a time, before anything is proven; whoever
            keeps them throws them away if this raises.

    Raises:
        Invalid: `codec.form`, the file has not the form of one.
        Contradicted: `snapshot.header`, it is of another header; `snapshot.log`,
            `snapshot.state`, `snapshot.members`, a part does not follow from the header.
    """
    reader = Reader(read, cid)
    for encoded, pairs in reader.batches():
        reader.add(encoded)
        take(pairs)
    return reader.end()


class Reader:
    """A snapshot on its way, for who does something else while its pairs are hashed.

    Each batch that comes is given back to `add`, in order, before `end`.

    Args:
        read: returns at most so many bytes more of the file, b"" at its end.
        cid: of a header that the verifier knows to be witnessed.

    Raises:
        Invalid, Contradicted: as `verify_snapshot`, from each of its calls.
    """

    def __init__(self, read: Callable[[int], bytes], cid: Cid) -> None:
        self._stream = stream = _Stream(read)
        stream.expect(_LIST, 4)
        self._header = stream.octets(_HEADER_BYTES_MAX)
        if cid_of(self._header) != cid:
            raise _no("snapshot.header", "header")
        self._fields: dict[str, Any] = codec.decode(self._header, schema.HEADER)
        self._writes_root = stream.digest()
        self._peaks = _read_peaks(stream, self._fields["log_size"])
        if self._peaks.root() != self._fields["log_root"]:
            raise _no("snapshot.log", "log")
        self._count = stream.head(_LIST, INTEGER_MAX)
        self._lanes = EMPTY_LANES
        self._members: bytes | None = None

    def batches(self) -> Iterator[tuple[list[bytes], list[Pair]]]:
        """Yield all pairs in their order, many at a time: as they stand there, and split; once."""
        left, last = self._count, None
        while left:
            encoded, keys, values = self._stream.pairs(min(left, _TOGETHER))
            ordered = all(map(operator.lt, keys, keys[1:]))
            if not ordered or (last is not None and keys[0] <= last):
                raise refuse("pair order")
            left, last = left - len(keys), keys[-1]
            if keys[0] <= MEMBERS_KEY <= last:
                self._members = dict(zip(keys, values, strict=True)).get(MEMBERS_KEY)
            yield encoded, list(zip(keys, values, strict=True))

    def add(self, encoded: Sequence[bytes]) -> None:
        """Hash a batch; other threads run meanwhile where the sums were compiled."""
        self._lanes = add_encoded(self._lanes, encoded)

    def end(self) -> Snapshot:
        """Return what it says, once all pairs were read."""
        self._stream.end()
        fields = self._fields
        if state_root(self._writes_root, self._lanes) != fields["state_root"]:
            raise _no("snapshot.state", "state")
        if self._members is None or cid_of(self._members) != fields["members"]:
            raise _no("snapshot.members", "members")
        members = Members.read(self._members)
        return Snapshot(
            self._header,
            fields,
            self._writes_root,
            self._lanes,
            self._peaks,
            members,
            self._count,
        )


def _no(code: str, part: str) -> Contradicted:
    return Contradicted(
        code,
        f"the snapshot's {part} does not follow from the witnessed header",
        cure="Ask another member for a snapshot of this height.",
    )


def _read_peaks(stream: _Stream, size: int) -> Peaks:
    stream.expect(_LIST, len(perfect_parts(0, size)))
    return Peaks(size, tuple(stream.digest() for _ in range(size.bit_count())))


class _Stream:
    """Items of canonical CBOR, read one after another."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self._at + size
        if end > len(self._buffer):
            self._fill(size)
            end = size
        found = self._buffer[self._at : end]
        self._at = end
        return found

    def _fill(self, size: int) -> None:
        parts = [self._buffer[self._at :]]
        held = len(parts[0])
        while held < size:
            part = self._read(max(_CHUNK, size - held))
            if not part:
                raise refuse("snapshot end")
            parts.append(part)
            held += len(part)
        self._buffer, self._at = b"".join(parts), 0

    def head(self, kind: int, most: int) -> int:
        """Return the number of an item's head of that kind, in its one form."""
        first = self.take(1)[0]
        number = first & 31
        if number >= _SPELLED:
            if number > _SPELLED + 3:
                raise refuse("head")
            spelled = self.take(1 << number - _SPELLED)
            number = int.from_bytes(spelled, "big")
            if item_head(first >> 5, number) != bytes((first,)) + spelled:
                raise refuse("head")
        if first >> 5 != kind or number > most:
            raise refuse("head")
        return number

    def expect(self, kind: int, number: int) -> None:
        """Refuse another head than this."""
        if number < _SPELLED and self._buffer[self._at : self._at + 1] == _HEADS[kind][number]:
            self._at += 1
        elif self.head(kind, number) != number:
            raise refuse("head")

    def octets(self, most: int) -> bytes:
        """Return a byte string of at most that length."""
        return self.take(self.head(_BYTES, most))

    def pairs(self, most: int) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Return at most so many lists of two byte strings as they stand there, and their parts.

        There is one at least.
        """
        if _native.is_lanes_built():
            self._at, *found = _native.lanes.split_pairs(
                self._buffer, self._at, most, KEY_BYTES_MAX, VALUE_BYTES_MAX
            )
            if found[0]:
                return found[0], found[1], found[2]
            # The next is not whole in the buffer, or of no such form.
            most = 1
        encoded, keys, values = list[bytes](), list[bytes](), list[bytes]()
        size = 0
        while len(keys) < most and size < _CHUNK:
            self.expect(_LIST, 2)
            keys.append(self.octets(KEY_BYTES_MAX))
            values.append(self.octets(VALUE_BYTES_MAX))
            encoded.append(encode_pair(keys[-1], values[-1]))
            size += len(encoded[-1])
        return encoded, keys, values

    def digest(self) -> bytes:
        """Return a byte string of 32."""
        self.expect(_BYTES, DIGEST_SIZE)
        return self.take(DIGEST_SIZE)

    def end(self) -> None:
        """Refuse bytes behind the last item."""
        if self._at != len(self._buffer) or self._read(1):
            raise refuse("bytes behind")
