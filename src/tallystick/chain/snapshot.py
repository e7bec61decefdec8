"""The state at one height as a file: written and verified in one pass, however long it is.

`m([header, writes_root, [peak], [[key, value]]])`: peaks are the roots of the log's perfect
subtrees, largest first; pairs ascend strictly by key. All of it follows from the header, which the
verifier knows to be witnessed: the peaks give `log_root`, the pairs' lanes and `writes_root` give
`state_root`, the pair `members` is the list that `members` names.
Laws: bytes have one reading, as everywhere; what is handed out before the last byte was read is
not proven yet. Limits: a key of 4 KiB, a value of 1 MiB, 2^53 - 1 pairs; memory of one pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import INTEGER_MAX, Cid, cid_of, item_head, refuse
from tallystick.chain import schema
from tallystick.chain.block import Genesis, Tip
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.log import perfect_parts
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY
from tallystick.chain.merkle import Peaks
from tallystick.chain.state import encode_pair, lanes_of_encoded, state_root
from tallystick.chain.verdict import Contradicted

__all__ = ["KEY_BYTES_MAX", "VALUE_BYTES_MAX", "Snapshot", "verify_snapshot", "write_snapshot"]

KEY_BYTES_MAX: Final = 4 * 1024
VALUE_BYTES_MAX: Final = schema.MEMBERS_BYTES_MAX
_HEADER_BYTES_MAX: Final = 4 * 1024
_CHUNK: Final = 64 * 1024
_BYTES, _LIST = 2, 4
_SHORT: Final = _BYTES << 5
_SPELLED: Final = 24
"""A head's low bits from here on say how many bytes of number follow."""

_PAIR: Final = _LIST << 5 | 2
_SHORT_PAIR_MAX: Final = 2 + 2 * (2 + 255)
"""Two byte strings of up to 255, and the head of what follows."""
_HEADS: Final = [[item_head(kind, number) for number in range(_SPELLED)] for kind in range(5)]

Pair = tuple[bytes, bytes]


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
    read: Callable[[int], bytes], cid: Cid, take: Callable[[bytes, bytes], None] | None = None
) -> Snapshot:
    """Return what a snapshot says, all of it shown to follow from a header.

    Args:
        read: returns at most so many bytes more of the file, b"" at its end.
        cid: of a header that the verifier knows to be witnessed.
        take: given every pair as it is read, before anything is proven; whoever keeps them throws
            them away if this raises.

    Raises:
        Invalid: `codec.form`, the file has not the form of one.
        Contradicted: `snapshot.header`, it is of another header; `snapshot.log`,
            `snapshot.state`, `snapshot.members`, a part does not follow from the header.
    """
    stream = _Stream(read)
    stream.expect(_LIST, 4)
    header = stream.octets(_HEADER_BYTES_MAX)
    if cid_of(header) != cid:
        raise _no("snapshot.header", "header")
    fields: dict[str, Any] = codec.decode(header, schema.HEADER)
    writes_root = stream.digest()
    peaks = _read_peaks(stream, fields["log_size"])
    if peaks.root() != fields["log_root"]:
        raise _no("snapshot.log", "log")
    found = _Pairs(stream, take)
    lanes = lanes_of_encoded(found)
    stream.end()
    if state_root(writes_root, lanes) != fields["state_root"]:
        raise _no("snapshot.state", "state")
    if found.members is None or cid_of(found.members) != fields["members"]:
        raise _no("snapshot.members", "members")
    members = Members.read(found.members)
    return Snapshot(header, fields, writes_root, lanes, peaks, members, found.count)


def _no(code: str, part: str) -> Contradicted:
    return Contradicted(
        code,
        f"the snapshot's {part} does not follow from the witnessed header",
        cure="Ask another member for a snapshot of this height.",
    )


def _read_peaks(stream: _Stream, size: int) -> Peaks:
    stream.expect(_LIST, len(perfect_parts(0, size)))
    return Peaks(size, tuple(stream.digest() for _ in range(size.bit_count())))


class _Pairs:
    """The pairs of a stream, once through, in strict order."""

    def __init__(self, stream: _Stream, take: Callable[[bytes, bytes], None] | None) -> None:
        self._stream = stream
        self._take = take
        self.count = stream.head(_LIST, INTEGER_MAX)
        self.members: bytes | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield each pair's own bytes."""
        read, take, last = self._stream.pair, self._take, b""
        for number in range(self.count):
            data, key, value = read()
            if number and key <= last:
                raise refuse("pair order")
            last = key
            if key == MEMBERS_KEY:
                self.members = value
            if take is not None:
                take(key, value)
            yield data


def _find_short(data: bytes, at: int) -> tuple[int, int]:
    """Return where a byte string of up to 255 begins and ends; (0, 0) if its head is another."""
    size = data[at] - _SHORT
    if 0 <= size < _SPELLED:
        return at + 1, at + 1 + size
    if size == _SPELLED and data[at + 1] >= _SPELLED:
        return at + 2, at + 2 + data[at + 1]
    return 0, 0


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

    def pair(self) -> tuple[bytes, bytes, bytes]:
        """Return a list of two byte strings as it stands there, and both."""
        data, at = self._buffer, self._at
        # Nearly every pair is short and in the buffer.
        if at + _SHORT_PAIR_MAX <= len(data) and data[at] == _PAIR:
            begin, middle = _find_short(data, at + 1)
            after, end = _find_short(data, middle)
            if begin and after:
                self._at = end
                return data[at:end], data[begin:middle], data[after:end]
        self.expect(_LIST, 2)
        key, value = self.octets(KEY_BYTES_MAX), self.octets(VALUE_BYTES_MAX)
        return encode_pair(key, value), key, value

    def digest(self) -> bytes:
        """Return a byte string of 32."""
        self.expect(_BYTES, DIGEST_SIZE)
        return self.take(DIGEST_SIZE)

    def end(self) -> None:
        """Refuse bytes behind the last item."""
        if self._at != len(self._buffer) or self._read(1):
            raise refuse("bytes behind")
